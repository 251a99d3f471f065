"""The ledger against the real database: what its laws refuse, and that no credit is ever lost or made."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import ledger
from domain.accounts import AccountOpened
from domain.kernel.clock import HandClock
from domain.kernel.ids import AccountId, Credits, JobId, PledgeId, Subject, new_id
from domain.kernel.paging import PageAsk
from domain.kernel.refusals import InvalidInput, NotEnoughCredits
from domain.kernel.scope import Actor, Scope
from domain.kernel.work import work
from domain.ledger import Movement, Purse, Reason
from tests.counting import counted
from tests.factories import available, give, member, moderator


async def _move(amount: int, debit: Purse, credit: Purse, key: str = "", reason: Reason = Reason.BOUNTY_AWARD) -> bool:
    async with work() as w:
        return await ledger.transfer(
            w, Credits(amount), debit=debit, credit=credit, reason=reason, subject=None, key=key or str(new_id())
        )


async def _books(db: asyncpg.Pool) -> tuple[int, int]:
    """The sum of all balances, and the number of purses whose balance is not the sum of its postings."""
    row = await db.fetchrow(
        """
        SELECT coalesce(sum(balance), 0)::bigint,
               count(*) FILTER (WHERE balance IS DISTINCT FROM
                   (SELECT coalesce(sum(amount), 0) FROM posting WHERE purse_id = purse.id))
        FROM purse
        """
    )
    assert row is not None
    return row[0], row[1]


async def _journal(db: asyncpg.Pool) -> tuple[int, int]:
    """How many journal entries and postings there are."""
    return await db.fetchval("SELECT count(*) FROM journal_entry"), await db.fetchval("SELECT count(*) FROM posting")


def _account(actor: Actor) -> Purse:
    return Purse.account(actor.account_id)


async def test_a_transfer_is_one_balanced_entry(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=100), await member()
    before = await _journal(db)

    moved = await _move(30, _account(ann), _account(bea))

    assert moved is True
    assert (await available(ann), await available(bea)) == (70, 30)
    assert await _journal(db) == (before[0] + 1, before[1] + 2)
    assert await _books(db) == (0, 0)


async def test_a_key_moves_credits_once(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=100), await member()

    moved = [await _move(60, _account(ann), _account(bea), key="award:1") for _ in range(3)]

    assert moved == [True, False, False], "the second and third could not even be paid"
    assert (await available(ann), await available(bea)) == (40, 60)


async def test_of_twenty_at_once_with_one_key_one_moves_credits(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=1000), await member()

    moved = await asyncio.gather(*(_move(7, _account(ann), _account(bea), key="award:1") for _ in range(20)))

    assert moved.count(True) == 1
    assert await available(bea) == 7


async def test_a_key_is_used_once_even_between_other_purses(db: asyncpg.Pool) -> None:
    people = [await member(credits=100) for _ in range(12)]

    pairs = zip(people[::2], people[1::2], strict=True)
    moved = await asyncio.gather(*(_move(5, _account(a), _account(b), key="award:1") for a, b in pairs))

    assert moved.count(True) == 1
    assert sorted([await available(each) for each in people]) == [95] + [100] * 10 + [105]


async def test_more_than_the_purse_holds_is_refused_and_nothing_moves(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=10), await member()
    before = await _journal(db)

    with pytest.raises(NotEnoughCredits) as refused:
        await _move(11, _account(ann), _account(bea))

    assert (refused.value.needed, refused.value.held) == (11, 10)
    assert (await available(ann), await available(bea)) == (10, 0)
    assert await _journal(db) == before


async def test_a_refusal_that_is_caught_leaves_its_key_unused(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=10), await member()
    async with work() as w:
        for amount in (11, 10):
            try:
                await ledger.transfer(
                    w,
                    Credits(amount),
                    debit=_account(ann),
                    credit=_account(bea),
                    reason=Reason.BOUNTY_AWARD,
                    subject=None,
                    key="award:1",
                )
            except NotEnoughCredits:
                continue

    assert (await available(ann), await available(bea)) == (0, 10)


async def test_a_transfer_of_nothing_writes_nothing(db: asyncpg.Pool) -> None:
    ann, bea = await member(), await member()

    assert await _move(0, _account(ann), _account(bea)) is False

    assert await _journal(db) == (0, 0)


async def test_a_transfer_is_undone_with_its_deed(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=10), await member()

    async def deed() -> None:
        async with work() as w:
            await ledger.transfers(
                w, [Movement(Credits(10), _account(ann), _account(bea), Reason.BOUNTY_AWARD)], key="award:1"
            )
            raise LookupError

    with pytest.raises(LookupError):
        await deed()

    assert (await available(ann), await available(bea)) == (10, 0)
    assert await _move(10, _account(ann), _account(bea), key="award:1") is True


async def test_many_movements_are_one_entry_and_all_or_none(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=50), await member()
    pledges = [Purse.pledge(PledgeId(new_id()), holder=ann.account_id) for _ in range(2)]
    async with work() as w:
        await ledger.transfers(
            w, [Movement(Credits(20), _account(ann), pledge, Reason.BOUNTY_PLEDGE) for pledge in pledges], key="pledge"
        )

    async def deed() -> None:
        async with work() as w:
            await ledger.transfers(
                w,
                [Movement(Credits(amount), pledges[0], _account(bea), Reason.BOUNTY_AWARD) for amount in (20, 1)],
                key="too much",
            )

    with pytest.raises(NotEnoughCredits):
        await deed()
    async with work() as w:
        held = [await ledger.balance(w, pledge) for pledge in pledges]
        moved = await ledger.transfers(
            w, [Movement(Credits(20), pledge, _account(bea), Reason.BOUNTY_AWARD) for pledge in pledges], key="award"
        )

    assert (held, moved) == ([20, 20], True)
    assert (await available(ann), await available(bea)) == (10, 40)
    assert await _books(db) == (0, 0)


async def test_escrow_is_what_lies_in_pledges_and_jobs(nobody: Scope, acting: Callable[[Actor], Scope]) -> None:
    ann, bea = await member(credits=100), await member()
    pledge = Purse.pledge(PledgeId(new_id()), holder=ann.account_id)
    job = Purse.job(JobId(new_id()), holder=ann.account_id)
    await _move(30, _account(ann), pledge)
    await _move(20, _account(ann), job)
    await _move(5, job, Purse.house())

    states = await ledger.purses_of_accounts(acting(ann), [ann.account_id, bea.account_id])

    assert states == {ann.account_id: ledger.PurseState(ann.account_id, Credits(50), Credits(45))}
    assert await ledger.purses_of_accounts(nobody, [ann.account_id]) == {}


async def test_balance_of_a_purse_that_was_never_used_is_nothing(db: asyncpg.Pool) -> None:
    async with work() as w:
        assert await ledger.balance(w, Purse.house()) == 0
        assert await ledger.balance(w, Purse.account(AccountId(new_id()))) == 0


async def test_a_new_member_gets_the_grant_once(system: Scope, db: asyncpg.Pool) -> None:
    ann = await member()

    for _ in range(3):
        await ledger.grant_to_new_account(system, AccountOpened(ann.account_id))

    assert await available(ann) == system.ports.policy.signup_grant
    assert await db.fetchval("SELECT balance FROM purse WHERE kind = 'MINT'") == -system.ports.policy.signup_grant
    assert await db.fetchval("SELECT at FROM fact ORDER BY id DESC LIMIT 1") is not None


# What the database itself refuses, whatever the code above it does.

_ENTRY = "INSERT INTO journal_entry (id, key) VALUES ($1, 'forged')"
_POSTING = """
    INSERT INTO posting (id, entry_id, purse_id, amount, reason)
    SELECT gen_random_uuid(), $1, id, $2, 'GRANT' FROM purse WHERE kind = 'ACCOUNT' ORDER BY id LIMIT 1
"""


async def _refused(db: asyncpg.Pool, message: str, *statements: tuple[Any, ...]) -> None:
    """Run statements in a transaction of their own that the database must refuse, and see that nothing changed."""
    before = await _books(db), await _journal(db)

    async def forge() -> None:
        async with work() as w:
            for sql, *arguments in statements:
                await w.execute(sql, *arguments)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=message):
        await forge()
    assert (await _books(db), await _journal(db)) == before


async def test_an_entry_that_does_not_balance_fails_at_commit(db: asyncpg.Pool) -> None:
    await member(credits=10)
    entry = new_id()

    await _refused(db, "does not balance: 1 postings add up to 5", (_ENTRY, entry), (_POSTING, entry, 5))
    await _refused(db, "does not balance: 0 postings add up to 0", (_ENTRY, entry))


async def test_a_committed_entry_gets_no_more_postings(db: asyncpg.Pool) -> None:
    await member(credits=10)
    entry = await db.fetchval("SELECT id FROM journal_entry")

    await _refused(db, "gets no more postings", (_POSTING, entry, 5), (_POSTING, entry, -5))


async def test_no_balance_goes_below_zero(db: asyncpg.Pool) -> None:
    await member(credits=10)
    entry = new_id()

    await _refused(db, "purse_balance", (_ENTRY, entry), (_POSTING, entry, -11))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE purse SET balance = balance + 1", "moves by postings alone"),
        ("UPDATE purse SET holder_id = NULL", "moves by postings alone"),
        ("DELETE FROM purse", "moves by postings alone"),
        (
            "INSERT INTO purse (id, kind, belongs_to, balance) SELECT gen_random_uuid(), 'HOUSE', id, 9 FROM account",
            "moves by postings alone",
        ),
        ("UPDATE posting SET amount = amount * 2", "the journal only grows"),
        ("DELETE FROM posting", "the journal only grows"),
        ("UPDATE journal_entry SET key = 'another'", "the journal only grows"),
        ("DELETE FROM journal_entry", "the journal only grows"),
    ],
)
async def test_history_is_not_rewritten(db: asyncpg.Pool, statement: str, message: str) -> None:
    await member(credits=10)

    await _refused(db, message, (statement,))


# Conservation.

_TRANSFERS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 80)).filter(lambda t: t[0] != t[1]), max_size=12
)


async def test_random_transfers_conserve_the_sum(db: asyncpg.Pool) -> None:
    ann, bea = await member(credits=100), await member(credits=100)
    purses = [
        _account(ann),
        _account(bea),
        Purse.pledge(PledgeId(new_id()), holder=ann.account_id),
        Purse.job(JobId(new_id()), holder=bea.account_id),
        Purse.house(),
        Purse.mint(),
    ]
    expected = dict.fromkeys(purses, 0) | {purses[0]: 100, purses[1]: 100, purses[5]: -200}

    async def play(moves: list[tuple[int, int, int]]) -> None:
        for debit, credit, amount in moves:
            source, target = purses[debit], purses[credit]
            affordable = source.may_owe or expected[source] >= amount
            try:
                moved = await _move(amount, source, target)
            except NotEnoughCredits as refusal:
                assert (affordable, refusal.needed, refusal.held) == (False, amount, expected[source])  # noqa: PT017
                continue
            assert affordable
            assert moved is (amount > 0)
            expected[source] -= amount
            expected[target] += amount
        async with work() as w:
            assert {purse: await ledger.balance(w, purse) for purse in purses} == expected
        assert await _books(db) == (0, 0)

    loop = asyncio.get_running_loop()

    @settings(max_examples=25, deadline=None)
    @given(_TRANSFERS)
    def search(moves: list[tuple[int, int, int]]) -> None:
        asyncio.run_coroutine_threadsafe(play(moves), loop).result(timeout=30)

    await asyncio.to_thread(search)


async def test_two_hundred_transfers_at_once_lose_no_credit_and_wait_in_no_circle(db: asyncpg.Pool) -> None:
    people = [await member(credits=100) for _ in range(5)]
    chance = random.Random(7)
    pairs = [chance.sample(people, 2) for _ in range(200)]

    outcomes = await asyncio.gather(
        *(_move(chance.randint(1, 30), _account(a), _account(b)) for a, b in pairs), return_exceptions=True
    )

    unforeseen = [each for each in outcomes if each is not True and not isinstance(each, NotEnoughCredits)]
    assert unforeseen == []
    assert outcomes.count(True) > 100
    assert sum([await available(each) for each in people]) == 500
    assert await _books(db) == (0, 0)


async def test_purses_that_are_new_to_everybody_are_made_once(db: asyncpg.Pool) -> None:
    people = [await member() for _ in range(6)]

    async def shower(order: list[Actor]) -> None:
        async with work() as w:
            await ledger.transfers(
                w,
                [Movement(Credits(1), Purse.mint(), _account(each), Reason.GRANT) for each in order],
                key=str(new_id()),
            )

    await asyncio.gather(*(shower(random.Random(n).sample(people, 6)) for n in range(30)))

    assert [await available(each) for each in people] == [30] * 6
    assert await db.fetchval("SELECT count(*) FROM purse") == 7


# Reading.


async def _history(db: asyncpg.Pool) -> tuple[Actor, Actor]:
    """Somebody with five entries, 10 to 50 credits, and a second purse beside it."""
    ann, bea = await member(), await member(credits=1)
    for amount in (10, 20, 30, 40, 50):
        await give(ann, amount)
    return ann, bea


async def test_entries_come_newest_first_page_by_page(acting: Callable[[Actor], Scope], db: asyncpg.Pool) -> None:
    ann, _ = await _history(db)
    scope = acting(ann)

    pages, after = [], None
    while True:
        page = (await ledger.entries_of_accounts(scope, [ann.account_id], PageAsk(2, after)))[ann.account_id]
        pages.append([(entry.amount, entry.balance_after) for entry in page.items])
        if not page.has_next:
            break
        after = page.keys[-1]
        await give(ann, 1)  # what comes in meanwhile moves nothing

    assert pages == [[(50, 150), (40, 100)], [(30, 60), (20, 30)], [(10, 10)]]


async def test_an_entry_says_when_why_and_about_what(
    system: Scope, acting: Callable[[Actor], Scope], clock: HandClock
) -> None:
    ann = await member(credits=100)
    about = Subject("bounty", UUID(int=9))
    at = clock.now() - timedelta(hours=1)
    async with work() as w:
        await ledger.transfers(
            w,
            [Movement(Credits(40), _account(ann), Purse.house(), Reason.GENERATION_CHARGE, about)],
            key="charge",
            at=at,
        )

    page = (await ledger.entries_of_accounts(acting(ann), [ann.account_id], PageAsk(1)))[ann.account_id]

    [entry] = page.items
    assert (entry.at, entry.amount, entry.reason, entry.balance_after, entry.subject) == (
        at,
        -40,
        Reason.GENERATION_CHARGE,
        60,
        about,
    )
    assert await ledger.entries_by_ids(acting(ann), [entry.id]) == {entry.id: entry}


async def test_entries_are_seen_by_their_holder_and_moderators_alone(
    nobody: Scope, acting: Callable[[Actor], Scope], db: asyncpg.Pool
) -> None:
    ann, bea = await _history(db)
    judge = await moderator()
    ids = [ann.account_id, bea.account_id]
    [entry] = (await ledger.entries_of_accounts(acting(bea), ids, PageAsk(9)))[bea.account_id].items

    pages = [
        {account: len(page.items) for account, page in found.items()}
        for found in [
            await ledger.entries_of_accounts(scope, ids, PageAsk(9))
            for scope in (acting(ann), acting(bea), acting(judge), nobody)
        ]
    ]
    single = [
        set(await ledger.entries_by_ids(scope, [entry.id]))
        for scope in (acting(ann), acting(bea), acting(judge), nobody)
    ]

    assert pages == [{ann.account_id: 5}, {bea.account_id: 1}, {ann.account_id: 5, bea.account_id: 1}, {}]
    assert single == [set(), {entry.id}, {entry.id}, set()]


async def test_legs_of_purses_that_are_no_accounts_are_nobodys_entries(db: asyncpg.Pool, system: Scope) -> None:
    await member(credits=5)
    minted = await db.fetchval(
        "SELECT posting.id FROM posting JOIN purse ON purse.id = posting.purse_id WHERE kind = 'MINT'"
    )

    assert await ledger.entries_by_ids(system, [minted]) == {}


async def test_reading_takes_one_statement_for_any_number_of_purses(db: asyncpg.Pool, system: Scope) -> None:
    people = [await member(credits=5) for _ in range(7)]
    ids = [each.account_id for each in people]

    with counted(db) as statements:
        await ledger.purses_of_accounts(system, ids)
        await ledger.entries_of_accounts(system, ids, PageAsk(5))

    assert len(statements) == 2


async def test_a_forged_cursor_is_an_invalid_input(db: asyncpg.Pool, system: Scope) -> None:
    ann = await member(credits=5)

    with pytest.raises(InvalidInput) as refused:
        await ledger.entries_of_accounts(system, [ann.account_id], PageAsk(5, ("x",)))

    assert refused.value.field == "after"
