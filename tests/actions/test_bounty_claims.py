"""What claims do to bounties and entries: held at once where the signals agree, hidden when upheld, free when over."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain import bounties, likeness, reasons
from domain.bounties import Bounty, BountyEntry, EntryStatus
from domain.kernel.findings import Signal
from domain.kernel.ids import Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Scope
from domain.kernel.wire import MetadataText
from domain.likeness import AffectedAction, Claim, ClaimReceived, ClaimRelation, Filed
from domain.reactions import REACTIONS
from domain.registry.snapshot import Consent
from tests.actions.bounties import followed, opened, some_moderator, somebody, submitted, told, validated
from tests.claiming import filed
from tests.resourcing import NAME, adopted
from tests.sweeping import swept

Acting = Callable[[Actor], Scope]

ROWS = "SELECT id, status, held_at, held_findings::text, held_for_claim, depicts_found FROM bounty ORDER BY id"
ENTRIES = "SELECT id, status, note_findings::text, held_for_claim, submitted_at FROM bounty_entry ORDER BY id"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def claimed(scope: Scope, *subjects: Subject, **changed: object) -> Filed:
    """A claim that names these things, looked into."""
    made = await filed(scope, locations=tuple(f"{each.kind}_{each.id.hex}" for each in subjects), **changed)
    await followed(scope.ports)
    return made


async def decided(judge: Scope, claim: Claim, *, uphold: bool) -> None:
    await likeness.decide_claim(judge, claim.id, uphold=uphold, explanation="A moderator looked at it.")
    await adopted(judge)
    await followed(judge.ports)
    await swept(Scope.of_system(judge.ports))
    await followed(judge.ports)


async def withdrawn(scope: Scope, made: Filed) -> None:
    await likeness.withdraw_claim(scope, made.claim.case_code, made.pin)
    await adopted(scope)
    await followed(scope.ports)
    await swept(Scope.of_system(scope.ports))
    await followed(scope.ports)


async def affected(claim: Claim) -> dict[Subject, AffectedAction]:
    return {item.subject: item.action for item in (await likeness.affected_by([claim.id]))[claim.id]}


async def public(nobody: Scope, bounty: Bounty) -> bool:
    return bounty.id in await bounties.bounties_by_ids(nobody, [bounty.id])


async def now(scope: Scope, entry: BountyEntry) -> BountyEntry:
    return (await bounties.entries_by_ids(scope, [entry.id]))[entry.id]


def the(bounty: Bounty) -> Subject:
    return Subject("bounty", bounty.id)


async def test_a_bounty_that_a_claimant_points_at_is_held_at_once_where_the_name_agrees(
    ports: Ports, nobody: Scope
) -> None:
    initiator = await somebody(ports)
    named, other = await opened(initiator, title=f"After {NAME}"), await opened(initiator)

    made = await claimed(nobody, the(named), the(other))

    assert [await public(nobody, each) for each in (named, other)] == [False, True]
    assert await affected(made.claim) == {the(named): AffectedAction.HELD, the(other): AffectedAction.NONE}
    [held] = [item for item in (await likeness.affected_by([made.claim.id]))[made.claim.id] if item.findings]
    assert [(finding.signal, finding.person_id) for finding in held.findings] == [(Signal.NAME_IN_TEXT, None)]
    statement = (await reasons.statements_by_subject(initiator, [the(named)]))[the(named)]
    assert "Somebody claims" in statement.facts
    assert NAME not in statement.facts
    assert (await told("BountyHidden"), await told("BountyDecided")) == (1, 1)


@pytest.mark.parametrize(
    "changed",
    [{"relation": ClaimRelation.AGENT}, {"consent": Consent.SAFE_FOR_WORK_ONLY}, {"person_name": "Rigel Six"}],
)
async def test_what_a_claim_may_not_hold_stays_shown(ports: Ports, nobody: Scope, changed: dict[str, object]) -> None:
    bounty = await opened(await somebody(ports), title=f"After {NAME}")

    made = await claimed(nobody, the(bounty), **changed)

    assert await public(nobody, bounty)
    assert await affected(made.claim) == {the(bounty): AffectedAction.NONE}
    assert await told("BountyHidden") == 0


async def test_a_rejected_claim_shows_the_bounty_again_as_it_was(db: asyncpg.Pool, ports: Ports, nobody: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    before = await db.fetch(ROWS)
    made = await claimed(nobody, the(bounty))

    await decided(await some_moderator(ports), made.claim, uphold=False)

    assert await db.fetch(ROWS) == before
    assert await affected(made.claim) == {the(bounty): AffectedAction.RESTORED}
    assert await reasons.statements_by_subject(initiator, [the(bounty)]) == {}


async def test_an_upheld_claim_hides_everything_and_withdrawn_everything_is_as_before(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    pointed_at, found = await opened(initiator, title=f"After {NAME}"), await opened(initiator, brief=f"Like {NAME}.")
    plain = await opened(initiator)
    noted = await submitted(author, plain, tmp_path, note=f"After {NAME}.")
    in_file = await submitted(author, plain, tmp_path)
    await validated(ports)
    before = [await db.fetch(ROWS), await db.fetch(ENTRIES)]

    made = await claimed(nobody, the(pointed_at), Subject("entry", noted.id))
    between = [await public(nobody, pointed_at), await public(nobody, found)]
    early = (await now(author, noted)).status
    await decided(await some_moderator(ports), made.claim, uphold=True)
    during = [await public(nobody, each) for each in (pointed_at, found, plain)]
    held = [(await now(author, each)).status for each in (noted, in_file)]
    ledger = await affected(made.claim)
    never_shown = await told("BountyShown")
    await withdrawn(nobody, made)

    assert (between, early) == ([False, True], EntryStatus.HELD)
    assert (during, never_shown) == ([False, False, True], 0)
    assert held == [EntryStatus.BLOCKED, EntryStatus.ACCEPTED]
    assert ledger == {
        the(pointed_at): AffectedAction.HELD,
        the(found): AffectedAction.HELD,
        Subject("entry", noted.id): AffectedAction.DISABLED,
    }
    assert [await db.fetch(ROWS), await db.fetch(ENTRIES)] == before
    assert set((await affected(made.claim)).values()) == {AffectedAction.RESTORED}


async def test_an_entry_whose_file_names_the_claimant_is_held_and_freed(
    ports: Ports, nobody: Scope, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await submitted(author, await opened(initiator), tmp_path)
    await validated(ports, texts=[MetadataText("ss_output_name", NAME)])

    made = await claimed(nobody, Subject("entry", entry.id))
    during = await now(author, entry)
    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    subject = Subject("entry", entry.id)
    statement = (await reasons.statements_by_subject(author, [subject]))[subject]
    await withdrawn(nobody, made)

    assert during.status is EntryStatus.HELD
    assert (item.action, item.findings) == (AffectedAction.HELD, ())
    assert "Somebody claims" in statement.facts
    assert (await now(author, entry)).status is EntryStatus.ACCEPTED
    assert await reasons.statements_by_subject(author, [subject]) == {}


async def test_what_two_claims_hold_is_free_when_the_last_is_over(ports: Ports, nobody: Scope) -> None:
    bounty = await opened(await somebody(ports), title=f"After {NAME}")
    first, second = await claimed(nobody, the(bounty)), await claimed(nobody, the(bounty))

    await decided(await some_moderator(ports), first.claim, uphold=False)
    between = await public(nobody, bounty)
    await withdrawn(nobody, second)

    assert (between, await public(nobody, bounty)) == (False, True)


async def test_a_claims_hold_outlives_what_the_registry_held_meanwhile(
    ports: Ports, nobody: Scope, system: Scope
) -> None:
    bounty = await opened(await somebody(ports), title=f"{NAME} and Another Person Rigel")
    made = await claimed(nobody, the(bounty))
    person, _ = await likeness.register(system, name="Another Person Rigel")
    await adopted(system)
    await swept(system)
    await likeness.withdraw(system, person.id)
    await adopted(system)
    await swept(system)
    await followed(ports)

    held = await public(nobody, bounty)
    await withdrawn(nobody, made)

    assert (held, await public(nobody, bounty)) == (False, True)
    assert (await told("BountyHidden"), await told("BountyShown")) == (1, 1)


async def test_looking_into_a_claim_again_changes_nothing(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, system: Scope, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    entry = await submitted(author, bounty, tmp_path, note=f"After {NAME}.")
    await validated(ports)
    made = await claimed(nobody, the(bounty), Subject("entry", entry.id))
    before = [await db.fetch(sql) for sql in (ROWS, ENTRIES, "SELECT * FROM claim_affected", "SELECT id FROM fact")]

    for reaction in REACTIONS[ClaimReceived]:
        await reaction(system, ClaimReceived(made.claim.id))

    after = [await db.fetch(sql) for sql in (ROWS, ENTRIES, "SELECT * FROM claim_affected", "SELECT id FROM fact")]
    assert after == before
