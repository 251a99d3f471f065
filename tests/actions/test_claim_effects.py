"""What claims do to resources: held at once where the signals agree, disabled when upheld, restored when withdrawn."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from countenance.reacting import unheard
from countenance.sealing import Seal
from domain import bounties, likeness, reasons, resources
from domain.kernel.clock import HandClock
from domain.kernel.findings import Signal
from domain.kernel.ids import ClaimId, PersonId, ResourceId, Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Actor, Scope
from domain.kernel.wire import MetadataText
from domain.kernel.work import Work
from domain.likeness import AffectedAction, Claim, ClaimReceived, ClaimRelation, ClaimStatus, Filed
from domain.reactions import REACTIONS
from domain.registry import claimed as claimed_persons
from domain.registry.faces import packed
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Consent, Snapshot
from domain.resources import ResourceDraft, ResourceKind, ResourceStatus
from tests.actions.bounties import followed, opened, somebody, validated
from tests.actions.bounties import submitted as entered
from tests.actions.test_samples import examined, with_sample
from tests.claiming import a_claim, a_descriptor, filed, solved
from tests.factories import admin, member, moderator
from tests.resourcing import NAME, adopted, published, the

Acting = Callable[[Actor], Scope]


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """With a key to keep faces under."""
    return replace(ports, sealer=Seal("ab" * 32))


async def statuses(system: Scope, *ids: UUID) -> list[ResourceStatus]:
    return [(await the(system, each)).status for each in ids]


async def affected(claim: Claim) -> dict[Subject, AffectedAction]:
    return {item.subject: item.action for item in (await likeness.affected_by([claim.id]))[claim.id]}


def located(*ids: UUID) -> tuple[str, ...]:
    return tuple(f"resource_{each.hex}" for each in ids)


async def claimed(scope: Scope, *ids: UUID, **changed: object) -> Filed:
    """A claim that names these resources, looked into."""
    made = await filed(scope, locations=located(*ids), **changed)
    await followed(scope.ports)
    return made


async def notes(made: Filed) -> list[str]:
    return list((await likeness.notes_on_claims([made.claim.id]))[made.claim.id])


async def decided(judge: Scope, claim: Claim, *, uphold: bool) -> None:
    await likeness.decide_claim(judge, claim.id, uphold=uphold, explanation="A moderator looked at it.")
    await adopted(judge)
    await followed(judge.ports)


async def withdrawn(scope: Scope, made: Filed) -> None:
    await likeness.withdraw_claim(scope, made.claim.case_code, made.pin)
    await adopted(scope)
    await followed(scope.ports)


async def test_what_a_claimant_points_at_is_held_at_once_where_the_name_agrees(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    named = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    other = await published(owner, b"2")

    made = await claimed(nobody, named, other)

    assert await statuses(system, named, other) == [ResourceStatus.HELD, ResourceStatus.PUBLISHED]
    claim = await likeness.open_claim(nobody, made.claim.case_code, made.pin)
    assert claim is not None
    assert claim.status is ClaimStatus.VERIFYING
    assert await affected(claim) == {
        Subject("resource", named): AffectedAction.HELD,
        Subject("resource", other): AffectedAction.NONE,
    }
    told = await db.fetchrow("SELECT body, topics FROM fact WHERE body->>'cause' = 'CLAIM'")
    assert f"inbox:{owner.account_id}" in told["topics"]
    subject = Subject("resource", named)
    statement = (await reasons.statements_by_subject(owner, [subject]))[subject]
    assert "claims that this resource reproduces them" in statement.facts
    assert NAME not in statement.facts
    assert not (await resources.usable(owner, [named]))[named].allowed


@pytest.mark.parametrize("relation", [ClaimRelation.AGENT, ClaimRelation.ESTATE])
async def test_only_the_person_or_their_guardian_has_things_held(
    nobody: Scope, acting: Acting, system: Scope, relation: ClaimRelation
) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")

    made = await claimed(nobody, named, relation=relation)

    assert await statuses(system, named) == [ResourceStatus.PUBLISHED]
    assert await affected(made.claim) == {Subject("resource", named): AffectedAction.NONE}


async def test_what_the_consent_allows_is_not_held(nobody: Scope, acting: Acting, system: Scope) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")

    await claimed(nobody, named, consent=Consent.SAFE_FOR_WORK_ONLY)

    assert await statuses(system, named) == [ResourceStatus.PUBLISHED]


async def test_a_face_in_a_sample_agrees_as_well_as_a_name(nobody: Scope, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    face, other = a_descriptor(1), a_descriptor(2)
    shown = await with_sample(owner)
    await resources.submit(owner, shown)
    await examined(owner, packed(face))

    await claimed(nobody, shown, face_descriptors=(other,))
    before = await statuses(system, shown)
    made = await claimed(nobody, shown, face_descriptors=(face,))

    assert before == [ResourceStatus.PUBLISHED]
    assert await statuses(system, shown) == [ResourceStatus.HELD]
    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    assert [finding.signal for finding in item.findings] == [Signal.FACE_IN_SAMPLE]


async def test_a_malformed_link_keeps_nothing_from_being_looked_at(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")

    made = await filed(nobody, locations=("http://[bad", "https://foo\u2100bar.com/x", *located(named)))
    await followed(system.ports)

    assert await statuses(system, named) == [ResourceStatus.HELD]
    assert await affected(made.claim) == {Subject("resource", named): AffectedAction.HELD}
    assert await db.fetchval("SELECT count(*) FROM fact WHERE attempts > 0") == 0


async def test_a_claim_makes_one_matcher_off_the_loop_and_looks_at_what_is_there(
    nobody: Scope, acting: Acting, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [await published(acting(await member()), bytes([n]), title=f"After {NAME}") for n in range(3)]
    threads: list[threading.Thread] = []

    class Watched(NameMatcher):
        def __init__(self, snapshot: Snapshot) -> None:
            threads.append(threading.current_thread())
            super().__init__(snapshot)

    monkeypatch.setattr(claimed_persons, "NameMatcher", Watched)
    crowded = " ".join(f"resource_{number:032x}" for number in range(40))

    made = await filed(nobody, locations=(crowded, *located(*named), "entry_" + "0" * 32, "job_" + "0" * 32))
    await followed(system.ports)

    assert await affected(made.claim) == {Subject("resource", each): AffectedAction.HELD for each in named}
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_a_hold_outlives_no_claim_that_ended_before_all_was_looked_at(
    nobody: Scope, acting: Acting, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = acting(await member())
    first, second = [await published(owner, bytes([n]), title=f"After {NAME}") for n in range(2)]
    look = resources.look_at_for_claim

    async def failing(w: Work, scope: Scope, resource_id: ResourceId, *args: Any, **said: Any) -> object:
        if resource_id == second:
            raise ConnectionError("the database went away")
        return await look(w, scope, resource_id, *args, **said)

    made = await filed(nobody, locations=located(first, second))
    monkeypatch.setattr(resources, "look_at_for_claim", failing)
    with pytest.raises(ConnectionError):
        await REACTIONS[ClaimReceived][0](system, ClaimReceived(made.claim.id))
    during, noted = await statuses(system, first, second), await affected(made.claim)

    await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)
    monkeypatch.undo()
    await followed(system.ports)

    assert during == [ResourceStatus.HELD, ResourceStatus.PUBLISHED]
    assert noted == {Subject("resource", first): AffectedAction.HELD}
    assert await statuses(system, first, second) == [ResourceStatus.PUBLISHED] * 2
    assert await affected(made.claim) == {Subject("resource", first): AffectedAction.RESTORED}


async def test_a_claim_that_ends_while_it_is_looked_into_holds_nothing_more(
    nobody: Scope, acting: Acting, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = acting(await member())
    first, second = [await published(owner, bytes([n]), title=f"After {NAME}") for n in range(2)]
    made = await filed(nobody, locations=located(first, second))
    lock = likeness.lock_for_hold
    seen: list[bool | None] = []

    async def late(w: Work, claim_id: ClaimId, subject: Subject) -> bool | None:
        if seen:
            await w.execute(
                "UPDATE likeness_claim SET status = 'WITHDRAWN', withdrawn_at = now() WHERE id = $1", claim_id
            )
        seen.append(await lock(w, claim_id, subject))
        return seen[-1]

    monkeypatch.setattr(likeness, "lock_for_hold", late)
    await followed(system.ports)

    assert seen == [True, None]
    assert await statuses(system, first, second) == [ResourceStatus.HELD, ResourceStatus.PUBLISHED]
    assert (await likeness.claims_by_ids(system, [made.claim.id]))[made.claim.id].status is ClaimStatus.WITHDRAWN


@pytest.mark.parametrize(("title", "name"), [("Kinderdijk", "Kinderdijk"), ("Starter (untrained)",) * 2])
async def test_the_words_of_a_title_are_noted_and_hold_nothing(
    nobody: Scope, acting: Acting, system: Scope, title: str, name: str
) -> None:
    resource_id = await published(acting(await member()), b"1", title=title)

    made = await claimed(nobody, resource_id, person_name=name)

    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    assert await statuses(system, resource_id) == [ResourceStatus.PUBLISHED]
    assert (item.action, [finding.signal for finding in item.findings]) == (AffectedAction.NONE, [Signal.NAME_IN_TEXT])
    [note] = await notes(made)
    assert "A name of one word, or of ordinary words, holds nothing before a decision" in note


async def test_what_the_operator_has_added_is_not_held_before_a_decision(
    nobody: Scope, acting: Acting, system: Scope
) -> None:
    checkpoint = await resources.add_checkpoint(
        system,
        Path("/models/starter"),
        ResourceDraft(ResourceKind.CHECKPOINT, f"After {NAME}"),
        owner_id=(await admin()).account_id,
        sha256="ab" * 32,
        size_bytes=1000,
    )

    made = await claimed(nobody, checkpoint)

    assert await statuses(system, checkpoint) == [ResourceStatus.PUBLISHED]
    assert await affected(made.claim) == {Subject("resource", checkpoint): AffectedAction.NONE}
    assert await notes(made) == [likeness.OF_THE_HOUSE]


async def test_only_so_much_is_held_in_a_day_for_one_network_or_address(
    nobody: Scope, acting: Acting, system: Scope, ports: Ports, clock: HandClock
) -> None:
    owner = acting(await member())
    ids = [await published(owner, bytes([n]), title=f"After {NAME}") for n in range(6)]
    here = replace(nobody, ports=replace(ports, policy=Policy(claim_holds_a_day=2)), address="203.0.113.9")
    elsewhere = replace(here, address="203.0.113.10")

    first = await claimed(here, *ids[:3])
    same_network = await claimed(here, ids[3], contact_email="rigel@example.org")
    same_address = await claimed(elsewhere, ids[4])
    other = await claimed(elsewhere, ids[5], contact_email="vega@example.org")
    clock.turn(timedelta(hours=25))
    later = await claimed(here, ids[3])

    assert list((await affected(first.claim)).values()).count(AffectedAction.HELD) == 2
    assert [list((await affected(each.claim)).values()) for each in (same_network, same_address, other, later)] == [
        [AffectedAction.NONE],
        [AffectedAction.NONE],
        [AffectedAction.HELD],
        [AffectedAction.HELD],
    ]
    assert "Of the 3 things that it names at most 2 can be held" in (await notes(first))[0]
    assert "Of the 1 things that it names at most 0 can be held" in (await notes(same_network))[0]
    assert await notes(other) == []


async def test_without_an_account_a_hold_costs_a_proof(
    nobody: Scope, acting: Acting, system: Scope, ports: Ports
) -> None:
    owner = acting(await member())
    ids = [await published(owner, bytes([n]), title=f"After {NAME}") for n in range(3)]
    public = replace(nobody, ports=replace(ports, proof_key=b"k" * 32, policy=Policy(claim_proof_bits=8)))
    puzzle = await likeness.challenge(public)

    unproved = await claimed(public, ids[0])
    made = await likeness.file_claim(
        public, a_claim(locations=located(ids[1])), proof=solved(puzzle.token, puzzle.bits)
    )
    signed_in = await claimed(public.as_(await member()), ids[2])

    assert await statuses(system, *ids) == [ResourceStatus.PUBLISHED, ResourceStatus.HELD, ResourceStatus.HELD]
    assert await affected(unproved.claim) == {Subject("resource", ids[0]): AffectedAction.NONE}
    assert "without an account and without a proof of work" in (await notes(unproved))[0]
    assert (await notes(made), await notes(signed_in)) == ([], [])


async def test_faces_that_another_key_sealed_are_told_of_and_the_rest_is_looked_at(
    nobody: Scope, acting: Acting, system: Scope, ports: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")
    made = await filed(nobody, locations=located(named), face_descriptors=(a_descriptor(1), a_descriptor(2)))

    await followed(replace(ports, sealer=Seal("cd" * 32)))

    claim = (await likeness.claims_by_ids(system, [made.claim.id]))[made.claim.id]
    assert (claim.status, await statuses(system, named)) == (ClaimStatus.VERIFYING, [ResourceStatus.HELD])
    assert await notes(made) == [
        "2 of its face descriptors can't be opened with this server's key and are not compared."
    ]
    assert "2 faces of a claim were sealed under another key" in caplog.text


async def test_a_rejected_claim_frees_what_it_held(nobody: Scope, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    named = await published(owner, b"1", title=f"After {NAME}")
    made = await claimed(nobody, named)

    await decided(acting(await moderator()), made.claim, uphold=False)

    assert await statuses(system, named) == [ResourceStatus.PUBLISHED]
    assert await affected(made.claim) == {Subject("resource", named): AffectedAction.RESTORED}
    assert await reasons.statements_by_subject(owner, [Subject("resource", named)]) == {}


async def test_what_two_claims_hold_is_free_when_the_last_is_over(nobody: Scope, acting: Acting, system: Scope) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")
    first, second = await claimed(nobody, named), await claimed(nobody, named)
    judge = acting(await moderator())

    await decided(judge, first.claim, uphold=False)
    between = await statuses(system, named)
    await withdrawn(nobody, second)

    assert between == [ResourceStatus.HELD]
    assert await statuses(system, named) == [ResourceStatus.PUBLISHED]


async def test_a_claim_that_may_hold_nothing_keeps_nothing_held_that_another_one_holds(
    nobody: Scope, acting: Acting, system: Scope
) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")
    first = await claimed(nobody, named)
    second = await claimed(nobody, named, relation=ClaimRelation.AGENT)

    await withdrawn(nobody, first)

    assert await statuses(system, named) == [ResourceStatus.PUBLISHED]
    assert await affected(second.claim) == {Subject("resource", named): AffectedAction.NONE}


async def test_what_a_claim_holds_is_held_again_after_another_registration_blocked_it_and_is_gone(
    nobody: Scope, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    named = await published(owner, b"1", title=f"{NAME} and Another Person Rigel")
    made = await claimed(nobody, named)
    person, _ = await likeness.register(system, name="Another Person Rigel")
    await adopted(system)
    await followed(system.ports)
    during = await statuses(system, named)

    await likeness.withdraw(system, PersonId(person.id))
    await adopted(system)
    await followed(system.ports)
    after = await statuses(system, named)
    subject = Subject("resource", named)
    statement = (await reasons.statements_by_subject(owner, [subject]))[subject]
    await withdrawn(nobody, made)

    assert (during, after) == ([ResourceStatus.BLOCKED], [ResourceStatus.HELD])
    assert "claims that this resource reproduces them" in statement.facts
    assert await statuses(system, named) == [ResourceStatus.PUBLISHED]


async def test_the_round_trip_upheld_disables_everything_and_withdrawn_everything_is_as_before(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    pointed_at = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    found = await published(owner, b"2", title=f"After {NAME}")
    nobody_s = await published(owner, b"3", title="Watercolour")
    removed = await published(owner, b"4", title=f"Once more {NAME}")
    await resources.remove(owner, removed)
    everything = (pointed_at, found, nobody_s, removed)
    before = await db.fetch("SELECT id, status, cause, findings::text FROM resource ORDER BY id")
    scans_before = await db.fetch("SELECT id, verdict, findings::text FROM scan ORDER BY id")

    made = await claimed(nobody, pointed_at)
    await decided(acting(await moderator()), made.claim, uphold=True)
    during = await statuses(system, *everything)
    ledger = await affected(made.claim)
    blocked = [sha256 for sha256, _ in (await likeness.load_snapshot()).blocked_sha256]
    copy = await published(owner, b"1", title="Something else entirely")
    [of_copy] = await statuses(system, copy)
    await withdrawn(nobody, made)

    assert during == [ResourceStatus.BLOCKED, ResourceStatus.BLOCKED, ResourceStatus.PUBLISHED, ResourceStatus.REMOVED]
    assert ledger == {
        Subject("resource", pointed_at): AffectedAction.DISABLED,
        Subject("resource", found): AffectedAction.DISABLED,
    }
    assert len(blocked) == 1
    assert of_copy is ResourceStatus.BLOCKED
    assert await statuses(system, copy) == [ResourceStatus.PUBLISHED]
    known = await db.fetch(
        "SELECT id, status, cause, findings::text FROM resource WHERE id = ANY($1::uuid[]) ORDER BY id", everything
    )
    assert known == before
    ids = [row["id"] for row in scans_before]
    scans = await db.fetch("SELECT id, verdict, findings::text FROM scan WHERE id = ANY($1::uuid[]) ORDER BY id", ids)
    assert scans == scans_before
    assert (await likeness.load_snapshot()).persons == ()
    assert (await likeness.load_snapshot()).blocked_sha256 == ()
    assert set((await affected(made.claim)).values()) == {AffectedAction.RESTORED}
    assert await reasons.statements_by_subject(owner, [Subject("resource", each) for each in everything]) == {}


async def test_an_entry_that_a_claim_reaches_is_noted_and_restored(
    nobody: Scope, acting: Acting, ports: Ports, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await entered(author, await opened(initiator), tmp_path)
    await validated(ports, texts=[MetadataText("ss_output_name", NAME)])
    made = await filed(nobody)

    await decided(acting(await moderator()), made.claim, uphold=True)
    [during] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    await withdrawn(nobody, made)

    assert during.subject == Subject("entry", entry.id)
    assert (during.action, during.before) == (AffectedAction.DISABLED, {"status": "ACCEPTED"})
    assert [finding.signal for finding in during.findings] == [Signal.NAME_IN_METADATA]
    assert await affected(made.claim) == {Subject("entry", entry.id): AffectedAction.RESTORED}
    assert (await bounties.entries_by_ids(author, [entry.id]))[entry.id].status is bounties.EntryStatus.ACCEPTED


async def test_a_withdrawal_leaves_what_others_have_restricted(nobody: Scope, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    named = await published(owner, b"1", title=f"After {NAME}")
    twice = await published(owner, b"2", title=f"{NAME} and Another Person Rigel")
    made = await claimed(nobody, named, twice)
    judge = acting(await moderator())
    await decided(judge, made.claim, uphold=True)
    await likeness.register(system, name="Another Person Rigel")
    await adopted(system)
    await followed(system.ports)
    await resources.remove(judge, named)

    await withdrawn(nobody, made)

    assert await statuses(system, named, twice) == [ResourceStatus.REMOVED, ResourceStatus.BLOCKED]


async def test_looking_into_a_claim_again_changes_nothing(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    named = await published(acting(await member()), b"1", title=f"After {NAME}")
    made = await claimed(nobody, named)
    before = await db.fetch("SELECT * FROM claim_affected")
    facts = await db.fetchval("SELECT count(*) FROM fact")

    for reaction in REACTIONS[ClaimReceived]:
        await reaction(system, ClaimReceived(made.claim.id))

    assert await db.fetch("SELECT * FROM claim_affected") == before
    assert await db.fetchval("SELECT count(*) FROM fact") == facts
    assert "ClaimReceived" not in unheard()


async def test_what_is_not_public_is_told_to_nobody_who_guesses_its_id(
    nobody: Scope, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    removed = await published(owner, b"1", title=f"After {NAME}")
    await resources.remove(owner, removed)

    made = await claimed(nobody, removed, ResourceId(UUID(int=5)))

    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    assert (item.subject.id, item.action, item.findings) == (removed, AffectedAction.NONE, ())


async def test_a_file_stays_blocked_while_one_claim_that_names_it_stands(
    db: asyncpg.Pool, nobody: Scope, system: Scope, acting: Acting
) -> None:
    owner, judge = acting(await member()), acting(await moderator())
    named = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    first, second = await claimed(nobody, named), await claimed(nobody, named)
    await decided(judge, first.claim, uphold=True)
    await decided(judge, second.claim, uphold=True)

    await withdrawn(nobody, first)
    copy = await published(owner, b"1", title="A neutral title")
    while_one_stands = await statuses(system, copy)
    await withdrawn(nobody, second)

    assert while_one_stands == [ResourceStatus.BLOCKED]
    assert await statuses(system, named, copy) == [ResourceStatus.PUBLISHED] * 2
    assert (await likeness.load_snapshot()).blocked_sha256 == ()


async def test_people_whose_names_differ_in_their_vowel_signs_are_two(
    db: asyncpg.Pool, nobody: Scope, acting: Acting
) -> None:
    judge = acting(await moderator())
    one = await filed(nobody, person_name="राज मीना", consent=Consent.SAFE_FOR_WORK_ONLY)
    other = await filed(nobody, person_name="रोज मोना")

    await decided(judge, one.claim, uphold=True)
    await decided(judge, other.claim, uphold=True)

    persons = (await likeness.load_snapshot()).persons
    assert {person.name: person.consent for person in persons} == {
        "राज मीना": Consent.SAFE_FOR_WORK_ONLY,
        "रोज मोना": Consent.DENY_ALL,
    }


async def test_a_claim_joins_who_is_known_by_its_other_name_and_no_name_is_lost(
    db: asyncpg.Pool, nobody: Scope, acting: Acting
) -> None:
    judge = acting(await moderator())
    aliases = tuple(f"Alias{letter}a Korvinsdale" for letter in "bcdfghjklmnpqrstvwxz")
    claims = [
        await filed(nobody, aliases=tuple(alias.replace("a K", f"{end} K") for alias in aliases)) for end in "aeiou"
    ]
    claims.append(await filed(nobody, person_name="Stage Name Korvin", aliases=(NAME,)))

    for each in claims:
        await decided(judge, each.claim, uphold=True)

    [person] = (await likeness.load_snapshot()).persons
    assert len(person.aliases) == 5 * 20 + 1
    assert "Stage Name Korvin" in person.aliases


async def test_what_an_operator_changes_is_his_own_part_and_a_claim_takes_its_part_away(
    db: asyncpg.Pool, nobody: Scope, system: Scope, acting: Acting
) -> None:
    judge = acting(await moderator())
    made = await filed(nobody, aliases=("Another Name Rigel",))
    await decided(judge, made.claim, uphold=True)
    [person] = (await likeness.load_snapshot()).persons

    changed, _ = await likeness.change(system, PersonId(person.id), consent=Consent.SAFE_FOR_WORK_ONLY)
    await withdrawn(nobody, made)

    [left] = (await likeness.load_snapshot()).persons
    assert (changed.aliases, changed.consent) == (("Another Name Rigel",), Consent.DENY_ALL)
    assert (left.name, left.aliases, left.consent) == (NAME, (), Consent.SAFE_FOR_WORK_ONLY)


async def test_an_operator_takes_nobody_out_whom_a_claim_protects(
    db: asyncpg.Pool, nobody: Scope, system: Scope, acting: Acting
) -> None:
    made = await filed(nobody)
    await decided(acting(await moderator()), made.claim, uphold=True)
    before = await likeness.load_snapshot()

    with pytest.raises(Conflict) as refused:
        await likeness.withdraw(system, PersonId(before.persons[0].id))

    assert refused.value.message == (
        f"This person is protected by 1 upheld claim, such as {made.claim.case_code}:"
        " they leave the registry when their claimants withdraw them."
    )
    assert await likeness.load_snapshot() == before


async def test_what_its_owner_takes_away_while_it_is_held_is_noted_as_removed_and_its_copies_stay_known(
    db: asyncpg.Pool, nobody: Scope, system: Scope, acting: Acting
) -> None:
    owner = acting(await member())
    named = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    made = await claimed(nobody, named)

    await resources.remove(owner, ResourceId(named))
    await followed(system.ports)
    noted = await affected(made.claim)
    await decided(acting(await moderator()), made.claim, uphold=True)
    copy = await published(owner, b"1", title="A neutral title")

    assert noted == {Subject("resource", named): AffectedAction.REMOVED}
    assert await statuses(system, copy) == [ResourceStatus.BLOCKED]
