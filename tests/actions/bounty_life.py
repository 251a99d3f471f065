"""A world in which people do to bounties whatever they like, in any order, and what has to hold after each step."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from domain import bounties, likeness, moderation
from domain.bounties import BountyStatus, Review, Share, TermsChange
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import BountyId, Credits, EntryId, PersonId
from domain.kernel.ports import Ports
from domain.kernel.refusals import Refusal
from domain.kernel.scope import Actor, Scope
from tests import factories
from tests.actions.bounties import followed, opened, some_moderator, somebody, uploaded, validated
from tests.actions.bounty_proofs import FINAL, MOVES, prove_books, prove_bounties, prove_reads
from tests.resourcing import a_draft, adopted, registered
from tests.sweeping import swept

T = TypeVar("T")
Deed = Callable[[], Coroutine[Any, Any, Any]]

PURSE = 400
"""What each member has at the beginning of a history."""
MEMBERS = 5
"""The first and the last of them have the same mailbox."""
VERDICTS = [Verdict.CLEAN] * 4 + list(Verdict)
STARS = ("Aldebaran", "Bellatrix", "Capella", "Deneb", "Electra", "Fomalhaut", "Hadar", "Kochab", "Mirfak", "Sirius")
"""The names of those who may be protected, another one in each history."""


@dataclass
class World:
    """A database, its people and its time; histories follow each other in it."""

    loop: asyncio.AbstractEventLoop
    ports: Ports
    clock: HandClock
    folder: Path
    people: list[Scope] = field(default_factory=list)
    """The members, and last the moderator."""
    granted: int = 0
    histories: int = 0

    @property
    def system(self) -> Scope:
        """The product itself."""
        return Scope.of_system(self.ports)

    @property
    def kin(self) -> Sequence[Scope]:
        """The two members who are linked."""
        return self.people[0], self.people[MEMBERS - 1]

    def run(self, deed: Coroutine[Any, Any, T]) -> T:
        """Do a deed on the loop where the pool lives; rules run in a thread of their own."""
        return asyncio.run_coroutine_threadsafe(deed, self.loop).result(30)

    async def settle(self) -> None:
        """Bring the people together."""
        self.people = [await somebody(self.ports, credits=0) for _ in range(MEMBERS - 1)]
        first = self.people[0].require_actor()
        twin = await factories.signed_in(email=f"{first.handle}+twin@example.org")
        self.people.append(Scope(self.ports, Actor(twin.account.id, twin.account.handle, twin.account.role)))
        self.people.append(await some_moderator(self.ports))

    async def enrich(self) -> None:
        """Fill every member's purse up."""
        for member in self.people[:MEMBERS]:
            short = max(0, PURSE - await factories.available(member.require_actor()))
            if short:
                await factories.give(member.require_actor(), short)
            self.granted += short

    async def time_passes(self, hours: int) -> None:
        """Turn the clock, and have it do what is due."""
        self.clock.turn(timedelta(hours=hours))
        for due in (bounties.close_due, bounties.remind_due, bounties.refund_due, bounties.auto_award_due):
            await due(self.system)


class BountyLife(RuleBasedStateMachine):
    """Everything that can happen to bounties. `world` is set by a subclass."""

    world: World
    bounty_ids = Bundle("bounty_ids")
    entry_ids = Bundle("entry_ids")
    members = st.integers(0, MEMBERS - 1)
    people = st.integers(0, MEMBERS)
    whoever = st.none() | people
    """Who does a deed: None is whose it is to do it, in half of the cases."""
    texts = st.sampled_from(["plain", "plain", "named", "doubtful"])

    def __init__(self) -> None:
        super().__init__()
        self.stands: dict[BountyId, BountyStatus] = {}
        self.initiators: dict[BountyId, int] = {}
        self.entries: dict[EntryId, BountyId] = {}
        self.authors: dict[EntryId, int] = {}
        self.protected: PersonId | None = None
        self.last: Deed | None = None
        self.name = f"Test Person {STARS[self.world.histories % len(STARS)]}"
        self.world.histories += 1
        self.world.run(self.world.enrich())

    def attempt(self, deed: Deed) -> Any:
        """Do a deed that may be refused; anything but a refusal is a defect."""
        self.last = deed
        try:
            return self.world.run(deed())
        except Refusal:
            return None

    def must_be_refused_now(self) -> None:
        """Do the last deed once more; it must not be done twice."""
        assert self.last is not None
        assert self.attempt(self.last) is None

    def scope(self, who: int | None, bounty_id: BountyId | None = None) -> Scope:
        return self.world.people[self.initiators[bounty_id] if who is None and bounty_id else who or 0]

    def texts_of(self, kind: str) -> dict[str, Any]:
        """A title and a brief that ask for nothing special, name somebody, or need a moderator's look."""
        title = f"In the manner of {self.name}" if kind == "named" else "Watercolour lighthouses"
        brief = "A LoRA of my neighbour, please." if kind == "doubtful" else "A LoRA that paints lighthouses."
        return {"title": title, "brief": brief}

    @initialize(target=bounty_ids, who=members, pledge=st.integers(10, 60), auto_award=st.booleans())
    def begin(self, who: int, pledge: int, *, auto_award: bool) -> Any:
        return self.open(who, pledge, 2, "plain", auto_award=auto_award)

    @precondition(lambda self: len(self.stands) < 3)
    @rule(
        target=bounty_ids,
        who=members,
        pledge=st.integers(5, 60),
        days=st.integers(1, 3),
        texts=texts,
        auto_award=st.booleans(),
    )
    def open(self, who: int, pledge: int, days: int, texts: str, *, auto_award: bool) -> Any:
        scope = self.scope(who)
        closes_at = scope.now + timedelta(days=days)
        terms = {"pledge": Credits(pledge), "closes_at": closes_at, "auto_award": auto_award, **self.texts_of(texts)}
        bounty = self.attempt(lambda: opened(scope, **terms))
        if bounty is None:
            return multiple()
        self.stands[bounty.id], self.initiators[bounty.id] = bounty.status, who
        return bounty.id

    @rule(who=members, bounty_id=bounty_ids, amount=st.integers(5, 150))
    def pledge(self, who: int, bounty_id: BountyId, amount: int) -> None:
        self.attempt(lambda: bounties.pledge(self.scope(who), bounty_id, Credits(amount)))

    @rule(who=whoever, bounty_id=bounty_ids, texts=texts, auto_award=st.booleans())
    def change_terms(self, who: int | None, bounty_id: BountyId, texts: str, *, auto_award: bool) -> None:
        change = TermsChange(auto_award=auto_award, **self.texts_of(texts))
        self.attempt(lambda: bounties.change_terms(self.scope(who, bounty_id), bounty_id, change))

    @rule(who=whoever, bounty_id=bounty_ids, days=st.integers(1, 9))
    def extend(self, who: int | None, bounty_id: BountyId, days: int) -> None:
        closes_at = self.world.clock.now() + timedelta(days=days)
        self.attempt(lambda: bounties.extend(self.scope(who, bounty_id), bounty_id, closes_at))

    @precondition(lambda self: len(self.entries) < 5)
    @rule(target=entry_ids, who=members, bounty_id=bounty_ids)
    def draft(self, who: int, bounty_id: BountyId) -> Any:
        entry = self.attempt(lambda: bounties.draft_entry(self.scope(who), bounty_id))
        if entry is None:
            return multiple()
        self.entries[entry.id], self.authors[entry.id] = bounty_id, who
        return entry.id

    @precondition(lambda self: len(self.entries) < 5)
    @rule(target=entry_ids, who=members, bounty_id=bounty_ids, verdict=st.sampled_from(VERDICTS))
    def enter(self, who: int, bounty_id: BountyId, verdict: Verdict) -> Any:
        entry_id = self.draft(who, bounty_id)
        if entry_id == multiple():
            return entry_id
        self.world.run(uploaded(self.scope(who), entry_id, self.world.folder))
        self.submit(who, entry_id)
        if verdict is not Verdict.PENDING:
            self.world.run(validated(self.world.ports, verdict))
        return entry_id

    @rule(who=people, entry_id=entry_ids)
    def submit(self, who: int, entry_id: EntryId) -> None:
        self.attempt(lambda: bounties.submit_entry(self.scope(who), entry_id))

    @rule(verdict=st.sampled_from(VERDICTS))
    def validate(self, verdict: Verdict) -> None:
        self.world.run(validated(self.world.ports, Verdict.CLEAN if verdict is Verdict.PENDING else verdict))

    @rule(who=whoever, entry_id=entry_ids)
    def withdraw(self, who: int | None, entry_id: EntryId) -> None:
        author = self.authors[entry_id] if who is None else who
        self.attempt(lambda: bounties.withdraw_entry(self.scope(author), entry_id))

    @rule(who=whoever, entry_id=entry_ids)
    def delete_files(self, who: int | None, entry_id: EntryId) -> None:
        author = self.authors[entry_id] if who is None else who
        self.attempt(lambda: bounties.delete_files(self.scope(author), entry_id))

    @rule(who=whoever, entry_id=entry_ids)
    def award(self, who: int | None, entry_id: EntryId) -> None:
        """Award an entry, whatever its state; a second time must be refused."""
        bounty_id = self.entries[entry_id]
        if self.attempt(lambda: bounties.award(self.scope(who, bounty_id), bounty_id, to=entry_id)):
            self.must_be_refused_now()

    @precondition(lambda self: len(self.entries) < 5)
    @rule(who=members, bounty_id=bounty_ids, public=st.booleans())
    def win(self, who: int, bounty_id: BountyId, *, public: bool) -> None:
        """Enter with a clean file and have the initiator award it, and perhaps publish what they bought."""
        if (entry_id := self.enter(who, bounty_id, Verdict.CLEAN)) != multiple():
            self.award(None, entry_id)
            if public:
                self.publish(None, entry_id)

    @rule(who=whoever, first=entry_ids, second=entry_ids, percent=st.integers(0, 100))
    def split(self, who: int | None, first: EntryId, second: EntryId, percent: int) -> None:
        bounty_id, shares = self.entries[first], [Share(first, percent), Share(second, 100 - percent)]
        if self.attempt(lambda: bounties.split(self.scope(who, bounty_id), bounty_id, shares)):
            self.must_be_refused_now()

    @precondition(lambda self: len(self.entries) < 5)
    @rule(one=members, other=members, bounty_id=bounty_ids, percent=st.integers(1, 99))
    def share(self, one: int, other: int, bounty_id: BountyId, percent: int) -> None:
        """Enter twice with clean files and have the initiator split the pot."""
        first, second = (self.enter(who, bounty_id, Verdict.CLEAN) for who in (one, other))
        if multiple() not in (first, second):
            self.split(None, first, second, percent)

    @rule(who=whoever, bounty_id=bounty_ids, sure=st.booleans())
    def cancel(self, who: int | None, bounty_id: BountyId, *, sure: bool) -> None:
        # Not every time, or hardly a bounty would live to be judged.
        if sure and self.attempt(lambda: bounties.cancel(self.scope(who, bounty_id), bounty_id)):
            self.must_be_refused_now()

    @rule(who=whoever, bounty_id=bounty_ids, decision=st.sampled_from(Review))
    def review(self, who: int | None, bounty_id: BountyId, decision: Review) -> None:
        """Decide about a bounty that waits for a moderator."""
        scope = self.scope(MEMBERS if who is None else who)
        self.attempt(lambda: moderation.review_bounty(scope, bounty_id, decision, explanation="As it seems."))

    @rule(who=whoever, entry_id=entry_ids)
    def publish(self, who: int | None, entry_id: EntryId) -> None:
        scope = self.scope(who, self.entries[entry_id])
        self.attempt(lambda: bounties.publish_outcome(scope, entry_id, a_draft()))

    @rule(hours=st.integers(1, 30), noticed=st.booleans())
    def wait(self, hours: int, *, noticed: bool) -> None:
        """Time passes, and the clock that writes down what it brings comes by, or not."""
        if noticed:
            self.world.run(self.world.time_passes(hours))
        else:
            self.world.clock.turn(timedelta(hours=hours))

    @precondition(lambda self: self.last is not None)
    @rule()
    def try_again(self) -> None:
        """Do the last deed once more, as a client does that has heard no answer."""
        if self.last is not None:
            self.attempt(self.last)

    @rule(sure=st.booleans())
    def protect(self, *, sure: bool) -> None:
        """Somebody is protected now; what names them is held. Or, the next time, no longer."""
        if sure:
            self.world.run(self._protect())

    async def _protect(self) -> None:
        if self.protected is None:
            person, _ = await registered(self.world.people[0], self.name)
            self.protected = person.id
        else:
            await likeness.withdraw(self.world.system, self.protected)
            await adopted(self.world.system)
            self.protected = None
        await swept(self.world.system)
        await followed(self.world.ports)

    @invariant()
    def every_promise_is_kept(self) -> None:
        self.world.run(self._prove())

    async def _prove(self) -> None:
        await prove_books(granted=self.world.granted)
        stands = await prove_bounties(self.stands, kin=self.world.kin)
        for bounty_id, status in stands.items():
            between = MOVES[self.stands[bounty_id]]
            assert status in between or any(status in MOVES[other] for other in between)
        self.stands = stands
        if FINAL & set(stands.values()):
            await prove_reads(self.world.people, self.world.system, list(self.entries))

    def teardown(self) -> None:
        """Let all time run out: every bounty ends, and nothing is left in escrow."""
        self.world.run(self._end())

    async def _end(self) -> None:
        if self.protected is not None:
            await self._protect()
        for _ in range(2):  # the first time closes what is open
            await self.world.time_passes(24 * 20)
        await self._prove()
        assert set(self.stands.values()) <= FINAL
        await prove_reads(self.world.people, self.world.system, list(self.entries))
        await followed(self.world.ports)
