"""How texts of members are judged: counted first, beside the loop, each once, and never by an older registry."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from domain import bounties, generation, moderation, resources
from domain.bounties import EntryStatus, Review, TermsChange
from domain.kernel.ids import new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import LikenessRefused, RateLimited, RegistryUnread
from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.registry.matching import Matcher
from domain.registry.snapshot import Person, Snapshot
from domain.resources import Judge
from tests import fakes
from tests.actions.bounties import opened, some_moderator, somebody, uploaded
from tests.resourcing import NAME, drafted
from tests.studio import studio

ALDEBARAN = Snapshot(version=1, persons=(Person(id=new_id(), name=NAME),))
RISKY = "A LoRA of my neighbour, please."

Deed = Callable[[], Awaitable[object]]


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


class Full(fakes.NoLimits):
    """A limiter that lets nobody through, and counts."""

    async def hit(self, rule: str, key: str) -> int | None:
        await super().hit(rule, key)
        return 60


def watched(ports: Ports, matcher: fakes.WatchedMatcher | None = None) -> fakes.WatchedMatcher:
    """Have the process judge by a matcher that notes what it is asked."""
    assert isinstance(ports.registry, fakes.HeldRegistry)
    ports.registry.matcher = found = matcher or fakes.WatchedMatcher()
    return found


def adopting(ports: Ports, matcher: fakes.WatchedMatcher) -> Callable[[], None]:
    """Say what has the process judge by another matcher."""

    def adopt() -> None:
        watched(ports, matcher)

    return adopt


def how_often(matcher: Matcher, text: str) -> int:
    return len(matcher.match(text))


async def bounty_deed(name: str, ports: Ports, folder: Path) -> tuple[Deed, list[str]]:
    """Prepare a deed on a bounty that judges texts; gives it with the texts that it judges."""
    someone, initiator = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, brief=RISKY if name == "review" else "Calm seas.")
    deed: Deed
    match name:
        case "open":
            deed, texts = partial(opened, initiator, title="Boats", brief="At night."), ["Boats", "At night."]
        case "change":
            deed = partial(bounties.change_terms, initiator, bounty.id, TermsChange(brief="Rough seas."))
            texts = [bounty.title, "Rough seas."]
        case "enter":
            deed, texts = partial(bounties.draft_entry, someone, bounty.id, note="As asked."), ["As asked."]
        case "submit":
            entry = await bounties.draft_entry(someone, bounty.id, note="As asked.")
            await uploaded(someone, entry.id, folder)
            deed, texts = partial(bounties.submit_entry, someone, entry.id), ["As asked."]
        case _:
            moderator = await some_moderator(ports)
            deed = partial(moderation.review_bounty, moderator, bounty.id, Review.LIST, explanation="Fine.")
            texts = [bounty.title, RISKY]
    return deed, texts


async def deed_of(name: str, ports: Ports, folder: Path) -> tuple[Deed, list[str]]:
    """Prepare any deed that judges texts, in the manner of `bounty_deed`."""
    if name == "draft":
        owner = await somebody(ports)
        return partial(drafted, owner, title="Boats", description="", trigger_words=("bts",)), ["Boats", "", "bts"]
    if name in ("quote", "request"):
        given = await studio(ports)
        wish = given.wish(negative_prompt="people", uses=(generation.Use(given.lora),))
        ask = generation.quote if name == "quote" else generation.request
        of_resources = ["A checkpoint", "", "Watercolour", "Soft washes.", "lghths"]
        return partial(ask, given.scope, wish), [*of_resources, "a lighthouse", "people"]
    return await bounty_deed(name, ports, folder)


@pytest.mark.parametrize("name", ["open", "change", "enter", "submit", "review", "draft", "quote", "request"])
async def test_each_text_is_matched_once_and_beside_the_loop(ports: Ports, tmp_path: Path, name: str) -> None:
    deed, texts = await deed_of(name, ports, tmp_path)
    matcher = watched(ports)

    await deed()

    assert matcher.texts == texts
    assert {thread.rpartition("_")[0] for _, thread in matcher.asked} == {"beside"}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("open", "bounty-open"),
        ("change", "bounty-change"),
        ("enter", "entry-draft"),
        ("submit", "entry-submit"),
        ("draft", "draft"),
        ("quote", "quote"),
        ("request", "generation"),
    ],
)
async def test_whoever_asks_too_often_is_refused_before_a_text_is_matched(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, rule: str
) -> None:
    deed, _ = await deed_of(name, ports, tmp_path)
    matcher, full = watched(ports), Full()
    monkeypatch.setattr(ports.limiter, "hit", full.hit)

    with pytest.raises(RateLimited):
        await deed()

    assert [counted for counted, _ in full.hits] == [rule]
    assert matcher.asked == []


async def test_a_refused_draft_counts(db: asyncpg.Pool, ports: Ports) -> None:
    someone = await somebody(ports)
    watched(ports, fakes.WatchedMatcher(ALDEBARAN))

    with pytest.raises(LikenessRefused):
        await drafted(someone, title=f"{NAME} style")

    assert ports.limiter.hits == [("draft", str(someone.account_id))]  # type: ignore[attr-defined]  # the stand-in counts
    assert await db.fetchval("SELECT count(*) FROM resource") == 0


async def test_a_bounty_is_judged_again_where_the_registry_changes_meanwhile(db: asyncpg.Pool, ports: Ports) -> None:
    someone, newer = await somebody(ports), fakes.WatchedMatcher(ALDEBARAN)
    older = watched(ports, fakes.WatchedMatcher(then=adopting(ports, newer)))

    with pytest.raises(LikenessRefused):
        await opened(someone, title=NAME, brief="At night.")

    assert (older.texts, newer.texts[:2]) == ([NAME, "At night."], [NAME, "At night."])
    assert await db.fetchval("SELECT count(*) FROM bounty") == 0


async def test_an_entry_is_judged_again_where_the_registry_changes_meanwhile(ports: Ports, tmp_path: Path) -> None:
    someone, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(someone, bounty.id, note=NAME)
    await uploaded(someone, entry.id, tmp_path)
    watched(ports, fakes.WatchedMatcher(then=adopting(ports, fakes.WatchedMatcher(ALDEBARAN))))

    with pytest.raises(LikenessRefused):
        await bounties.submit_entry(someone, entry.id)

    assert (await bounties.entries_by_ids(someone, [entry.id]))[entry.id].status is EntryStatus.DRAFT


async def test_a_judge_keeps_answers_while_the_registry_stays(ports: Ports, system: Scope) -> None:
    watched(ports, fakes.WatchedMatcher(ALDEBARAN))
    judge = Judge(system)

    before = await judge.ask(how_often, NAME)
    matcher = watched(ports, fakes.WatchedMatcher(ALDEBARAN))
    async with work() as w:
        await judge.hold(w)
        within = await judge.ask(how_often, NAME)
        other = await judge.ask(how_often, "nobody")

    assert (before, within, other, judge.version) == (1, 1, 0, 1)
    assert matcher.texts == ["nobody"]


async def test_a_judge_does_not_judge_by_an_older_registry_than_is_applied(ports: Ports, system: Scope) -> None:
    judge = Judge(system)
    await resources.announce_registry(system, 1)

    async with work() as w:
        with pytest.raises(RegistryUnread):
            await judge.hold(w)
