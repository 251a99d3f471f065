"""Nobody decides what concerns them: every deed of a moderator, and every way of having a part in what it is about."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain import accounts, bounties, resources
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import NotAllowed
from domain.kernel.work import work
from tests.actions.bounties import escrowed, somebody
from tests.actions.concerned import (
    CONCERNS,
    Deed,
    Party,
    a_moderator,
    author,
    cancel,
    claimant,
    remove,
    uphold,
    world_of,
)
from tests.counting import digests
from tests.factories import available
from tests.resourcing import published

SAID = "This concerns you, or an account that is linked with yours: another moderator has to decide it."


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and accounts are compared."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


@pytest.mark.parametrize(
    ("deed", "party"),
    [
        pytest.param(deed, party, id=f"{deed.__name__}-{party.__name__}")
        for deed, parties in CONCERNS.items()
        for party in parties
    ],
)
async def test_a_moderator_whom_it_concerns_is_refused_and_nothing_is_written(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path, deed: Deed, party: Party
) -> None:
    world = await world_of(db, ports, tmp_path)
    moderator = await party(world)
    await world.waits_for(moderator)
    before = await digests(db)

    with pytest.raises(NotAllowed) as refused:
        await deed(world, moderator)

    assert refused.value.message == SAID
    assert await digests(db) == before


@pytest.mark.parametrize("deed", CONCERNS, ids=lambda deed: deed.__name__)
async def test_a_moderator_whom_it_does_not_concern_may(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path, deed: Deed
) -> None:
    world = await world_of(db, ports, tmp_path)
    moderator = await a_moderator(ports)
    await published(moderator, b"a rival's weights")
    await world.waits_for(moderator)
    before = await digests(db)

    await deed(world, moderator)

    assert await digests(db) != before


async def test_nobody_is_paid_for_calling_off_somebody_elses_bounty(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    world = await world_of(db, ports, tmp_path)
    entrant, other = await author(world), await a_moderator(ports)

    with pytest.raises(NotAllowed):
        await cancel(world, entrant)
    kept = (await available(entrant.require_actor()), await escrowed())
    await cancel(world, other)

    assert kept == (1000, 100)
    assert [await available(each.require_actor()) for each in (other, entrant, world.author)] == [1000, 1005, 1005]


async def test_what_is_ones_own_may_be_withdrawn_by_moderators_too(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    world = await world_of(db, ports, tmp_path)
    moderator = await a_moderator(ports)
    await db.execute("UPDATE resource SET owner_id = $1", moderator.account_id)
    await db.execute("UPDATE bounty SET initiator_id = $1", moderator.account_id)

    await remove(world, moderator)
    await cancel(world, moderator)

    found = await resources.resources_by_ids(moderator, [world.resource_id])
    called_off = await bounties.bounties_by_ids(moderator, [world.bounty.id])
    assert [each.status for each in found.values()] == [resources.ResourceStatus.REMOVED]
    assert [each.status for each in called_off.values()] == [bounties.BountyStatus.CANCELLED]
    assert await db.fetch("SELECT FROM statement") == []


async def test_a_claim_that_has_ended_concerns_its_claimant_still(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    world = await world_of(db, ports, tmp_path)
    moderator = await claimant(world)
    await uphold(world, await a_moderator(ports))

    with pytest.raises(NotAllowed) as refused:
        await remove(world, moderator)

    assert refused.value.message == SAID


async def test_who_counts_alone_is_not_compared_with_others(ports: Ports) -> None:
    member = await somebody(ports)
    twin = await a_moderator(ports, like=member)
    assert member.account_id is not None
    assert twin.account_id is not None

    async with work(member.now) as w:
        alone = accounts.Parties(alone=frozenset([member.account_id]))
        await accounts.require_unconcerned(w, twin, twin.account_id, alone)
        with pytest.raises(NotAllowed):
            await accounts.require_unconcerned(w, member, member.account_id, alone)
