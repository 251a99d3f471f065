"""Generations: claimed from the queue, drawn on the cluster, reported step by step."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import structlog

from countenance.workers.dispatch import LeaseLost, dispatch, kept_alive
from domain import generation
from domain.generation import Claim
from domain.kernel.ports import Ports
from domain.kernel.refusals import RegistryUnread
from domain.kernel.scope import Scope
from domain.kernel.wire import (
    ActorLost,
    ClusterFault,
    ClusterUnavailable,
    PictureDone,
    RenderEvent,
    RenderOrder,
    StepDone,
)

log = structlog.get_logger(__name__)

BATCH_SECONDS = 0.1
"""Steps that come within this time are written together."""

RECOVERY_SECONDS = 1.0
_GOODBYE_SECONDS = 2.0


async def draw_for_ever(ports: Ports, *, worker: str, artists: int) -> None:
    """Keep the artists busy with what is queued, first come first served but for priorities."""

    async def take(room: int) -> Sequence[Claim]:
        return await generation.claim(Scope.of_system(ports), worker=worker, free=room, capacity=artists)

    async def carry_out(claimed: Claim) -> None:
        await draw(ports, claimed)

    await dispatch(take, carry_out, slots=artists)


async def draw(ports: Ports, claimed: Claim) -> None:
    """Carry out one job under its lease, from its validation to its last step."""
    scope = Scope.of_system(ports)
    bound = structlog.contextvars.bound_contextvars(job=str(claimed.job_id), attempt=claimed.attempt)

    async def renew() -> bool:
        lease = await generation.renew(scope, claimed)
        if lease.held and lease.stop:
            await generation.stop_on_cluster(scope, claimed.job_id)
        return lease.held

    with bound, contextlib.suppress(LeaseLost):
        async with kept_alive(renew):
            await _draw(scope, claimed)


async def _draw(scope: Scope, claimed: Claim) -> None:
    """Carry out one job; whatever keeps it from its end is recorded, so that it is done again or given up."""
    try:
        order = await generation.start(scope, claimed)
        if order is not None:
            await _follow(scope, claimed, order)
    except ClusterFault as fault:
        log.warning("the cluster could not draw a job", fault=type(fault).__name__, reason=str(fault))
        await generation.fault(scope, claimed, fault)
    except RegistryUnread as unread:
        await generation.fault(scope, claimed, ClusterUnavailable(unread.message))
    except asyncio.CancelledError:
        await _give_back(scope, claimed)
        raise
    except Exception:
        # A defect of ours or a full disk: it counts like a lost artist, so that it is not tried for ever.
        log.exception("a job ended with an unexpected error")
        await generation.fault(scope, claimed, ActorLost("The worker failed while the job was drawn."))


async def _follow(scope: Scope, claimed: Claim, order: RenderOrder) -> None:
    """Give the order and record what comes back."""
    async with contextlib.aclosing(batches(scope.ports.cluster.render(order))) as events:
        async for batch in events:
            await generation.progress(scope, claimed, [event for event in batch if isinstance(event, StepDone)])
            match batch[-1]:
                case StepDone():
                    pass
                case PictureDone() as picture:
                    await generation.keep_picture(scope, claimed, picture)
                case last:
                    await generation.finish(scope, claimed, last)


async def _give_back(scope: Scope, claimed: Claim) -> None:
    """Queue a job again because this worker stops. If that takes too long, its lease lapses by itself."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await generation.fault(scope, claimed, ClusterUnavailable("This worker is stopping."))


async def batches(
    events: AsyncIterator[RenderEvent], seconds: float = BATCH_SECONDS
) -> AsyncGenerator[list[RenderEvent]]:
    """Give events in order, steps gathered for at most `seconds`; anything else ends its batch at once."""
    loop = asyncio.get_running_loop()
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while (event := await coming) is not None:
            coming = asyncio.ensure_future(anext(events, None))
            batch, until = [event], loop.time() + seconds
            while isinstance(batch[-1], StepDone):
                await asyncio.wait({coming}, timeout=max(0.0, until - loop.time()))
                if not coming.done() or coming.exception() is not None or (following := coming.result()) is None:
                    break
                batch.append(following)
                coming = asyncio.ensure_future(anext(events, None))
            yield batch
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


async def recover_for_ever(ports: Ports) -> None:
    """Queue the jobs of workers that went silent again, and throw away pictures that are never shown."""
    while True:
        scope = Scope.of_system(ports)
        recovered = await generation.recover(scope)
        if recovered:
            log.warning("jobs of a silent worker were queued again", jobs=recovered)
        await generation.discard(scope)
        await asyncio.sleep(RECOVERY_SECONDS)
