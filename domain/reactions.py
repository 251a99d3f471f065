"""Who hears which fact: one table. The relay runs these after the fact is numbered, at least once, in order.

A reaction is idempotent: it may run again after a crash. It gets the system's scope, opens its own work, and calls a
context's face; it decides nothing itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain import accounts, bounties, generation, ledger, likeness, resources
from domain.kernel.facts import Fact
from domain.kernel.findings import Finding
from domain.kernel.ids import ResourceId, Subject
from domain.kernel.scope import Scope
from domain.likeness import Affected, AffectedAction

Reaction = Callable[[Scope, Any], Awaitable[None]]


async def _revalidate_resources(scope: Scope, fact: likeness.RegistryChanged) -> None:
    """Hand the registry over: resources can't ask for it, because likeness stands beside them."""
    change = await likeness.load_change(await resources.applied_version(), scope.ports.sealer)
    await resources.revalidate(scope, await likeness.snapshot_at(scope, change.version), change)


async def _look_into_claim(scope: Scope, fact: likeness.ClaimReceived) -> None:
    """Have what a new claim names looked at, and held where it agrees; then it is for a moderator."""
    asked = await likeness.look_into(scope, fact.claim_id)
    if asked is not None:
        found = [await _look_at(scope, asked, subject) for subject in asked.subjects]
        await likeness.looked_into(scope, fact.claim_id, [each for each in found if each])


async def _look_at(scope: Scope, asked: likeness.LookInto, subject: Subject) -> Affected | None:
    """Look at one thing that a claim names. Whatever is not a resource is left for the moderator to look at."""
    if subject.kind != "resource":
        return Affected(subject, AffectedAction.NONE, (), scope.now)
    looked = await resources.look_at_for_claim(
        scope, ResourceId(subject.id), asked.person, faces=asked.faces, may_hold=asked.may_hold
    )
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
    public = looked.status is resources.ResourceStatus.PUBLISHED
    return Affected(subject, action, looked.findings if public else (), scope.now, before)


async def _free_what_a_claim_held(scope: Scope, fact: likeness.ClaimDecided | likeness.ClaimWithdrawn) -> None:
    """Let the registry alone decide from now on what was held while the claim was open."""
    held = [each for each in await likeness.held_by_claim(fact.claim_id, alone=True) if each.subject.kind == "resource"]
    if held:
        snapshot = await likeness.load_snapshot(scope.ports.sealer)
        for each in held:
            await resources.release_from_claim(scope, ResourceId(each.subject.id), snapshot)


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
    findings = (
        () if action is AffectedAction.RESTORED else await _findings_of_files(resources.Holder("entry", subject.id))
    )
    await likeness.note_affected(scope, subject, action, findings=findings, before={"status": fact.before})


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

REACTIONS: dict[type[Fact], Sequence[Reaction]] = {
    accounts.AccountOpened: (ledger.grant_to_new_account,),
    generation.GenerationStopAsked: (generation.stop_asked,),
    bounties.EntryDecided: (_note_entry,),
    likeness.ClaimDecided: (_free_what_a_claim_held,),
    likeness.ClaimReceived: (_look_into_claim,),
    likeness.ClaimWithdrawn: (_free_what_a_claim_held,),
    likeness.RegistryChanged: (generation.registry_changed, _revalidate_resources),
    resources.FileScanned: (bounties.entry_scanned,),
    resources.ResourceChanged: (generation.resource_changed, bounties.outcome_published, _note_resource),
}
