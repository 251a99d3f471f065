"""Scans: leased from the queue, read by a validator on the cluster, recorded."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from countenance.workers.dispatch import LeaseLost, dispatch, kept_alive
from domain import resources
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import ActorLost, ClusterFault, ClusterUnavailable, InspectOrder

log = structlog.get_logger(__name__)

_GOODBYE_SECONDS = 2.0


async def scan_for_ever(ports: Ports, *, worker: str, validators: int) -> None:
    """Keep the validators busy with what is submitted."""

    async def take(room: int) -> Sequence[InspectOrder]:
        return await resources.claim_scans(ports, worker, room)

    async def carry_out(order: InspectOrder) -> None:
        await scan(ports, order, worker=worker)

    await dispatch(take, carry_out, slots=validators)


async def scan(ports: Ports, order: InspectOrder, *, worker: str) -> None:
    """Carry out one scan under its lease."""

    async def renew() -> bool:
        return await resources.renew_scan(order.scan_id, order.attempt, worker)

    bound = structlog.contextvars.bound_contextvars(scan=str(order.scan_id), attempt=order.attempt)
    with bound, contextlib.suppress(LeaseLost):
        async with kept_alive(renew):
            await _scan(Scope.of_system(ports), order)


async def _scan(scope: Scope, order: InspectOrder) -> None:
    """Carry out one scan; whatever keeps it from its end is recorded, so that it is done again or held."""
    try:
        await resources.record_inspection(scope, await scope.ports.cluster.inspect(order))
    except ClusterFault as fault:
        log.warning("the cluster could not read a file", fault=type(fault).__name__, reason=str(fault))
        await resources.scan_faulted(scope, order, fault)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await resources.scan_faulted(scope, order, ClusterUnavailable("This worker is stopping."))
        raise
    except Exception:
        # A defect of ours must not be tried for ever: it counts like a lost validator, and ends with a person.
        log.exception("a scan ended with an unexpected error")
        await resources.scan_faulted(scope, order, ActorLost("The worker failed while the file was read."))
