"""Things that happen, for those who listen."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain import bounties
from domain.accounts import SignedIn
from domain.bounties import BountyKind, BountyPledged, BountyTerms
from domain.kernel.ids import BountyId, Credits, new_id
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Scope
from domain.kernel.work import pool, work
from tests import factories

FEED = """
subscription ($after: Cursor) { bountyFeed(after: $after) { cursor resync kind bounty { id title } } }
"""


async def open_bounty(ports: Ports, initiator: Actor | None = None) -> BountyId:
    """Open a bounty through the deed itself."""
    initiator = initiator or await factories.member(credits=100)
    terms = BountyTerms(
        kind=BountyKind.LORA,
        title="A harbour at dawn",
        brief="Boats, fog, low sun.",
        pledge=Credits(10),
        closes_at=ports.clock.now() + timedelta(days=3),
    )
    return (await bounties.open_bounty(Scope(ports=ports, actor=initiator), terms)).id


async def tell(bounty_id: BountyId, times: int = 1) -> None:
    """Write so many facts about a bounty, each in a work of its own."""
    for amount in range(times):
        async with work() as w:
            w.tell(BountyPledged(bounty_id=bounty_id, pledge_id=new_id(), backer_id=new_id(), amount=amount))


async def relayed() -> int:
    """Wait until every fact has its number, and give the last one."""
    async with asyncio.timeout(5):
        while await pool().fetchval("SELECT EXISTS (SELECT FROM fact WHERE feed_no IS NULL)"):  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
    return int(await pool().fetchval("SELECT last_no FROM feed_state"))


def number(event: Any) -> int:
    """Read the log's number out of an event's cursor, which only a test may."""
    return int(event["cursor"].partition(".")[2])


async def promote(account_id: UUID) -> None:
    """Make somebody a moderator, behind everybody's back."""
    await pool().execute("UPDATE account SET role = 'MODERATOR' WHERE id = $1", account_id)


async def tell_at_once(bounty_id: BountyId, times: int) -> None:
    """Write so many facts in one work."""
    async with work() as w:
        for amount in range(times):
            w.tell(BountyPledged(bounty_id=bounty_id, pledge_id=new_id(), backer_id=new_id(), amount=amount))


async def session() -> Actor:
    """Somebody with a session."""
    return await factories.member()


async def actor_of(signed: SignedIn) -> Actor:
    """Give the authority of a session."""
    return Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
