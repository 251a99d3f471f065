"""Deadlines: what becomes due by the passing of time alone. Each deed is idempotent, so several workers may run it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from countenance.relay import thin_history
from countenance.workers.supervision import keep
from domain import accounts, bounties, likeness, resources
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deed that does what is due and says how much that was, asked every so many seconds."""

    name: str
    seconds: float
    deed: Callable[[Scope], Awaitable[int]]


DEADLINES = (
    Deadline("bounties closed to entries", 1.0, bounties.close_due),
    Deadline("bounties refunded", 1.0, bounties.refund_due),
    Deadline("claims escalated", 5.0, likeness.tick),
    Deadline("uploads expired", 60.0, resources.expire_uploads),
    Deadline("sessions swept", 600.0, accounts.sweep_sessions),
    Deadline("history thinned out", 600.0, thin_history),
)


async def tick_for_ever(ports: Ports, deadlines: Sequence[Deadline] = DEADLINES) -> None:
    """Keep every deadline; one that fails is tried again and holds up no other."""
    async with asyncio.TaskGroup() as group:
        for deadline in deadlines:
            group.create_task(keep(deadline.name, _ticking(ports, deadline)))


def _ticking(ports: Ports, deadline: Deadline) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        while True:
            done = await deadline.deed(Scope.of_system(ports))
            if done:
                log.info("a deadline has passed", what=deadline.name, number=done)
            await asyncio.sleep(deadline.seconds)

    return tick
