"""Deadlines: what becomes due by the passing of time alone. Each deed is idempotent, so several workers may run it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from countenance.relay import thin_history
from countenance.vault.pictures import copied, drawn
from countenance.workers.books import prove_books
from countenance.workers.supervision import keep
from domain import accounts, bounties, likeness, resources
from domain.kernel.ports import Policy, Ports
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
    Deadline("promised awards made", 1.0, bounties.auto_award_due),
    Deadline("initiators reminded to judge", 30.0, bounties.remind_due),
    Deadline("previews drawn", 1.0, partial(bounties.draw_previews, draw=drawn)),
    Deadline("reference pictures drawn", 1.0, partial(bounties.draw_references, draw=copied)),
    Deadline("files of entries erased", 60.0, bounties.erase_due),
    Deadline("files of earlier releases sealed", 30.0, resources.seal_stored),
    Deadline("blobs deleted", 10.0, resources.delete_doomed),
    Deadline("claims escalated", 5.0, likeness.tick),
    Deadline("kept e-mails deleted", 60.0, likeness.sweep_kept),
    Deadline("uploads expired", 60.0, resources.expire_uploads),
    Deadline("sessions swept", 600.0, accounts.sweep_sessions),
    Deadline("history thinned out", 600.0, thin_history),
)


def deadlines_of(policy: Policy) -> Sequence[Deadline]:
    """Give every deadline of the product; how often the books are proved is the operator's to say."""
    return (*DEADLINES, Deadline("books that disagree", float(policy.reconcile_seconds), prove_books))


async def tick_for_ever(ports: Ports, deadlines: Sequence[Deadline] | None = None) -> None:
    """Keep every deadline; one that fails is tried again and holds up no other."""
    async with asyncio.TaskGroup() as group:
        for deadline in deadlines_of(ports.policy) if deadlines is None else deadlines:
            group.create_task(keep(deadline.name, _ticking(ports, deadline)))


def _ticking(ports: Ports, deadline: Deadline) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        while True:
            done = await deadline.deed(Scope.of_system(ports))
            if done:
                log.info("a deadline has passed", what=deadline.name, number=done)
            await asyncio.sleep(deadline.seconds)

    return tick
