"""Lists of bounties: filters, search, three orders by keyset, and the public figures."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain import bounties, moderation
from domain.bounties import Bounty, BountyFilter, BountyKind, BountyOrder, BountyStatus
from domain.kernel.clock import HandClock
from domain.kernel.ids import Credits
from domain.kernel.paging import Page, PageAsk, ask, cursor
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import InvalidInput
from domain.kernel.scope import Scope
from tests.actions.bounties import accepted, opened, somebody, submitted
from tests.factories import system_scope


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


def _titles(page: Page[Bounty]) -> list[str]:
    return [bounty.title for bounty in page.items]


async def _five(ports: Ports) -> Scope:
    """Five bounties of one initiator, whose pots and deadlines are in other orders than their age."""
    initiator = await somebody(ports, credits=10_000)
    for title, pot, days in [("a", 300, 3), ("b", 100, 5), ("c", 300, 1), ("d", 500, 3), ("e", 100, 2)]:
        closes_at = initiator.now + timedelta(days=days)
        await opened(initiator, title=title, pledge=Credits(pot), closes_at=closes_at)
    return initiator


@pytest.mark.parametrize(
    ("order", "titles"),
    [(BountyOrder.NEWEST, "edcba"), (BountyOrder.CLOSING_SOON, "ceadb"), (BountyOrder.LARGEST_POT, "dcaeb")],
)
async def test_each_order_pages_through_all_of_them_once(ports: Ports, order: BountyOrder, titles: str) -> None:
    await _five(ports)
    found: list[str] = []
    asked: PageAsk | None = PageAsk(2)

    while asked is not None:
        page = await bounties.bounty_page(system_scope(), BountyFilter(), order, asked, total=True)
        assert page.total == 5
        found += _titles(page)
        after = cursor(page.keys[-1])
        asked = ask(2, after, width=bounties.KEY_WIDTH[order]) if page.has_next else None

    assert "".join(found) == titles


async def test_what_is_opened_meanwhile_moves_nothing(ports: Ports) -> None:
    initiator = await _five(ports)
    first = await bounties.bounty_page(system_scope(), BountyFilter(), BountyOrder.NEWEST, PageAsk(2))

    await opened(initiator, title="f")
    second = await bounties.bounty_page(system_scope(), BountyFilter(), BountyOrder.NEWEST, PageAsk(2, first.keys[-1]))

    assert (_titles(first), _titles(second), second.has_previous) == (["e", "d"], ["c", "b"], True)


async def test_closing_soon_shows_what_is_open_unless_another_status_is_asked_for(
    ports: Ports, system: Scope, clock: HandClock
) -> None:
    await _five(ports)
    clock.turn(timedelta(days=2))
    await bounties.close_due(system)

    running = await bounties.bounty_page(system_scope(), BountyFilter(), BountyOrder.CLOSING_SOON, PageAsk())
    judging = await bounties.bounty_page(
        system_scope(), BountyFilter(status=BountyStatus.JUDGING), BountyOrder.CLOSING_SOON, PageAsk()
    )

    assert (_titles(running), _titles(judging)) == (["a", "d", "b"], ["c", "e"])


async def test_filters_narrow_the_list(ports: Ports) -> None:
    initiator, other = await somebody(ports), await somebody(ports)
    await opened(initiator, title="Paper boats", brief="Folded from newsprint.")
    await opened(initiator, title="Tin boats", kind=BountyKind.EMBEDDING, pledge=Credits(200))
    await opened(other, title="Paper planes", mature=True)

    async def titles(wanted: BountyFilter) -> list[str]:
        return _titles(
            await bounties.bounty_page(system_scope(), bounties.checked_filter(wanted), BountyOrder.NEWEST, PageAsk())
        )

    assert await titles(BountyFilter()) == ["Tin boats", "Paper boats"]
    assert await titles(BountyFilter(mature=True)) == ["Paper planes", "Tin boats", "Paper boats"]
    assert await titles(BountyFilter(kind=BountyKind.EMBEDDING)) == ["Tin boats"]
    assert await titles(BountyFilter(min_pot=Credits(101))) == ["Tin boats"]
    assert await titles(BountyFilter(initiator_id=other.account_id, mature=True)) == ["Paper planes"]
    assert await titles(BountyFilter(status=BountyStatus.AWARDED)) == []
    assert await titles(BountyFilter(search="boats -tin")) == ["Paper boats"]
    assert await titles(BountyFilter(search="NEWSPRINT")) == ["Paper boats"]
    assert await titles(BountyFilter(search="  ")) == ["Tin boats", "Paper boats"]
    assert await titles(BountyFilter(search="\"' | & ! ( <->")) == []


def test_a_search_that_no_database_holds_is_refused() -> None:
    for search in ("a\0b", "\ud800", "a" * 201):
        with pytest.raises(InvalidInput) as refused:
            bounties.checked_filter(BountyFilter(search=search))
        assert refused.value.field == "filter.search"


@pytest.mark.parametrize("order", list(BountyOrder))
@pytest.mark.parametrize("key", [("x", "y"), (2**70, "y"), (1.5, "0" * 32), ("", 1)])
async def test_a_cursor_made_by_hand_is_refused(
    ports: Ports, order: BountyOrder, key: tuple[str | int | float, ...]
) -> None:
    asked = PageAsk(2, key[: bounties.KEY_WIDTH[order]])

    with pytest.raises(InvalidInput) as refused:
        await bounties.bounty_page(system_scope(), BountyFilter(), order, asked)

    assert refused.value.field == "after"


async def test_a_filter_tells_which_of_some_bounties_match(ports: Ports) -> None:
    initiator = await somebody(ports)
    small, large = await opened(initiator), await opened(initiator, pledge=Credits(500))

    found = await bounties.matching_bounties([small.id, large.id], BountyFilter(min_pot=Credits(200)))

    assert found == {large.id: large}


async def test_the_transparency_report_counts_what_happened_in_its_span(
    ports: Ports, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    start = clock.now()
    plain, depicting = await opened(initiator), await opened(initiator, depicts_real_person=True)
    await accepted(author, plain, tmp_path)
    await submitted(author, plain, tmp_path)
    await submitted(author, depicting, tmp_path)
    await bounties.draft_entry(author, depicting.id)
    clock.turn(timedelta(hours=1))
    end = clock.now()
    await opened(initiator)

    report = await moderation.transparency(initiator, start, end)
    later = await moderation.transparency(initiator, end, end + timedelta(days=1))

    assert (report.bounties_opened, report.bounties_depicting_real_people) == (2, 1)
    assert (report.entries_submitted, report.real_person_entry_share) == (3, 1 / 3)
    assert (later.bounties_opened, later.entries_submitted, later.real_person_entry_share) == (1, 0, None)
    assert (report.claims_received, report.reports_filed, report.rewards_paid, report.generations_refused) == (
        0,
        0,
        0,
        0,
    )
    with pytest.raises(InvalidInput) as refused:
        await moderation.transparency(initiator, end, start)
    assert refused.value.field == "to"
