"""Pictures asked for: quotes, jobs with their progress, finished pictures, and the cluster that draws them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self, cast
from uuid import UUID

import strawberry

from domain import generation, reasons, resources
from domain.generation import JobStatus
from domain.kernel.ids import ImageId, JobId, ResourceId, Subject
from domain.kernel.paging import Page
from domain.kernel.scope import Scope
from domain.kernel.wire import ClusterUnavailable
from schema.context import Heard
from schema.feed import FeedEvent
from schema.findings import Finding, findings_of
from schema.likeness import RegisteredPerson
from schema.node import Node, global_id, loadable
from schema.paging import PageInfo, edges, page_info
from schema.reasons import StatementOfReasons
from schema.resources import Resource
from schema.scalars import Credits, Cursor, Sha256
from schema.wanted import Wanted

strawberry.enum(
    JobStatus,
    description="QUEUED → VALIDATING → RUNNING → SUCCEEDED | FAILED | CANCELLED; "
    "REFUSED by validation or by the check of the picture.",
)


@strawberry.type(description="What a request would cost and how long it may take.")
class GenerationQuote:
    """What a request would cost."""

    cost: Credits
    queue_length: int
    estimated_seconds: float | None = strawberry.field(description="Null while nothing was drawn lately.")

    @classmethod
    def of(cls, quote: generation.Quote) -> Self:
        """Say a quote."""
        return cls(cost=Credits(quote.cost), queue_length=quote.queue_length, estimated_seconds=quote.estimated_seconds)


@loadable
@strawberry.type(description="A finished picture.")
class GenerationImage(Node):
    """A finished picture."""

    PREFIX: ClassVar[str] = "image"

    url: str = strawberry.field(description="Expires, and works for the account that asked for it alone.")
    width: int
    height: int
    seed: float
    mature: bool
    sha256: Sha256 = strawberry.field(description="Hex sha256 of the file.")

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[generation.Picture], wanted: Wanted) -> list[Self]:
        """Say pictures; URLs are signed only where they are selected."""
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                url=await generation.picture_url(scope, value) if "url" in wanted else "",
                width=value.width,
                height=value.height,
                seed=float(value.seed),
                mature=value.mature,
                sha256=Sha256(value.sha256),
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load pictures that the scope may see."""
        found = await generation.pictures_by_ids(scope, [ImageId(each) for each in ids])
        return dict(zip(found, await cls.of_many(scope, list(found.values()), wanted), strict=True))


@strawberry.type(description="How far the drawing is; steps and pictures count from 1.")
class GenerationProgress:
    """How far the drawing is."""

    step: int
    steps: int
    image: int
    quantity: int
    preview: str | None = strawberry.field(
        description="Small data URL of the picture so far; null on most steps.", default=None
    )


@loadable
@strawberry.type(description="One request for pictures. Its owner and moderators see it.")
class GenerationJob(Node):
    """One request for pictures."""

    PREFIX: ClassVar[str] = "job"

    status: JobStatus
    checkpoint: Resource
    prompt: str
    queue_position: int | None = strawberry.field(description="Its place in the queue, from 1; null unless QUEUED.")
    progress: GenerationProgress | None = strawberry.field(
        description="The newest step; in an event of `generationProgress`, that event's own."
    )
    images: list[GenerationImage] = strawberry.field(
        description="The finished pictures, once the job has ended; of a cancelled job, those finished before."
    )
    refusal: list[Finding] | None = strawberry.field(
        description="Which resource or words stopped it, and under which rule; null unless REFUSED."
    )
    withheld: list[Finding] | None = strawberry.field(
        description="What stands against the words of pictures that were delivered, since the registry changed: they "
        "are not given out while it does. Null where nothing does."
    )
    statement_of_reasons: StatementOfReasons | None = strawberry.field(
        description="Why its pictures are withheld; null where they are not."
    )
    charged: Credits = strawberry.field(
        description="Nothing is charged for a job that is refused, cancelled before it ran, or failed. "
        "One that is cancelled while it runs pays for the pictures that it finished."
    )
    error: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[generation.Job], wanted: Wanted) -> list[Self]:
        """Say jobs with what is selected below them, in a number of statements that does not grow."""
        ids = [value.id for value in values]
        places = await generation.queue_positions(ids) if "queuePosition" in wanted else {}
        images = await _images(scope, ids, wanted["images"]) if "images" in wanted else {}
        checkpoints = await _checkpoints(scope, values, wanted["checkpoint"]) if "checkpoint" in wanted else {}
        persons = await _persons(scope, values, wanted)
        statements = await _statements(scope, ids, wanted)
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                status=value.status,
                checkpoint=cast("Resource", checkpoints.get(value.checkpoint_id)),  # only missing when not selected
                prompt=value.prompt,
                queue_position=places.get(value.id),
                progress=_progress(value.progress),
                images=images.get(value.id, []),
                refusal=None if value.refusal is None else findings_of(value.refusal, persons),
                withheld=None if value.withheld is None else findings_of(value.withheld, persons),
                statement_of_reasons=statements.get(Subject("job", value.id)),
                charged=Credits(value.charged),
                error=value.error,
                created_at=value.created_at,
                finished_at=value.finished_at,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load jobs that the scope may see."""
        found = await generation.jobs_by_ids(scope, [JobId(each) for each in ids])
        return dict(zip(found, await cls.of_many(scope, list(found.values()), wanted), strict=True))

    @classmethod
    async def one(cls, scope: Scope, job_id: JobId, wanted: Wanted) -> Self | None:
        """Load one job, or None when the scope may not see it."""
        return (await cls.by_ids(scope, [job_id], wanted)).get(job_id)


async def _images(scope: Scope, ids: Sequence[JobId], wanted: Wanted) -> dict[JobId, list[GenerationImage]]:
    """Load the pictures of all jobs at once."""
    found = await generation.pictures_of(scope, ids)
    return {job_id: await GenerationImage.of_many(scope, pictures, wanted) for job_id, pictures in found.items()}


async def _checkpoints(scope: Scope, values: Sequence[generation.Job], wanted: Wanted) -> dict[ResourceId, Resource]:
    """Load the checkpoints of all jobs at once, also such as were taken away since: a job says what drew it."""
    ids = list({value.checkpoint_id for value in values})
    found = await resources.resources_by_ids(Scope.of_system(scope.ports), ids)
    return dict(zip(found, await Resource.of_many(scope, list(found.values()), wanted), strict=True))


async def _persons(scope: Scope, values: Sequence[generation.Job], wanted: Wanted) -> dict[UUID, RegisteredPerson]:
    """Load the persons whom the selected findings are about; moderators alone get any."""
    selected = next((place for place in (wanted["refusal"], wanted["withheld"]) if "person" in place), None)
    findings = (finding for value in values for finding in (*(value.refusal or ()), *(value.withheld or ())))
    ids = {finding.person_id for finding in findings if finding.person_id}
    return await RegisteredPerson.by_ids(scope, list(ids), selected["person"]) if ids and selected else {}


async def _statements(scope: Scope, ids: Sequence[JobId], wanted: Wanted) -> Mapping[Subject, StatementOfReasons]:
    """Load the statements of reasons of all jobs at once."""
    if "statementOfReasons" not in wanted:
        return {}
    found = await reasons.statements_by_subject(scope, [Subject("job", each) for each in ids])
    said = await StatementOfReasons.of_many(scope, list(found.values()), wanted["statementOfReasons"])
    return dict(zip(found, said, strict=True))


def _progress(value: "generation.Progress | generation.GenerationStepped | None") -> GenerationProgress | None:
    if value is None:
        return None
    return GenerationProgress(
        step=value.step, steps=value.steps, image=value.image, quantity=value.quantity, preview=value.preview
    )


@strawberry.type(description="A job and its place in the list.")
class GenerationJobEdge:
    """A job in a list."""

    node: GenerationJob
    cursor: Cursor


@strawberry.type(description="A page of jobs, newest first.")
class GenerationJobConnection:
    """A page of jobs."""

    edges: list[GenerationJobEdge]
    page_info: PageInfo

    @classmethod
    async def of(cls, scope: Scope, page: Page[generation.Job], wanted: Wanted) -> Self:
        """Say a page."""
        nodes = await GenerationJob.of_many(scope, page.items, wanted["edges"]["node"])
        return cls(edges=edges(GenerationJobEdge, page, nodes), page_info=page_info(page))


@strawberry.type(description="What the cluster looks like now; zeros while none answers.")
class ClusterStatus:
    """What the cluster looks like now."""

    nodes: int
    artists: int
    validators: int
    queued: int = strawberry.field(description="Jobs that wait.")
    running: int = strawberry.field(description="Jobs that are being validated or drawn.")
    registry_version: int = strawberry.field(description="The registry version that every actor holds at least.")

    @classmethod
    async def now(cls, scope: Scope) -> Self:
        """Ask the cluster and the queue."""
        queue = await generation.queue_state()
        try:
            state = await scope.ports.cluster.status()
        except ClusterUnavailable:
            return cls(nodes=0, artists=0, validators=0, queued=queue.queued, running=queue.running, registry_version=0)
        return cls(
            nodes=state.nodes,
            artists=state.artists,
            validators=state.validators,
            queued=queue.queued,
            running=queue.running,
            registry_version=min(state.registry_versions.values(), default=0),
        )


@strawberry.type(description="A job has changed: a state, or a step of the drawing.")
class GenerationEvent(FeedEvent):
    """A job has changed."""

    job: GenerationJob | None

    @classmethod
    async def of(cls, heard: Heard, job_id: JobId, wanted: Wanted) -> Self | None:
        """Say an event, the job read by the authority of this moment; None when it may not be seen any more."""
        if heard.resync:
            return cls(cursor=Cursor(heard.cursor), at=heard.at, resync=True, job=None)
        job = await GenerationJob.one(heard.scope, job_id, wanted["job"])
        if job is None:
            return None
        if isinstance(heard.fact, generation.GenerationStepped):
            job.progress = _progress(heard.fact)
        return cls(cursor=Cursor(heard.cursor), at=heard.at, resync=False, job=job)
