"""A pot is split in whole percents, no credit is lost by it, and each award is a grant of its entry's outcome."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain import bounties
from domain.bounties import Bounty, BountyStatus, Share
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import Credits, EntryId, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from tests.actions.bounties import accepted, escrowed, history, opened, somebody, submitted, told, validated
from tests.factories import available


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _now(bounty: Bounty, scope: Scope) -> Bounty:
    return (await bounties.bounties_by_ids(scope, [bounty.id]))[bounty.id]


async def _grants(bounty: Bounty) -> list[tuple[EntryId, int, int]]:
    rows = await fetch(
        "SELECT entry_id, percent, amount FROM bounty_award WHERE bounty_id = $1 ORDER BY percent DESC, id", bounty.id
    )
    return [(row["entry_id"], row["percent"], row["amount"]) for row in rows]


async def test_a_split_pays_each_author_and_loses_no_credit(ports: Ports, tmp_path: Path) -> None:
    initiator, backer, *authors = [await somebody(ports) for _ in range(5)]
    bounty = await opened(initiator, pledge=Credits(71))
    await bounties.pledge(backer, bounty.id, Credits(30))
    entries = [await accepted(author, bounty, tmp_path) for author in authors]
    shares = [Share(entry.id, percent) for entry, percent in zip(entries, (33, 34, 33), strict=True)]

    after = await bounties.split(initiator, bounty.id, shares)

    assert (after.status, after.awarded_entry_id, after.pot) == (BountyStatus.AWARDED, entries[1].id, 101)
    # 101 credits: 33.33, 34.34, 33.33. The credit that is left goes to the largest remainder.
    assert [await available(author.require_actor()) for author in authors] == [1033, 1035, 1033]
    assert [await available(scope.require_actor()) for scope in (initiator, backer)] == [929, 970]
    assert await escrowed() == 0
    assert (await history(bounty))[-1] == ("SPLIT", "OPEN", "AWARDED")
    assert len(await fetch("SELECT FROM journal_entry WHERE key = $1", f"bounty-payout:{bounty.id}")) == 1
    assert (await told("BountySplit"), await told("BountyAwarded")) == (1, 0)


async def test_whoever_has_a_stake_and_won_nothing_hears_that_it_was_awarded(ports: Ports, tmp_path: Path) -> None:
    initiator, backer, winner, loser = [await somebody(ports) for _ in range(4)]
    bounty = await opened(initiator)
    await bounties.pledge(backer, bounty.id, Credits(20))
    entry = await accepted(winner, bounty, tmp_path)
    await accepted(loser, bounty, tmp_path)

    await bounties.award(initiator, bounty.id, to=entry.id)

    rows = await fetch("SELECT topics FROM fact WHERE kind = 'StakeholderTold' AND body ->> 'news' = 'AWARDED'")
    assert {row["topics"] for row in rows} == {f'["inbox:{scope.account_id}"]' for scope in (backer, loser)}


async def test_equal_shares_name_the_earliest_entry_as_the_awarded_one(
    ports: Ports, clock: HandClock, tmp_path: Path
) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(101))
    early = await accepted(first, bounty, tmp_path)
    clock.turn(timedelta(minutes=1))
    late = await accepted(second, bounty, tmp_path)

    after = await bounties.split(initiator, bounty.id, [Share(late.id, 50), Share(early.id, 50)])

    assert after.awarded_entry_id == early.id
    assert sorted(await _grants(bounty), key=lambda grant: grant[0] == late.id) == [
        (early.id, 50, 51),
        (late.id, 50, 50),
    ]


async def test_one_author_may_get_two_shares(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    entries = [await accepted(author, bounty, tmp_path) for _ in range(2)]

    await bounties.split(initiator, bounty.id, [Share(entries[0].id, 70), Share(entries[1].id, 30)])

    assert (await available(author.require_actor()), await escrowed()) == (1100, 0)


async def test_every_awarded_outcome_opens_for_the_initiator_and_no_other(ports: Ports, tmp_path: Path) -> None:
    initiator, winner, second, loser = [await somebody(ports) for _ in range(4)]
    bounty = await opened(initiator)
    entries = [await accepted(author, bounty, tmp_path) for author in (winner, second, loser)]
    await bounties.split(initiator, bounty.id, [Share(entries[0].id, 60), Share(entries[1].id, 40)])

    seen = {
        who: list((await bounties.entries_by_ids(who, [entry.id for entry in entries])).values())
        for who in (initiator, winner)
    }
    opened_for = {
        "initiator": set(await bounties.outcomes(initiator, seen[initiator], urls=False)),
        "winner": set(await bounties.outcomes(winner, seen[initiator], urls=False)),
    }

    assert opened_for == {"initiator": {entries[0].id, entries[1].id}, "winner": set()}
    assert {entry.id: entry.awarded for entry in seen[initiator]} == {
        entries[0].id: True,
        entries[1].id: True,
        entries[2].id: False,
    }
    assert [award.entry_id for award in (await bounties.awards_of(initiator, [bounty.id]))[bounty.id]] == [
        entries[0].id,
        entries[1].id,
    ]
    assert [award.percent for award in (await bounties.awards_of(second, [bounty.id]))[bounty.id]] == [40]
    assert (await bounties.awards_of(loser, [bounty.id]))[bounty.id] == []


async def test_an_entry_that_got_a_share_can_not_be_taken_back(ports: Ports, tmp_path: Path) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator)
    entries = [await accepted(author, bounty, tmp_path) for author in (first, second)]
    await bounties.split(initiator, bounty.id, [Share(entries[0].id, 60), Share(entries[1].id, 40)])

    with pytest.raises(Conflict) as refused:
        await bounties.withdraw_entry(second, entries[1].id)

    assert refused.value.state == "AWARDED"


async def test_a_single_award_writes_a_grant_too(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    entry = await accepted(author, bounty, tmp_path)

    await bounties.award(initiator, bounty.id, to=entry.id)

    assert await _grants(bounty) == [(entry.id, 100, 100)]


@pytest.mark.parametrize(
    ("percents", "message"),
    [
        ([100], "A pot is split among 2 to 10 entries; award it whole to one."),
        ([10] * 11, "A pot is split among 2 to 10 entries; award it whole to one."),
        ([50, 49], "Shares are whole percents of at least 1 that add up to 100."),
        ([101, -1], "Shares are whole percents of at least 1 that add up to 100."),
        ([100, 0], "Shares are whole percents of at least 1 that add up to 100."),
        ([99, 1], "A share of this pot comes to less than one credit: give it a larger percent."),
    ],
)
async def test_shares_out_of_bounds_are_refused(
    ports: Ports, tmp_path: Path, percents: list[int], message: str
) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(10))
    entries = [await accepted(author, bounty, tmp_path) for author in (first, second)]
    ids = [entry.id for entry in entries] + [EntryId(new_id()) for _ in range(9)]

    with pytest.raises(InvalidInput) as refused:
        await bounties.split(initiator, bounty.id, [Share(i, n) for i, n in zip(ids, percents, strict=False)])

    assert (refused.value.field, refused.value.message) == ("shares", message)
    assert ((await _now(bounty, initiator)).status, await escrowed(), await _grants(bounty)) == ("OPEN", 10, [])


async def test_an_entry_gets_one_share_and_is_of_this_bounty(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty, other = await opened(initiator), await opened(initiator)
    mine, elsewhere = await accepted(author, bounty, tmp_path), await accepted(author, other, tmp_path)

    with pytest.raises(InvalidInput):
        await bounties.split(initiator, bounty.id, [Share(mine.id, 50), Share(mine.id, 50)])
    with pytest.raises(NotFound):
        await bounties.split(initiator, bounty.id, [Share(mine.id, 50), Share(elsewhere.id, 50)])
    with pytest.raises(NotAllowed):
        await bounties.split(author, bounty.id, [Share(mine.id, 50), Share(elsewhere.id, 50)])

    assert (await escrowed(), await _grants(bounty)) == (200, [])


@pytest.mark.parametrize("verdict", [Verdict.HELD, Verdict.BLOCKED, None])
async def test_every_entry_of_a_split_must_be_accepted(ports: Ports, tmp_path: Path, verdict: Verdict | None) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator)
    good, bad = await accepted(first, bounty, tmp_path), await submitted(second, bounty, tmp_path)
    if verdict is not None:
        await validated(ports, verdict)

    with pytest.raises(Conflict) as refused:
        await bounties.split(initiator, bounty.id, [Share(good.id, 50), Share(bad.id, 50)])

    assert refused.value.state == (verdict or "SCANNING")
    assert (await escrowed(), await _grants(bounty), await told("BountySplit")) == (100, [], 0)


async def test_awards_and_splits_at_once_pay_the_pot_once(ports: Ports, tmp_path: Path) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(100))
    entries = [await accepted(author, bounty, tmp_path) for author in (first, second)]
    shares = [Share(entries[0].id, 60), Share(entries[1].id, 40)]

    deeds = [bounties.split(initiator, bounty.id, shares if n % 2 else shares[::-1]) for n in range(6)]
    awards = [bounties.award(initiator, bounty.id, to=entries[n % 2].id) for n in range(6)]
    answers = await asyncio.gather(*deeds, *awards, return_exceptions=True)

    assert sum(isinstance(answer, Conflict) for answer in answers) == 11
    paid = [await available(author.require_actor()) - 1000 for author in (first, second)]
    assert (sum(paid), await escrowed()) == (100, 0)
    assert (
        paid == [grant[2] for grant in sorted(await _grants(bounty), key=lambda g: g[0] == entries[1].id)] or 0 in paid
    )


async def test_the_database_itself_wants_awards_to_be_the_whole_of_the_pot(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    grant = (
        "INSERT INTO bounty_award (id, bounty_id, entry_id, percent, amount, awarded_at) "
        "VALUES (gen_random_uuid(), $1, $2, 100, 100, now())"
    )

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="not the whole of its pot"):
        await db.execute(grant, bounty.id, entry.id)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="not the whole of its pot"):
        await db.execute(
            "UPDATE bounty SET status = 'AWARDED', awarded_entry_id = $2 WHERE id = $1", bounty.id, entry.id
        )
    await bounties.award(initiator, bounty.id, to=entry.id)
    with pytest.raises(asyncpg.RaiseError, match="only grows"):
        await db.execute("UPDATE bounty_award SET amount = 1")

    assert await _grants(bounty) == [(entry.id, 100, 100)]


async def test_awards_of_an_earlier_release_become_grants(ports: Ports, db: asyncpg.Pool, tmp_path: Path) -> None:
    from migrations.bounties import bounties_2026_11_22t13_20_00_000000 as migration

    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    await bounties.award(initiator, bounty.id, to=entry.id)
    [before] = await db.fetch("SELECT bounty_id, entry_id, percent, amount, awarded_at FROM bounty_award")
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # as if it had never been written
        await connection.execute("DELETE FROM bounty_award")
    [backfill] = [statement for statement in migration.STATEMENTS if "INSERT INTO bounty_award" in statement]

    await db.execute(backfill)

    assert await db.fetch("SELECT bounty_id, entry_id, percent, amount, awarded_at FROM bounty_award") == [before]
    assert (await bounties.entries_by_ids(initiator, [entry.id]))[entry.id].awarded
