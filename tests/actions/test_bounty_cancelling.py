"""Calling a bounty off: authors of accepted entries share a part of the pot, backers get the rest, to the credit."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import bounties, ledger
from domain.bounties import Bounty, BountyStatus
from domain.kernel.findings import Verdict
from domain.kernel.ids import Credits
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from tests.actions.bounties import accepted, escrowed, opened, some_moderator, somebody, submitted, told, validated
from tests.factories import available


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _purses(*scopes: Scope) -> list[int]:
    return [await available(scope.require_actor()) for scope in scopes]


async def _payouts(bounty: Bounty) -> int:
    return len(await fetch("SELECT FROM journal_entry WHERE key = $1", f"bounty-payout:{bounty.id}"))


async def _received(news: str) -> dict[Any, int]:
    rows = await fetch("SELECT body FROM fact WHERE kind = 'StakeholderTold' AND body ->> 'news' = $1", news)
    bodies = [json.loads(row["body"]) for row in rows]
    return {body["account_id"]: body["credits"] for body in bodies}


async def test_authors_of_accepted_entries_share_a_tenth_and_backers_get_the_rest(ports: Ports, tmp_path: Path) -> None:
    initiator, backer, first, second, late = [await somebody(ports) for _ in range(5)]
    bounty = await opened(initiator, pledge=Credits(700))
    await bounties.pledge(backer, bounty.id, Credits(305))
    for author in (first, second, first):  # two entries of one author are one share
        await accepted(author, bounty, tmp_path)
    await submitted(late, bounty, tmp_path)

    after = await bounties.cancel(initiator, bounty.id)

    # A tenth of 1,005 is 100: 50 each. The 905 that are left go back as 630.35 and 274.65.
    assert (after.status, after.pot) == (BountyStatus.CANCELLED, 1005)
    assert await _purses(first, second, late) == [1050, 1050, 1000]
    assert await _purses(initiator, backer) == [300 + 630, 695 + 275]
    assert (await escrowed(), await _payouts(bounty), await told("BountyCancelled")) == (0, 1, 1)
    assert await _received("CANCELLED") == {
        str(backer.account_id): 275,
        str(first.account_id): 50,
        str(second.account_id): 50,
        str(late.account_id): 0,
    }


async def test_the_ledger_names_what_an_author_got(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await accepted(author, bounty, tmp_path)

    await bounties.cancel(initiator, bounty.id)

    page = await ledger.entries_of_accounts(author, [author.account_id], PageAsk(1))  # type: ignore[list-item]
    [entry] = page[author.account_id].items  # type: ignore[index]
    assert (entry.amount, entry.reason, entry.subject) == (10, ledger.Reason.BOUNTY_CANCEL_SHARE, entry.subject)
    assert entry.subject is not None
    assert entry.subject.id == bounty.id


@pytest.mark.parametrize(("percent", "share"), [(0, 0), (25, 25), (100, 100)])
async def test_the_share_is_the_operators_to_set(ports: Ports, tmp_path: Path, percent: int, share: int) -> None:
    ports = replace(ports, policy=Policy(signup_grant=0, cancel_share_percent=percent))
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await accepted(author, bounty, tmp_path)

    await bounties.cancel(initiator, bounty.id)

    assert await _purses(initiator, author) == [1000 - share, 1000 + share]
    assert await escrowed() == 0


@pytest.mark.parametrize("state", ["draft", "scanning", "held", "blocked", "withdrawn", "reversed"])
async def test_an_entry_that_could_not_win_gets_no_share(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path, state: str
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    if state == "draft":
        await bounties.draft_entry(author, bounty.id)
    elif state in ("withdrawn", "reversed"):
        entry = await accepted(author, bounty, tmp_path)
    else:
        await submitted(author, bounty, tmp_path)
    if state in ("held", "blocked"):
        await validated(ports, Verdict(state.upper()))
    if state == "withdrawn":
        await bounties.withdraw_entry(author, entry.id)
    if state == "reversed":
        await db.execute("UPDATE scan SET verdict = 'BLOCKED'")

    await bounties.cancel(initiator, bounty.id)

    assert (await _purses(initiator, author), await escrowed()) == ([1000, 1000], 0)


async def test_a_moderators_cancellation_pays_the_authors_too(ports: Ports, tmp_path: Path) -> None:
    initiator, author, moderator = await somebody(ports), await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await accepted(author, bounty, tmp_path)

    await bounties.cancel(moderator, bounty.id)

    assert (await _purses(initiator, author), await escrowed()) == ([990, 1010], 0)
    assert await _received("CANCELLED") == {str(initiator.account_id): 90, str(author.account_id): 10}


async def test_a_share_that_is_less_than_a_credit_goes_back(ports: Ports, tmp_path: Path) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(10))
    for author in (first, second):
        await accepted(author, bounty, tmp_path)

    await bounties.cancel(initiator, bounty.id)

    assert (await _purses(initiator, first, second), await escrowed()) == ([1000, 1000, 1000], 0)


async def test_of_many_cancellations_at_once_one_pays(ports: Ports, tmp_path: Path) -> None:
    initiator, author, moderator = await somebody(ports), await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await accepted(author, bounty, tmp_path)

    answers = await asyncio.gather(
        *(bounties.cancel(scope, bounty.id) for scope in (initiator, moderator) * 5), return_exceptions=True
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 9
    assert (await _purses(initiator, author), await _payouts(bounty)) == ([990, 1010], 1)
