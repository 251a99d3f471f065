"""The deeds of an entry's life, what follows from its validation, and whom the outcome opens for."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain import bounties, resources
from domain.bounties import Bounty, BountyEntry, BountyStatus, EntryStatus
from domain.kernel.clock import HandClock
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import EntryId, Subject, new_id
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, LikenessRefused, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.wire import MetadataText
from domain.reasons import statements_by_subject
from domain.registry.snapshot import Consent, Person, Snapshot
from domain.resources import Holder, ResourceDraft, ResourceKind, ResourceStatus
from tests.actions.bounties import (
    accepted,
    followed,
    history,
    opened,
    some_moderator,
    somebody,
    submitted,
    told,
    uploaded,
    validated,
)
from tests.sweeping import swept

LORA = ResourceDraft(ResourceKind.LORA, "Watercolour lighthouses")


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _seen(scope: Scope, entry: BountyEntry) -> BountyEntry:
    return (await bounties.entries_by_ids(scope, [entry.id]))[entry.id]


async def _awarded(ports: Ports, folder: Path, content: bytes = b"weights") -> tuple[Scope, Scope, Bounty, BountyEntry]:
    """An awarded bounty: its initiator, the winner's author, the bounty, the entry."""
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, folder, content)
    bounty, entry = await bounties.award(initiator, bounty.id, to=entry.id)
    return initiator, author, bounty, entry


async def test_a_draft_is_seen_by_its_author_the_initiator_and_moderators_alone(ports: Ports, nobody: Scope) -> None:
    initiator, author, other = [await somebody(ports) for _ in range(3)]
    moderator = await some_moderator(ports)
    bounty = await opened(initiator)

    entry = await bounties.draft_entry(author, bounty.id, note="  As asked. ")

    assert (entry.status, entry.note, entry.submitted_at) == (EntryStatus.DRAFT, "As asked.", None)
    for scope in (author, initiator, moderator):
        assert await bounties.entries_by_ids(scope, [entry.id]) == {entry.id: entry}
    for scope in (other, nobody):
        assert await bounties.entries_by_ids(scope, [entry.id]) == {}
    assert (await bounties.bounties_by_ids(author, [bounty.id]))[bounty.id].entry_count == 0


async def test_nobody_enters_their_own_bounty(ports: Ports) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)

    with pytest.raises(NotAllowed):
        await bounties.draft_entry(initiator, bounty.id)

    assert await fetch("SELECT FROM bounty_entry") == []


async def test_a_note_that_names_a_protected_person_is_refused(ports: Ports) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    ports.registry.adopt(Snapshot(1, (Person(new_id(), "Test Person Aldebaran"),)))  # type: ignore[attr-defined]

    with pytest.raises(LikenessRefused):
        await bounties.draft_entry(author, bounty.id, note="It is Test-Person Aldebaran.")
    with pytest.raises(InvalidInput) as refused:
        await bounties.draft_entry(author, bounty.id, note="a" * 5001)

    assert refused.value.field == "input.note"
    assert await fetch("SELECT FROM bounty_entry") == []


async def test_an_author_has_at_most_ten_entries_in_one_bounty(ports: Ports) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    entries = [await bounties.draft_entry(author, bounty.id) for _ in range(10)]

    with pytest.raises(Conflict) as refused:
        await bounties.draft_entry(author, bounty.id)
    await bounties.withdraw_entry(author, entries[0].id)
    await bounties.draft_entry(author, bounty.id)

    assert refused.value.state == "TOO_MANY_ENTRIES"
    assert len(await fetch("SELECT FROM bounty_entry")) == 11


async def test_an_entry_without_a_file_can_not_be_submitted(ports: Ports) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    entry = await bounties.draft_entry(author, bounty.id)

    with pytest.raises(Conflict) as refused:
        await bounties.submit_entry(author, entry.id)

    assert refused.value.state == "DRAFT"
    assert (await _seen(author, entry), await told("EntrySubmitted")) == (entry, 0)


async def test_a_submitted_entry_is_validated_and_accepted(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)

    entry = await submitted(author, bounty, tmp_path)
    before = await _seen(initiator, entry)
    await validated(ports)

    assert (before.status, (await _seen(initiator, entry)).status) == (EntryStatus.SCANNING, EntryStatus.ACCEPTED)
    assert (await bounties.bounties_by_ids(author, [bounty.id]))[bounty.id].entry_count == 1
    assert (await told("EntrySubmitted"), await told("EntryDecided")) == (1, 1)
    [fact] = await fetch("SELECT topics FROM fact WHERE kind = 'EntryDecided'")
    assert str(initiator.account_id) in fact["topics"]
    assert str(author.account_id) in fact["topics"]


async def test_validation_that_runs_its_reaction_twice_says_it_once(ports: Ports, tmp_path: Path) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    await accepted(author, bounty, tmp_path)

    await fetch("UPDATE fact SET reacted_at = NULL")
    await followed(ports)

    assert await told("EntryDecided") == 1


async def test_files_come_only_into_a_draft_of_ones_own(ports: Ports, tmp_path: Path) -> None:
    initiator, author, other = [await somebody(ports) for _ in range(3)]
    entry = await submitted(author, await opened(initiator), tmp_path)
    draft = await bounties.draft_entry(author, entry.bounty_id)

    with pytest.raises(Conflict) as refused:
        await uploaded(author, entry.id, tmp_path)
    with pytest.raises(NotAllowed):
        await uploaded(initiator, draft.id, tmp_path)
    with pytest.raises(NotFound):
        await uploaded(other, draft.id, tmp_path)

    assert refused.value.state == "SCANNING"
    assert (await resources.files_of([Holder("entry", draft.id)]))[Holder("entry", draft.id)] == []


async def test_files_come_only_while_the_bounty_is_open(ports: Ports, clock: HandClock, tmp_path: Path) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    entry = await bounties.draft_entry(author, bounty.id)
    await uploaded(author, entry.id, tmp_path)
    clock.turn(timedelta(days=1))

    with pytest.raises(Conflict) as refused_file:
        await uploaded(author, entry.id, tmp_path)
    with pytest.raises(Conflict) as refused_entry:
        await bounties.submit_entry(author, entry.id)

    assert (refused_file.value.state, refused_entry.value.state) == ("JUDGING", "JUDGING")
    assert ((await _seen(author, entry)).status, await told("EntrySubmitted")) == (EntryStatus.DRAFT, 0)


async def test_only_the_author_submits_and_withdraws(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await bounties.draft_entry(author, (await opened(initiator)).id)
    await uploaded(author, entry.id, tmp_path)

    with pytest.raises(NotAllowed):
        await bounties.submit_entry(initiator, entry.id)
    with pytest.raises(NotAllowed):
        await bounties.withdraw_entry(initiator, entry.id)

    assert (await _seen(author, entry)).status is EntryStatus.DRAFT


async def test_a_withdrawn_entry_is_out_whatever_validation_says_later(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await submitted(author, bounty, tmp_path)

    withdrawn = await bounties.withdraw_entry(author, entry.id)
    await validated(ports)

    assert (withdrawn.status, (await _seen(author, entry)).status) == (EntryStatus.WITHDRAWN, EntryStatus.WITHDRAWN)
    assert (await bounties.bounties_by_ids(author, [bounty.id]))[bounty.id].entry_count == 0
    assert (await told("EntryWithdrawn"), await told("EntryDecided")) == (1, 0)
    with pytest.raises(Conflict):
        await bounties.award(initiator, bounty.id, to=entry.id)


async def test_withdrawing_a_draft_tells_nobody(ports: Ports) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    entry = await bounties.draft_entry(author, bounty.id)

    await bounties.withdraw_entry(author, entry.id)

    assert (await told("EntryWithdrawn"), await history(bounty)) == (0, [("OPEN", None, "OPEN")])


async def test_the_winner_can_not_take_the_entry_back(ports: Ports, tmp_path: Path) -> None:
    _, author, _, entry = await _awarded(ports, tmp_path)

    with pytest.raises(Conflict) as refused:
        await bounties.withdraw_entry(author, entry.id)

    assert refused.value.state == "AWARDED"
    assert (await _seen(author, entry)).status is EntryStatus.ACCEPTED


async def test_a_blocked_entry_states_its_reasons_to_its_author(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await submitted(author, bounty, tmp_path)
    subject = Subject("entry", entry.id)

    unsafe = Finding(Signal.UNSAFE_FORMAT, Verdict.BLOCKED, "file: a pickle")
    await validated(ports, Verdict.BLOCKED, findings=[unsafe])

    assert (await _seen(author, entry)).status is EntryStatus.BLOCKED
    stated = (await statements_by_subject(author, [subject]))[subject]
    assert (stated.ground_reference, "file: a pickle" in stated.facts) == ("File safety policy", True)
    assert await statements_by_subject(initiator, [subject]) == {}
    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, bounty.id, to=entry.id)
    assert refused.value.state == "BLOCKED"
    [fact] = await fetch("SELECT topics FROM fact WHERE kind = 'EntryDecided'")
    assert str(initiator.account_id) not in fact["topics"]


async def test_an_unreadable_file_gives_the_entry_back_and_a_new_file_may_come(ports: Ports, tmp_path: Path) -> None:
    bounty, author = await opened(await somebody(ports)), await somebody(ports)
    entry = await submitted(author, bounty, tmp_path)

    await validated(ports, Verdict.FAILED, error="The file is cut short.")
    back = await _seen(author, entry)
    await uploaded(author, entry.id, tmp_path)
    await bounties.submit_entry(author, entry.id)
    await validated(ports)

    assert (back.status, back.submitted_at) == (EntryStatus.DRAFT, None)
    assert (await _seen(author, entry)).status is EntryStatus.ACCEPTED
    assert len((await resources.files_of([Holder("entry", entry.id)]))[Holder("entry", entry.id)]) == 1


async def test_the_outcome_opens_for_the_initiator_alone_and_only_after_the_award(
    ports: Ports, nobody: Scope, tmp_path: Path
) -> None:
    initiator, author, backer = [await somebody(ports) for _ in range(3)]
    moderator = await some_moderator(ports)
    bounty = await opened(initiator)
    loser = await accepted(backer, bounty, tmp_path)
    entry = await accepted(author, bounty, tmp_path, b"weights")
    assert await bounties.outcomes(initiator, [entry], urls=True) == {}
    await bounties.award(initiator, bounty.id, to=entry.id)
    awarded, lost = await _seen(initiator, entry), await _seen(initiator, loser)

    found = await bounties.outcomes(initiator, [awarded, lost], urls=True)

    assert list(found) == [entry.id]
    [file] = found[entry.id].files
    assert (file.size_bytes, file.sha256) == (7, hashlib.sha256(b"weights").hexdigest())
    assert file.download_url is not None
    [read] = await fetch("SELECT id FROM outcome_read")
    assert file.download_url.startswith(f"http://testserver/vault/reads/{read['id'].hex}?expires=")
    for scope in (author, backer, moderator, nobody):
        assert await bounties.outcomes(scope, [awarded, lost], urls=True) == {}


async def test_every_url_that_is_given_out_is_written_down(ports: Ports, tmp_path: Path) -> None:
    initiator, author, _, entry = await _awarded(ports, tmp_path)

    await bounties.outcomes(initiator, [entry], urls=False)
    await bounties.outcomes(author, [entry], urls=True)
    assert await fetch("SELECT FROM outcome_read") == []
    await bounties.outcomes(initiator, [entry], urls=True)

    [row] = await fetch("SELECT * FROM outcome_read")
    assert (row["entry_id"], row["account_id"]) == (entry.id, initiator.account_id)
    assert row["expires_at"] - row["issued_at"] == timedelta(seconds=300)


async def test_a_newer_registry_closes_the_outcome_and_a_withdrawal_opens_it_again(
    ports: Ports, system: Scope, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await submitted(author, await opened(initiator), tmp_path)
    await validated(ports, texts=[MetadataText("ss_output_name", "test_person_aldebaran_v2")])
    await bounties.award(initiator, entry.bounty_id, to=entry.id)
    subject = Subject("entry", entry.id)

    person = Person(new_id(), "Test Person Aldebaran", consent=Consent.DENY_ALL)
    await _revalidated(system, Snapshot(1, (person,)))
    blocked = await _seen(initiator, entry)
    closed = await bounties.outcomes(initiator, [blocked], urls=True)
    stated = await statements_by_subject(author, [subject])
    await _revalidated(system, Snapshot(2))
    opened_again = await bounties.outcomes(initiator, [await _seen(initiator, entry)], urls=True)

    assert (blocked.status, closed) == (EntryStatus.BLOCKED, {})
    assert stated[subject].ground_reference == "Likeness policy"
    assert "aldebaran" not in stated[subject].facts.casefold()
    assert list(opened_again) == [entry.id]
    assert await statements_by_subject(author, [subject]) == {}


async def test_a_verdict_counts_before_its_reaction_has_run(ports: Ports, system: Scope, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await submitted(author, await opened(initiator), tmp_path)
    await validated(ports, texts=[MetadataText("ss_output_name", "test_person_aldebaran_v2")])
    blocking = Snapshot(1, (Person(new_id(), "Test Person Aldebaran"),))
    system.ports.registry.adopt(blocking)  # type: ignore[attr-defined]
    await swept(system)

    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, entry.bounty_id, to=entry.id)

    assert ((await _seen(initiator, entry)).status, refused.value.state) == (EntryStatus.ACCEPTED, "BLOCKED")
    assert await told("BountyAwarded") == 0


async def test_publishing_makes_a_resource_of_the_initiators_and_tells_once_it_is_public(
    ports: Ports, tmp_path: Path
) -> None:
    initiator, _, bounty, entry = await _awarded(ports, tmp_path)

    resource_id = await bounties.publish_outcome(initiator, entry.id, LORA)
    assert await told("OutcomePublished") == 0
    await validated(ports)
    await fetch("UPDATE fact SET reacted_at = NULL")
    await followed(ports)

    resource = (await resources.resources_by_ids(initiator, [resource_id]))[resource_id]
    assert (resource.status, resource.owner_id) == (ResourceStatus.PUBLISHED, initiator.account_id)
    assert (await told("OutcomePublished"), (await history(bounty))[-1][0]) == (1, "PUBLISH")
    outcome = (await bounties.outcomes(initiator, [await _seen(initiator, entry)], urls=False))[entry.id]
    assert outcome.published_resource_id == resource_id
    with pytest.raises(Conflict) as refused:
        await bounties.publish_outcome(initiator, entry.id, LORA)
    assert refused.value.state == "PUBLISHED"


async def test_publishing_keeps_the_labels_of_the_bounty(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, depicts_real_person=True)
    entry = await accepted(author, bounty, tmp_path)
    await bounties.award(initiator, bounty.id, to=entry.id)

    resource_id = await bounties.publish_outcome(initiator, entry.id, LORA)

    resource = (await resources.resources_by_ids(initiator, [resource_id]))[resource_id]
    assert (resource.depicts_real_person, resource.mature) == (True, False)


async def test_what_may_not_be_published_leaves_nothing_behind(ports: Ports, tmp_path: Path) -> None:
    initiator, author, bounty, entry = await _awarded(ports, tmp_path)
    ports.registry.adopt(Snapshot(1, (Person(new_id(), "Test Person Aldebaran"),)))  # type: ignore[attr-defined]

    with pytest.raises(LikenessRefused):
        await bounties.publish_outcome(initiator, entry.id, replace(LORA, title="Test Person Aldebaran"))
    with pytest.raises(InvalidInput) as refused:
        await bounties.publish_outcome(initiator, entry.id, replace(LORA, kind=ResourceKind.CHECKPOINT))
    with pytest.raises(NotAllowed):
        await bounties.publish_outcome(author, entry.id, LORA)
    with pytest.raises(NotFound):
        await bounties.publish_outcome(initiator, EntryId(new_id()), LORA)

    assert refused.value.field == "input.kind"
    assert (await fetch("SELECT FROM resource"), bounty.status) == ([], BountyStatus.AWARDED)


async def test_pages_of_entries_are_cut_for_each_bounty_by_itself(ports: Ports) -> None:
    initiator, author, other = [await somebody(ports) for _ in range(3)]
    many, few = await opened(initiator), await opened(initiator)
    mine = [await bounties.draft_entry(author, many.id) for _ in range(3)]
    theirs = await bounties.draft_entry(other, few.id)

    first = await bounties.entry_pages(initiator, [many.id, few.id], PageAsk(2), total=True)
    rest = await bounties.entry_pages(initiator, [many.id], PageAsk(2, (mine[1].id.hex,)))
    own = await bounties.entry_pages(author, [many.id, few.id], PageAsk(2), total=True)

    assert [entry.id for entry in first[many.id].items] == [mine[2].id, mine[1].id]
    assert (first[many.id].has_next, first[many.id].total) == (True, 3)
    assert ([entry.id for entry in first[few.id].items], first[few.id].has_next) == ([theirs.id], False)
    assert ([entry.id for entry in rest[many.id].items], rest[many.id].total) == ([mine[0].id], None)
    assert (own[many.id].total, own[few.id].total, list(own[few.id].items)) == (3, 0, [])


async def _revalidated(system: Scope, snapshot: Snapshot) -> None:
    """Adopt a registry and apply it to everything stored, as the reaction to its change does."""
    system.ports.registry.adopt(snapshot)  # type: ignore[attr-defined]
    await swept(system)
    await followed(system.ports)
