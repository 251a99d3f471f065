"""Who hears which fact: one table. The relay runs these after the fact is numbered, at least once, in order.

A reaction is idempotent: it may run again after a crash. It gets the system's scope, opens its own work, and calls a
context's face; it decides nothing itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain import accounts, bounties, generation, ledger, likeness, moderation, resources
from domain.kernel.facts import Fact
from domain.kernel.findings import Finding
from domain.kernel.ids import BountyId, EntryId, ResourceId, Subject
from domain.kernel.scope import Scope
from domain.likeness import Affected, AffectedAction
from domain.moderation import Cause

Reaction = Callable[[Scope, Any], Awaitable[None]]


async def _look_into_claim(scope: Scope, fact: likeness.ClaimReceived) -> None:
    """Have what a new claim names looked at, and held where it agrees; then it is for a moderator."""
    asked = await likeness.look_into(scope, fact.claim_id)
    if asked is not None:
        found = [await _look_at(scope, asked, subject) for subject in asked.subjects]
        await likeness.looked_into(scope, fact.claim_id, [each for each in found if each])


async def _look_at(scope: Scope, asked: likeness.LookInto, subject: Subject) -> Affected | None:
    """Look at one thing that a claim names. What holds nothing itself is left for the moderator to look at."""
    looked: resources.LookedAt | bounties.LookedAt | None
    match subject.kind:
        case "resource":
            looked = await resources.look_at_for_claim(
                scope, ResourceId(subject.id), asked.person, faces=asked.faces, may_hold=asked.may_hold
            )
        case "bounty":
            looked = await bounties.look_at_bounty(
                scope, BountyId(subject.id), asked.person, faces=asked.faces, may_hold=asked.may_hold
            )
        case "entry":
            looked = await bounties.look_at_entry(
                scope, EntryId(subject.id), asked.person, faces=asked.faces, may_hold=asked.may_hold
            )
        case _:
            return Affected(subject, AffectedAction.NONE, (), scope.now)
    if looked is None:
        return None
    before = {
        "status": looked.status,
        "owner_id": str(looked.owner_id),
        "mature": looked.mature,
        "sha256": list(looked.sha256),
    }
    action = AffectedAction.HELD if looked.held else AffectedAction.NONE
    # What is not public must not be told to whoever guesses its id.
    return Affected(subject, action, looked.findings if looked.public else (), scope.now, before)


async def _free_what_a_claim_held(scope: Scope, fact: likeness.ClaimDecided | likeness.ClaimWithdrawn) -> None:
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
    own = found.findings if found else ()
    findings = (
        ()
        if action is AffectedAction.RESTORED
        else (*own, *await _findings_of_files(resources.Holder("resource", subject.id)))
    )
    await likeness.note_affected(scope, subject, action, findings=findings, before={"status": fact.before})


async def _note_entry(scope: Scope, fact: bounties.EntryDecided) -> None:
    """Note under the claims that it concerns what became of an entry."""
    action = _ENTRY_ACTIONS.get(fact.status)
    if action is None:
        return
    subject = Subject("entry", fact.entry_id)
    findings = () if action is AffectedAction.RESTORED else await bounties.entry_findings(EntryId(subject.id))
    await likeness.note_affected(scope, subject, action, findings=findings, before={"status": fact.before})


async def _note_bounty(scope: Scope, fact: bounties.BountyDecided) -> None:
    """Note under the claims that it concerns what became of a bounty."""
    action = _BOUNTY_ACTIONS.get(fact.standing)
    if action is None or fact.cause == "CLAIM":  # a hold for a claim was noted by who asked for it
        return
    subject = Subject("bounty", fact.bounty_id)
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


_RESOURCE_ACTIONS = {
    "HELD": AffectedAction.HELD,
    "BLOCKED": AffectedAction.DISABLED,
    "PUBLISHED": AffectedAction.RESTORED,
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
        resources.learn_words,
    ),
}
