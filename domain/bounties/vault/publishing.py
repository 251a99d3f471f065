"""Publishing an outcome: the initiator makes a resource of what they bought, through the door of every resource."""

from dataclasses import replace
from uuid import UUID

from domain import resources
from domain.bounties import rules
from domain.bounties.facts import OutcomePublished
from domain.bounties.reads import entries_by_ids
from domain.bounties.rules import Step
from domain.bounties.standing import holds
from domain.bounties.steps import lock_bounty, lock_entry, take
from domain.bounties.tables import EntryRow
from domain.bounties.values import BountyEntry
from domain.bounties.vault.contents import files_holder
from domain.bounties.vault.outcomes import may_read
from domain.kernel.ids import BountyId, EntryId, ResourceId
from domain.kernel.limits import within_limit
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.resources import Judge, ResourceChanged, ResourceDraft, ResourceStatus, files_of


async def publish_outcome(scope: Scope, entry_id: EntryId, asked: ResourceDraft) -> ResourceId:
    """Make a resource of the initiator's own from the files of the entry that won, and submit it for validation.

    It keeps the labels of the bounty: what was asked for as mature or as a real person's is published as that; and it
    names the author. The files are taken out of the vault before the work that decides, so everything is checked twice.
    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, PolicyRefused, LikenessRefused,
    RateLimited.
    """
    actor = scope.require_active()
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    if entry is None:
        raise NotFound("There is no entry with this id, or you may not see it.")
    if actor.account_id != entry.initiator_id:
        raise NotAllowed("Only the initiator of a bounty may publish its outcome.")
    await within_limit(scope, "draft", actor.account_id)
    judge = Judge(scope)
    async with work(scope.now) as w:
        labelled = await _labelled(w, scope, entry, asked)
    await resources.examined_draft(judge, labelled, actor.account_id)
    files = (await files_of([files_holder(entry_id)]))[files_holder(entry_id)]
    copies = await resources.copy_out(scope, [file for file in files if may_read(entry, file, actor.account_id)])
    async with work(scope.now) as w:
        await judge.hold(w)
        resource_id = await resources.publish_outcome(
            w,
            scope,
            await _labelled(w, scope, entry, asked),
            judge=judge,
            copies=copies,
            owner_id=actor.account_id,
            credited_to=entry.author_id,
        )
        await EntryRow.update({EntryRow.published_resource_id: resource_id}).where(EntryRow.id == entry_id)
    return resource_id


async def _labelled(w: Work, scope: Scope, entry: BountyEntry, asked: ResourceDraft) -> ResourceDraft:
    """Lock an entry whose outcome may be published now; give the draft with the bounty's labels.

    Raises Conflict, InvalidInput.
    """
    bounty = await lock_bounty(w, entry.bounty_id, scope.now)
    locked = await lock_entry(w, bounty.id, entry.id)
    holds.check_shown(held=bounty.held)
    rules.check_publication(
        bounty.stands,
        locked.status,
        awarded=locked.awarded,
        published=locked.published_resource_id is not None,
    )
    rules.check_published_kind(asked.kind, bounty.kind)
    return replace(
        asked,
        mature=asked.mature or bounty.mature,
        depicts_real_person=asked.depicts_real_person or bounty.depicts_real_person or bounty.depicts_found,
    )


async def outcome_published(scope: Scope, fact: ResourceChanged) -> None:
    """Tell, once, that an outcome is public, when the resource made of it is; a reaction to ResourceChanged."""
    if fact.status != ResourceStatus.PUBLISHED:
        return
    row = await _of_resource(fact.resource_id)
    if row is None:
        return
    bounty_id, entry_id = row
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        told = await w.one(
            "SELECT FROM bounty_step WHERE bounty_id = $1 AND entry_id = $2 AND step = $3",
            bounty_id,
            entry_id,
            Step.PUBLISH.value,
        )
        if told is None:
            await take(w, scope, bounty, Step.PUBLISH, entry_id=entry_id)
            w.tell(
                OutcomePublished(
                    bounty_id=bounty_id, entry_id=entry_id, resource_id=fact.resource_id, before=bounty.status
                )
            )


async def _of_resource(resource_id: UUID) -> tuple[BountyId, EntryId] | None:
    row = await fetch_one("SELECT bounty_id, id FROM bounty_entry WHERE published_resource_id = $1", resource_id)
    return (BountyId(row["bounty_id"]), EntryId(row["id"])) if row else None
