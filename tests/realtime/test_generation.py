"""A job's live progress: every step in order, once, and again from a cursor; to those who may see the job."""

from domain import accounts, generation
from domain.kernel.ids import JobId
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from schema.node import global_id
from tests import factories, fakes
from tests.realtime import clients, world
from tests.studio import Studio, claim_one, picture, stepped, studio

PROGRESS = """
subscription ($id: ID!, $after: Cursor) { generationProgress(jobId: $id, after: $after) {
    cursor resync job { status charged progress { image step steps preview } } } }
"""


async def painter(ports: Ports) -> tuple[Studio, str]:
    """A member with something to draw with, and their token."""
    signed = await factories.signed_in("painter")
    actor = await accounts.authenticate(ports, signed.token)
    assert actor is not None
    await factories.give(actor, 10)
    made = await studio(ports)
    return Studio(actor, Scope(ports=ports, actor=actor), made.checkpoint, made.lora), signed.token


async def draw(given: Studio) -> None:
    """Draw the waiting job as a worker does, one step in each report."""
    system = Scope.of_system(given.scope.ports)
    claimed = await claim_one(given.scope.ports)
    await generation.start(system, claimed)
    for step in range(1, 5):
        await generation.progress(system, claimed, [stepped(claimed, step, preview="data:," if step == 2 else None)])
    await generation.keep_picture(system, claimed, picture(claimed))
    await generation.finish(system, claimed, fakes.finished(claimed.job_id, claimed.attempt))


def job_of(job_id: JobId) -> str:
    """A job's global id."""
    return global_id("job", job_id)


async def test_every_step_arrives_once_in_order_with_its_own_progress(ports: Ports, relay: object, url: str) -> None:
    given, token = await painter(ports)
    job_id = await generation.request(given.scope, given.wish())
    await world.relayed()
    async with clients.socket(url, token) as socket:
        await socket.subscribe("1", PROGRESS, id=job_of(job_id))

        await draw(given)
        events = [(await socket.next("1"))["generationProgress"] for _ in range(7)]

    steps = [event["job"]["progress"] for event in events[2:6]]
    assert [step["step"] for step in steps] == [1, 2, 3, 4]
    assert [step["preview"] for step in steps] == [None, "data:,", None, None]
    assert (events[-1]["job"]["status"], events[-1]["job"]["charged"]) == ("SUCCEEDED", 1)
    assert not any(event["resync"] for event in events)


async def test_a_client_that_was_cut_off_gets_the_missed_steps(ports: Ports, relay: object, url: str) -> None:
    given, token = await painter(ports)
    job_id = await generation.request(given.scope, given.wish())
    await world.relayed()
    async with clients.socket(url, token) as socket:
        await socket.subscribe("1", PROGRESS, id=job_of(job_id))
        await draw(given)
        before = [(await socket.next("1"))["generationProgress"] for _ in range(7)]

    async with clients.socket(url, token) as socket:
        await socket.subscribe_unawaited("1", PROGRESS, id=job_of(job_id), after=before[2]["cursor"])
        after = [(await socket.next("1"))["generationProgress"] for _ in range(4)]

    assert [event["cursor"] for event in after] == [event["cursor"] for event in before[3:]]
    assert [event["job"]["progress"]["step"] for event in after] == [2, 3, 4, 4]


async def test_a_job_is_not_followed_by_strangers(ports: Ports, relay: object, url: str) -> None:
    given, _ = await painter(ports)
    job_id = await generation.request(given.scope, given.wish())
    stranger = (await factories.signed_in()).token

    async with clients.socket(url, stranger) as socket:
        await socket.subscribe_unawaited("1", PROGRESS, id=job_of(job_id))
        answer = await socket.receive()

    assert answer["type"] in ("error", "next")
    errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
    assert errors[0]["message"] == "There is no such job, or you may not see it."
