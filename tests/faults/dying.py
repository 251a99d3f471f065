"""Deeds in processes that die: after a statement of one's choice, or while the server commits.

The processes are forked by a fork server that has imported everything, so that one takes hundredths of a second. The
seam is the connection: the child opens the product's own pool with a connection class that counts what it has done.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import asyncpg

from countenance import database
from domain import bounties, moderation
from domain.bounties import Review, Share
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, CaseId, ClaimId, Credits, EntryId
from domain.kernel.ports import Policy
from domain.kernel.refusals import Refusal
from domain.kernel.scope import Actor, Scope
from domain.likeness import ClaimReceived
from domain.moderation import Decision
from domain.reactions import REACTIONS
from tests import fakes

APPLICATION = "dying"
"""By which name the server knows the connections of these processes."""

DONE, REFUSED, KILLED = 0, 3, -signal.SIGKILL
"""How a process ends: the deed was done, was refused, or the process was killed in the middle."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Order:
    """A deed to do in a process of its own, and when that dies: after its `dies_after`-th statement, or never.

    A transaction's BEGIN and COMMIT are statements. With `dies_committing` it dies when the server has got the first
    COMMIT and nobody has read its answer.
    """

    deed: str
    url: str
    at: datetime
    bounty_id: BountyId
    entry_ids: Sequence[EntryId]
    actor: Actor | None = None
    case_id: CaseId | None = None
    claim_id: ClaimId | None = None
    dies_after: int = 0
    dies_committing: bool = False


async def carried_out(order: Order) -> int:
    """Run the order in a process of its own; give how that ended."""
    child = _CONTEXT.Process(target=_main, args=(order,))
    child.start()
    return await asyncio.to_thread(_ended, child)


def _ended(child: BaseProcess) -> int:
    child.join(60)
    if child.exitcode is None:
        child.kill()
        raise TimeoutError("The process of a deed hangs.")
    return child.exitcode


def _main(order: Order) -> None:
    os._exit(asyncio.run(_run(order)))


async def _run(order: Order) -> int:
    ports = fakes.ports(clock=HandClock(order.at), folder=Path("/nonexistent"), policy=Policy(signup_grant=0))
    scope = Scope(ports=ports, actor=order.actor) if order.actor else Scope.of_system(ports)
    async with _pool(order.url):
        _Mortal.statements, _Mortal.order = 0, order
        try:
            await DEEDS[order.deed](scope, order)
        except Refusal:
            return REFUSED
    return DONE


@contextlib.asynccontextmanager
async def _pool(url: str) -> AsyncIterator[None]:
    """The product's pool, of mortal connections."""
    database.configure(url)
    database.DB.config |= {"connection_class": _Mortal, "server_settings": {"application_name": APPLICATION}}
    await database.DB.start_connection_pool(min_size=1, max_size=2)
    yield
    await database.DB.close_connection_pool()


class _Mortal(asyncpg.Connection):
    """A connection whose process dies where its order says. Once begun, all connections of a process are counted."""

    statements = 0
    order: Order | None = None

    async def execute(self, query: str, *args: Any, **given: Any) -> Any:
        if _Mortal.order is not None and _Mortal.order.dies_committing and query.startswith("COMMIT"):
            asyncio.get_running_loop().call_soon(_die)
        return await self._step(super().execute(query, *args, **given))

    async def executemany(self, *args: Any, **given: Any) -> Any:
        return await self._step(super().executemany(*args, **given))

    async def fetch(self, *args: Any, **given: Any) -> Any:
        return await self._step(super().fetch(*args, **given))

    async def fetchrow(self, *args: Any, **given: Any) -> Any:
        return await self._step(super().fetchrow(*args, **given))

    async def fetchval(self, *args: Any, **given: Any) -> Any:
        return await self._step(super().fetchval(*args, **given))

    async def _step(self, statement: Awaitable[Any]) -> Any:
        answer = await statement
        if _Mortal.order is not None:
            _Mortal.statements += 1
            if _Mortal.statements == _Mortal.order.dies_after:
                _die()
        return answer


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _award(scope: Scope, order: Order) -> None:
    await bounties.award(scope, order.bounty_id, to=order.entry_ids[0])


async def _split(scope: Scope, order: Order) -> None:
    first, second = order.entry_ids[:2]
    await bounties.split(scope, order.bounty_id, [Share(first, 67), Share(second, 33)])


async def _cancel(scope: Scope, order: Order) -> None:
    await bounties.cancel(scope, order.bounty_id)


async def _pledge(scope: Scope, order: Order) -> None:
    await bounties.pledge(scope, order.bounty_id, Credits(37))


async def _close(scope: Scope, order: Order) -> None:
    await bounties.close_due(scope)


async def _refund(scope: Scope, order: Order) -> None:
    await bounties.refund_due(scope)


async def _auto_award(scope: Scope, order: Order) -> None:
    await bounties.auto_award_due(scope)


async def _decide(scope: Scope, order: Order) -> None:
    assert order.case_id is not None
    decision = Decision(order.deed.removeprefix("decide "))
    await moderation.decide_case(scope, order.case_id, decision, explanation="As it seems.")


async def _look_into(scope: Scope, order: Order) -> None:
    assert order.claim_id is not None
    for reaction in REACTIONS[ClaimReceived]:
        await reaction(scope, ClaimReceived(order.claim_id))


async def _review(scope: Scope, order: Order) -> None:
    decision = Review(order.deed.removeprefix("review "))
    await moderation.review_bounty(scope, order.bounty_id, decision, explanation="As it seems.")


DEEDS: Mapping[str, Callable[[Scope, Order], Awaitable[None]]] = {
    "award": _award,
    "split": _split,
    "cancel": _cancel,
    "pledge": _pledge,
    "close": _close,
    "refund": _refund,
    "auto_award": _auto_award,
    "look into": _look_into,
    **{f"decide {decision}": _decide for decision in Decision},
    **{f"review {decision}": _review for decision in Review},
}
