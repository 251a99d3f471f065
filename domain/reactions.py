"""Who hears which fact: one table. The relay runs these after the fact is numbered, at least once, in order.

A reaction is idempotent: it may run again after a crash. It gets the system's scope, opens its own work, and calls a
context's face; it decides nothing itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from domain import accounts, bounties, generation, ledger, likeness, moderation, resources
from domain.kernel.facts import Fact
from domain.kernel.findings import Finding
from domain.kernel.ids import BountyId, EntryId, ResourceId, Subject
from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.likeness import Affected, AffectedAction
from domain.moderation import Cause

Reaction = Callable[[Scope, Any], Awaitable[None]]


async def _look_into_claim(scope: Scope, fact: likeness.ClaimReceived) -> None:
    """Have what a new claim names looked at, and held where it agrees; then it is for a moderator."""
    asked = await likeness.look_into(scope, fact.claim_id)
    if asked is None:  # it may have ended while this was being tried
        await _free_what_a_claim_held(scope, fact)
        return
    notes = [*asked.notes]
    for subject in await _there(scope, asked.subjects):
        notes += await _look_at(scope, asked, subject)
    await likeness.looked_into(scope, fact.claim_id, notes)


async def _there(scope: Scope, subjects: Sequence[Subject]) -> list[Subject]:
    """Leave out what is not there, by one statement for each kind."""
    ids: dict[str, list[Any]] = {"resource": [], "bounty": [], "entry": [], "job": [], "image": []}
    for subject in subjects:
        ids[subject.kind].append(subject.id)
    there = {
        *await resources.resources_by_ids(scope, ids["resource"]),
        *await bounties.bounties_by_ids(scope, ids["bounty"]),
        *await bounties.entries_by_ids(scope, ids["entry"]),
        *await generation.jobs_by_ids(scope, ids["job"]),
        *ids["image"],
    }
    return [subject for subject in subjects if subject.id in there]


async def _look_at(scope: Scope, asked: likeness.LookInto, subject: Subject) -> Sequence[str]:
    """Look at one thing that a claim names: hold it, and note what was found, in one work. Gives what is to be told."""
    contents = await bounties.contents_of([EntryId(subject.id)]) if subject.kind == "entry" else {}
    async with work(scope.now) as w:
        may_hold = await likeness.lock_for_hold(w, asked.claim_id, subject)
        if may_hold is None:
            return ()
        looked: resources.LookedAt | bounties.LookedAt | None = None
        match subject.kind:
            case "resource":
                looked = await resources.look_at_for_claim(
                    w, scope, ResourceId(subject.id), asked.claimed, may_hold=may_hold
                )
            case "bounty":
                looked = await bounties.look_at_bounty(w, scope, BountyId(subject.id), asked.claimed, may_hold=may_hold)
            case "entry":
                entry_id = EntryId(subject.id)
                looked = await bounties.look_at_entry(
                    w, scope, entry_id, asked.claimed, contents[entry_id], may_hold=may_hold
                )
        found = _affected(subject, looked, scope.now, may_hold=may_hold)
        await likeness.note_looked_at(w, asked.claim_id, found)
    return [likeness.OF_THE_HOUSE] if isinstance(looked, resources.LookedAt) and looked.of_the_house else []


def _affected(
    subject: Subject, looked: resources.LookedAt | bounties.LookedAt | None, at: datetime, *, may_hold: bool
) -> Affected:
    """Say what a look for a claim found, and what the thing was before; None is what holds nothing itself, a job."""
    if looked is None:
        return Affected(subject, AffectedAction.NONE, (), at)
    before = {
        "status": looked.status,
        "owner_id": str(looked.owner_id),
        "mature": looked.mature,
        "sha256": list(looked.sha256),
        "agrees": looked.agrees,
    }
    # A claim that may hold nothing does not keep held what another one holds.
    action = AffectedAction.HELD if looked.held and may_hold else AffectedAction.NONE
    # What is not public must not be told to whoever guesses its id.
    return Affected(subject, action, looked.findings if looked.public else (), at, before)


async def _free_what_a_claim_held(
    scope: Scope, fact: likeness.ClaimDecided | likeness.ClaimWithdrawn | likeness.ClaimReceived
) -> None:
    """Let the registry alone decide from now on what was held while the claim was open."""
    held = [each.subject for each in await likeness.held_by_claim(fact.claim_id, alone=True)]
    if held:
        snapshot = await likeness.load_snapshot(scope.ports.sealer)
        for subject in held:
            match subject.kind:
                case "resource":
                    await resources.release_from_claim(scope, ResourceId(subject.id), snapshot)
                case "bounty":
                    await bounties.release_bounty(scope, BountyId(subject.id), snapshot)
                case "entry":
                    await bounties.release_entry(scope, EntryId(subject.id), snapshot)


async def _note_resource(scope: Scope, fact: resources.ResourceChanged) -> None:
    """Note under the claims that it concerns what became of a resource."""
    action = _RESOURCE_ACTIONS.get(fact.status)
    if action is None or fact.cause == "CLAIM":  # a hold for a claim was noted by who asked for it
        return
    subject = Subject("resource", fact.resource_id)
    found = (await resources.resources_by_ids(scope, [fact.resource_id])).get(fact.resource_id)
    if action is AffectedAction.RESTORED and found and found.status in ("HELD", "BLOCKED"):
        return  # it was held again before this was heard, and that must stay noted
    own = found.findings if found else ()
    findings = (
        ()
        if action in (AffectedAction.RESTORED, AffectedAction.REMOVED)
        else (*own, *await _findings_of_files(resources.Holder("resource", subject.id)))
    )
    await likeness.note_affected(scope, subject, action, findings=findings, before={"status": fact.before})


async def _note_entry(scope: Scope, fact: bounties.EntryDecided) -> None:
    """Note under the claims that it concerns what became of an entry."""
    action = _ENTRY_ACTIONS.get(fact.status)
    if action is None:
        return
    subject = Subject("entry", fact.entry_id)
    found = (await bounties.entries_by_ids(scope, [fact.entry_id])).get(EntryId(fact.entry_id))
    if action is AffectedAction.RESTORED and found and found.status in ("HELD", "BLOCKED"):
        return  # as for a resource
    findings = () if action is AffectedAction.RESTORED else await bounties.entry_findings(EntryId(subject.id))
    await likeness.note_affected(scope, subject, action, findings=findings, before={"status": fact.before})


async def _note_bounty(scope: Scope, fact: bounties.BountyDecided) -> None:
    """Note under the claims that it concerns what became of a bounty."""
    action = _BOUNTY_ACTIONS.get(fact.standing)
    if action is None or fact.cause == "CLAIM":  # a hold for a claim was noted by who asked for it
        return
    subject = Subject("bounty", fact.bounty_id)
    found = (await bounties.bounties_by_ids(scope, [fact.bounty_id])).get(BountyId(fact.bounty_id))
    if action is AffectedAction.RESTORED and found and found.held_at:
        return  # as for a resource
    findings = await bounties.registry_findings(BountyId(fact.bounty_id)) if action is AffectedAction.HELD else ()
    await likeness.note_affected(scope, subject, action, findings=findings, before={"standing": fact.before})


async def _case_of_dealing(scope: Scope, fact: bounties.SelfDealingRefused) -> None:
    """Open a case about an entry whose part of a pot was refused, because its author isn't independent."""
    said = "its part of the pot was refused: author and initiator share a mark"
    await moderation.note(scope, Subject("entry", fact.entry_id), Cause.SELF_DEALING, said)


async def _case_of_books(scope: Scope, fact: bounties.EscrowMismatch) -> None:
    """Open a case about a bounty whose books disagree. All books together are no subject: moderators were told."""
    if fact.bounty_id is not None:
        said = (
            f"its books disagree: pledged {fact.pledged}, pot {fact.pot}, in escrow {fact.escrowed} where {fact.owed} "
            "should be"
        )
        await moderation.note(scope, Subject("bounty", fact.bounty_id), Cause.BOOKS, said)


async def _case_of_bounty(scope: Scope, fact: bounties.BountyDecided) -> None:
    """Open a case about a bounty that is held or waits; note in an open one that it no longer does."""
    if fact.cause == "MODERATOR":  # a case has just been decided so
        return
    cause = {"WAITING": Cause.REVIEW, "HELD": Cause.CLAIM if fact.cause == "CLAIM" else Cause.VALIDATION}
    said = f"{fact.before} → {fact.standing}, by {fact.cause}"
    await moderation.note(scope, Subject("bounty", fact.bounty_id), cause.get(fact.standing), said)


async def _case_of_entry(scope: Scope, fact: bounties.EntryDecided) -> None:
    """Open a case about an entry that is held; note in an open one what else becomes of it."""
    if fact.cause == "MODERATOR":  # a case has just been decided so
        return
    held = Cause.CLAIM if fact.cause == "CLAIM" else Cause.VALIDATION
    said = f"{fact.before} → {fact.status}, by {fact.cause}"
    await moderation.note(scope, Subject("entry", fact.entry_id), held if fact.status == "HELD" else None, said)


async def _case_of_resource(scope: Scope, fact: resources.ResourceChanged) -> None:
    """Open a case about a resource that is held; close it once the resource is free, or gone, by another way."""
    over = fact.status in _OVER
    if fact.cause == "MODERATOR" and not over:  # a case has just been decided so
        return
    held = Cause.CLAIM if fact.cause == "CLAIM" else Cause.VALIDATION
    by = fact.cause or Cause.VALIDATION
    same = fact.before == fact.status
    said = f"what it is {fact.status} for has changed, by {by}" if same else f"{fact.before} → {fact.status}, by {by}"
    subject = Subject("resource", fact.resource_id)
    await moderation.note(scope, subject, held if fact.status == "HELD" else None, said, over=over)


async def _note_job(scope: Scope, fact: generation.GenerationFinished) -> None:
    """Note under the claims that it concerns that a job was stopped, or refused, for whom it would have shown."""
    if fact.status != generation.JobStatus.REFUSED:
        return
    job = (await generation.jobs_by_ids(scope, [fact.job_id])).get(fact.job_id)
    if job is not None and job.refusal:
        subject = Subject("job", fact.job_id)
        await likeness.note_affected(scope, subject, AffectedAction.REMOVED, findings=job.refusal)


async def _note_pictures(scope: Scope, fact: generation.PicturesWithheld) -> None:
    """Note under the claims that it concerns that finished pictures are withheld, or given back."""
    job = (await generation.jobs_by_ids(scope, [fact.job_id])).get(fact.job_id)
    withheld = job.withheld if job else None
    action = AffectedAction.DISABLED if withheld else AffectedAction.RESTORED
    await likeness.note_affected(scope, Subject("job", fact.job_id), action, findings=withheld or ())


async def _findings_of_files(holder: resources.Holder) -> Sequence[Finding]:
    files = await resources.files_of([holder])
    return [finding for file in files.get(holder, ()) for finding in file.scan.findings]


_OVER = ("PUBLISHED", "REMOVED")
"""The statuses of a resource in which a moderator has nothing to decide."""

_RESOURCE_ACTIONS = {
    "HELD": AffectedAction.HELD,
    "BLOCKED": AffectedAction.DISABLED,
    "PUBLISHED": AffectedAction.RESTORED,
    "REMOVED": AffectedAction.REMOVED,
}
_ENTRY_ACTIONS = {
    "HELD": AffectedAction.HELD,
    "BLOCKED": AffectedAction.DISABLED,
    "ACCEPTED": AffectedAction.RESTORED,
}

_BOUNTY_ACTIONS = {
    "HELD": AffectedAction.HELD,
    "WAITING": AffectedAction.RESTORED,
    "LISTED": AffectedAction.RESTORED,
}

REACTIONS: dict[type[Fact], Sequence[Reaction]] = {
    accounts.AccountOpened: (ledger.grant_to_new_account,),
    generation.GenerationFinished: (_note_job,),
    generation.GenerationStopAsked: (generation.stop_asked,),
    generation.PicturesWithheld: (_note_pictures,),
    bounties.BountyChanged: (bounties.learn_words,),
    bounties.BountyOpened: (bounties.learn_words,),
    bounties.BountyDecided: (_note_bounty, _case_of_bounty),
    bounties.EntryDecided: (_note_entry, _case_of_entry),
    bounties.EscrowMismatch: (_case_of_books,),
    bounties.SelfDealingRefused: (_case_of_dealing,),
    likeness.ClaimDecided: (_free_what_a_claim_held,),
    likeness.ClaimReceived: (_look_into_claim,),
    likeness.ClaimWithdrawn: (_free_what_a_claim_held,),
    likeness.RegistryChanged: (generation.registry_changed,),
    resources.FileScanned: (bounties.entry_scanned, bounties.reference_scanned),
    resources.ResourceChanged: (
        generation.resource_changed,
        bounties.outcome_published,
        _note_resource,
        _case_of_resource,
        resources.learn_words,
    ),
}
