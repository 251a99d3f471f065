"""Random histories of bounties against the real database: no credit is lost or made, no pot is paid out twice, and an
outcome opens for nobody but the initiator of the bounty that was awarded to it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain import bounties
from domain.bounties import Bounty, BountyEntry, BountyStatus, EntryStatus
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import BountyId, Credits, EntryId
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Refusal
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from tests.actions.bounties import escrowed, opened, some_moderator, somebody, uploaded, validated

T = TypeVar("T")

PURSE = 400
MEMBERS = 4
FINAL = {BountyStatus.AWARDED, BountyStatus.REFUNDED, BountyStatus.CANCELLED}
VERDICTS = st.sampled_from([Verdict.CLEAN, Verdict.CLEAN, Verdict.CLEAN, Verdict.PENDING, *Verdict])


def machine(
    loop: asyncio.AbstractEventLoop, ports: Ports, clock: HandClock, truncation: str, folder: Path
) -> type[RuleBasedStateMachine]:
    """Make the machine's class; its rules run in a thread and their deeds on `loop`, where the pool lives."""

    def run(deed: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(deed, loop).result(30)

    class Bounties(RuleBasedStateMachine):
        bounty_ids = Bundle("bounty_ids")
        entry_ids = Bundle("entry_ids")
        people = st.integers(0, MEMBERS)
        """The members, and last the moderator."""
        members = st.integers(0, MEMBERS - 1)

        def __init__(self) -> None:
            super().__init__()
            self.ended: dict[BountyId, Bounty] = {}
            self.scopes: list[Scope] = run(self._begin())

        async def _begin(self) -> list[Scope]:
            await pool().execute(truncation)
            members = [await somebody(ports, credits=PURSE) for _ in range(MEMBERS)]
            return [*members, await some_moderator(ports)]

        def attempt(self, deed: Coroutine[Any, Any, T]) -> T | None:
            """Do a deed that may be refused; anything but a refusal is a defect."""
            try:
                return run(deed)
            except Refusal:
                return None

        @rule(target=bounty_ids, who=members, pledge=st.integers(5, 60), days=st.integers(1, 3))
        def open(self, who: int, pledge: int, days: int) -> Any:
            scope = self.scopes[who]
            closes_at = scope.now + timedelta(days=days)
            bounty = self.attempt(opened(scope, pledge=Credits(pledge), closes_at=closes_at))
            return bounty.id if bounty else multiple()

        @rule(who=members, bounty_id=bounty_ids, amount=st.integers(5, 100))
        def pledge(self, who: int, bounty_id: BountyId, amount: int) -> None:
            self.attempt(bounties.pledge(self.scopes[who], bounty_id, Credits(amount)))

        @rule(target=entry_ids, who=members, bounty_id=bounty_ids)
        def draft(self, who: int, bounty_id: BountyId) -> Any:
            entry = self.attempt(bounties.draft_entry(self.scopes[who], bounty_id))
            return entry.id if entry else multiple()

        @rule(target=entry_ids, who=members, bounty_id=bounty_ids, verdict=VERDICTS)
        def enter(self, who: int, bounty_id: BountyId, verdict: Verdict) -> Any:
            entry = self.attempt(bounties.draft_entry(self.scopes[who], bounty_id))
            if entry is None:
                return multiple()
            run(uploaded(self.scopes[who], entry.id, folder))
            run(bounties.submit_entry(self.scopes[who], entry.id))
            if verdict is not Verdict.PENDING:
                run(validated(ports, verdict))
            return entry.id

        @rule(who=people, entry_id=entry_ids)
        def submit(self, who: int, entry_id: EntryId) -> None:
            self.attempt(bounties.submit_entry(self.scopes[who], entry_id))

        @rule(verdict=VERDICTS)
        def validate(self, verdict: Verdict) -> None:
            run(validated(ports, Verdict.CLEAN if verdict is Verdict.PENDING else verdict))

        @rule(who=people, entry_id=entry_ids)
        def withdraw(self, who: int, entry_id: EntryId) -> None:
            self.attempt(bounties.withdraw_entry(self.scopes[who], entry_id))

        @rule(who=people, entry_id=entry_ids)
        def award(self, who: int, entry_id: EntryId) -> None:
            entry = self.entry(entry_id)
            self.attempt(bounties.award(self.scopes[who], entry.bounty_id, to=entry_id))

        @rule(entry_id=entry_ids)
        def judge(self, entry_id: EntryId) -> None:
            """Have the initiator award the entry, whatever its state."""
            entry = self.entry(entry_id)
            [scope] = [scope for scope in self.scopes if scope.account_id == entry.initiator_id]
            self.attempt(bounties.award(scope, entry.bounty_id, to=entry_id))

        @rule(who=members, bounty_id=bounty_ids)
        def win(self, who: int, bounty_id: BountyId) -> None:
            """Enter with a clean file and have the initiator award it."""
            if (entry_id := self.enter(who, bounty_id, Verdict.CLEAN)) != multiple():
                self.judge(entry_id)

        @rule(who=people, bounty_id=bounty_ids, sure=st.booleans())
        def cancel(self, who: int, bounty_id: BountyId, *, sure: bool) -> None:
            if sure:  # not every time, or hardly a bounty would live to be judged
                self.attempt(bounties.cancel(self.scopes[who], bounty_id))

        @rule(hours=st.integers(1, 40), come_by=st.booleans())
        def wait(self, hours: int, *, come_by: bool) -> None:
            clock.turn(timedelta(hours=hours))
            if come_by:
                run(bounties.close_due(Scope.of_system(ports)))
                run(bounties.refund_due(Scope.of_system(ports)))

        @invariant()
        def no_credit_is_lost_or_made(self) -> None:
            held = run(pool().fetchval("SELECT coalesce(sum(balance), 0) FROM purse WHERE kind <> 'MINT'"))
            assert held == PURSE * MEMBERS

        @invariant()
        def escrow_is_the_pots_of_what_runs(self) -> None:
            running = run(
                pool().fetchval("SELECT coalesce(sum(pot), 0) FROM bounty WHERE status IN ('OPEN', 'JUDGING')")
            )
            assert run(escrowed()) == running

        @invariant()
        def pots_and_backers_are_those_of_the_pledges(self) -> None:
            wrong = run(
                pool().fetch(
                    """
                    SELECT b.id FROM bounty b JOIN bounty_pledge p ON p.bounty_id = b.id GROUP BY b.id
                    HAVING (b.pot, b.backer_count) <> (sum(p.amount), count(DISTINCT p.backer_id))
                    """
                )
            )
            assert wrong == []

        @invariant()
        def what_has_ended_stays_as_it_ended_and_was_paid_out_once(self) -> None:
            ids = [row["id"] for row in run(pool().fetch("SELECT id FROM bounty"))]
            found = run(bounties.bounties_by_ids(ids))
            for bounty_id, bounty in found.items():
                paid = run(
                    pool().fetchval("SELECT count(*) FROM journal_entry WHERE key = $1", f"bounty-payout:{bounty_id}")
                )
                assert paid == (1 if bounty.status in FINAL else 0)
                assert (bounty.status is BountyStatus.AWARDED) == (bounty.awarded_entry_id is not None)
                if bounty.status in FINAL:
                    known = self.ended.setdefault(bounty_id, bounty)
                    assert replace(known, entry_count=bounty.entry_count) == bounty

        @precondition(lambda self: self.ended)
        @invariant()
        def an_outcome_opens_for_nobody_else(self) -> None:
            entries = self.all_entries()
            for scope in self.scopes:
                for entry_id in run(bounties.outcomes(scope, entries, urls=False)):
                    entry = self.entry(entry_id)
                    bounty = run(bounties.bounties_by_ids([entry.bounty_id]))[entry.bounty_id]
                    assert bounty.awarded_entry_id == entry_id
                    assert bounty.initiator_id == scope.account_id
                    assert entry.status is EntryStatus.ACCEPTED

        def all_entries(self) -> list[BountyEntry]:
            ids = [row["id"] for row in run(pool().fetch("SELECT id FROM bounty_entry"))]
            return list(run(bounties.entries_by_ids(Scope.of_system(ports), ids)).values())

        def entry(self, entry_id: EntryId) -> BountyEntry:
            return run(bounties.entries_by_ids(Scope.of_system(ports), [entry_id]))[entry_id]

    return Bounties


@pytest.mark.usefixtures("db")
async def test_histories_of_bounties_keep_every_promise(
    ports: Ports, clock: HandClock, truncation: str, tmp_path: Path
) -> None:
    without_grants = replace(ports, policy=Policy(signup_grant=0))
    made = machine(asyncio.get_running_loop(), without_grants, clock, truncation, tmp_path)
    few = settings(
        max_examples=20,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # to look for the shortest failing history would take minutes
        suppress_health_check=list(HealthCheck),
    )

    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
