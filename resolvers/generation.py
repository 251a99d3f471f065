"""Generation: quotes, requests, cancelling, and a job's live progress."""

from collections.abc import AsyncGenerator

import strawberry

from domain import generation
from domain.kernel.ids import JobId
from domain.kernel.paging import ask
from domain.kernel.refusals import NotFound
from schema.context import Info
from schema.generation import (
    ClusterStatus,
    GenerationEvent,
    GenerationJob,
    GenerationJobConnection,
    GenerationQuote,
)
from schema.generation_deeds import (
    GenerationCancelResult,
    GenerationCancelSuccess,
    GenerationInput,
    GenerationQuoteResult,
    GenerationQuoteSuccess,
    GenerationRequestResult,
    GenerationRequestSuccess,
)
from schema.node import id_of
from schema.scalars import Cursor
from schema.wanted import Wanted


async def _job(info: Info, job_id: JobId, wanted: Wanted) -> GenerationJob:
    """Load the job that a deed was about. Raises NotFound."""
    job = await GenerationJob.one(info.context.scope, job_id, wanted)
    if job is None:
        raise NotFound("There is no such job, or you may not see it.")
    return job


@strawberry.type
class GenerationQuery:
    """Jobs, and the cluster that draws them."""

    @strawberry.field(description="One of your jobs; null when there is no such job or you may not see it.")
    async def generation_job(self, info: Info, id: strawberry.ID) -> GenerationJob | None:  # noqa: A002  # the contract's argument
        """Load a job."""
        try:
            return await _job(info, JobId(id_of(id, GenerationJob)), Wanted.of(info))
        except NotFound:
            return None

    @strawberry.field(description="Your jobs, newest first; null when nobody is signed in.")
    async def my_generation_jobs(
        self, info: Info, first: int = 20, after: Cursor | None = strawberry.UNSET
    ) -> GenerationJobConnection | None:
        """Load a page of the caller's jobs."""
        scope = info.context.scope
        asked = ask(first, after or None, width=1)
        if scope.actor is None:
            return None
        return await GenerationJobConnection.of(scope, await generation.my_jobs(scope, asked), Wanted.of(info))

    @strawberry.field(description="What the cluster looks like now.")
    async def cluster_status(self, info: Info) -> ClusterStatus:
        """Ask the cluster and the queue."""
        return await ClusterStatus.now(info.context.scope)


@strawberry.type
class GenerationMutation:
    """What a member does about pictures."""

    @strawberry.mutation(description="Say what a request would cost; nothing is written.")
    async def generation_quote(self, info: Info, input: GenerationInput) -> GenerationQuoteResult:  # noqa: A002  # the contract's argument
        """Price a wish."""
        return GenerationQuoteSuccess(
            quote=GenerationQuote.of(await generation.quote(info.context.scope, input.value()))
        )

    @strawberry.mutation(description="Queue a request and hold its cost.")
    async def generation_request(self, info: Info, input: GenerationInput) -> GenerationRequestResult:  # noqa: A002  # the contract's argument
        """Queue a wish."""
        job_id = await generation.request(info.context.scope, input.value())
        wanted = Wanted.of(info).on("GenerationRequestSuccess")
        return GenerationRequestSuccess(job=await _job(info, job_id, wanted["job"]))

    @strawberry.mutation(description="Cancel your own job: at once while it waits, within a step while it runs.")
    async def generation_cancel(self, info: Info, job_id: strawberry.ID) -> GenerationCancelResult:
        """Cancel a job."""
        job = JobId(id_of(job_id, GenerationJob))
        await generation.cancel(info.context.scope, job)
        wanted = Wanted.of(info).on("GenerationCancelSuccess")
        return GenerationCancelSuccess(job=await _job(info, job, wanted["job"]))


@strawberry.type
class GenerationSubscription:
    """A job's live progress."""

    @strawberry.subscription(description="Every state and every step of one of your jobs.")
    async def generation_progress(
        self, info: Info, job_id: strawberry.ID, after: Cursor | None = strawberry.UNSET
    ) -> AsyncGenerator[GenerationEvent, None]:
        """Follow one job; each event is read by the authority of its moment."""
        job, wanted = JobId(id_of(job_id, GenerationJob)), Wanted.of(info)
        await _job(info, job, wanted["job"])
        async for heard in info.context.feed.follow(info.context.scope, generation.topic_of(job), after or None):
            event = await GenerationEvent.of(heard, job, wanted)
            if event is not None:
                yield event
