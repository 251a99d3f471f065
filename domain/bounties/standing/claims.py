"""What a claim that is not decided yet does to a bounty or an entry that it names: held where it agrees, then free.

The claimed person is not in the registry, so these are looked at with a matcher for that person alone, and what that
finds is not stored with them: it belongs to the claim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain import resources
from domain.bounties.rules import EntryStatus
from domain.bounties.standing.holding import HoldCause, lock_hold, settle_hold
from domain.bounties.standing.holds import findings_json, hold_of
from domain.bounties.standing.references import picture_findings
from domain.bounties.standing.texts import examine, examine_note, judged
from domain.bounties.standing.verdicts import lock_judged, settle_entry
from domain.bounties.vault.contents import contents_of, files_holder, previews_holder, references_holder
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, BountyId, EntryId
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.registry.claimed import Claimed, anonymous
from domain.registry.snapshot import Snapshot

_OVER = (EntryStatus.DRAFT, EntryStatus.WITHDRAWN)
"""What is not handed in, or was taken back, is held from nobody."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a look for a claim found. `public` tells whether everybody could see it; `sha256` are an entry's files.

    It `agrees` where the signals do, whether or not it could be held.
    """

    owner_id: AccountId
    status: str
    mature: bool
    findings: tuple[Finding, ...]
    sha256: tuple[str, ...]
    held: bool
    agrees: bool
    public: bool


async def look_at_bounty(
    w: Work, scope: Scope, bounty_id: BountyId, claimed: Claimed, *, may_hold: bool
) -> LookedAt | None:
    """Look at a bounty that a claim names; hold it at once where its words or its pictures agree, and it may be held.

    Gives None when there is no such bounty. Done again it finds and does the same.
    """
    row = await lock_hold(w, bounty_id)
    if row is None:
        return None
    hold = hold_of(row)
    examined = examine(claimed.matcher, row["title"], row["brief"], mature=row["mature"])
    in_pictures = await resources.look_at_files(w, scope, [references_holder(bounty_id)], claimed)
    found = claimed.found([*examined.findings, *in_pictures])
    public = hold.for_claim or not hold.held
    agrees = claimed.agrees(found)
    if may_hold and agrees:
        hold = replace(hold, for_claim=True)
        await settle_hold(w, scope, row, hold, HoldCause.CLAIM)
    return LookedAt(
        owner_id=AccountId(row["initiator_id"]),
        status=row["status"],
        mature=row["mature"],
        findings=anonymous(found),
        sha256=(),
        held=hold.for_claim,
        agrees=agrees,
        public=public,
    )


async def look_at_entry(
    w: Work,
    scope: Scope,
    entry_id: EntryId,
    claimed: Claimed,
    contents: Sequence[resources.StoredFile],
    *,
    may_hold: bool,
) -> LookedAt | None:
    """Look at an entry that a claim names, at its note, its files and its previews, in the manner of `look_at_bounty`.

    `contents` are its files, as `contents_of` gives them.

    An entry is never public: only its author, the initiator and moderators may know what was found.
    """
    holders = (files_holder(entry_id), previews_holder(entry_id))
    row = await lock_judged(w, entry_id)
    if row is None:
        return None
    in_files = await resources.look_at_files(w, scope, holders, claimed)
    author_id = AccountId(row["author_id"])
    noted = examine_note(claimed.matcher, row["note"], author_id=author_id, mature=row["mature"])
    found = claimed.found([*noted, *in_files])
    held, agrees = row["held_for_claim"], claimed.agrees(found)
    if may_hold and not held and agrees and row["status"] not in _OVER:
        await _claim_entry(w, scope, row, contents, held=True)
        held = True
    return LookedAt(
        owner_id=author_id,
        status=row["status"],
        mature=row["mature"],
        findings=anonymous(found),
        sha256=tuple(file.sha256 for file in contents if file.holder.kind == "entry"),
        held=held,
        agrees=agrees,
        public=False,
    )


async def release_bounty(scope: Scope, bounty_id: BountyId, snapshot: Snapshot) -> bool:
    """End the hold for a claim: from now on the registry alone decides. False when it was not held for one.

    Raises RegistryBehind when a newer registry than `snapshot` is being applied already: try again with that.
    """
    matcher = await resources.matcher_at(scope, snapshot)
    await resources.judge_anew(scope, references_holder(bounty_id), matcher)
    async with work(scope.now) as w:
        await resources.hold_registry(w, matcher)
        row = await lock_hold(w, bounty_id)
        if row is None or not row["held_for_claim"]:
            return False
        examined = examine(matcher, row["title"], row["brief"], mature=row["mature"])
        shown = await picture_findings(w, bounty_id)
        now = judged(replace(hold_of(row), for_claim=False, reference_findings=shown), examined)
        await settle_hold(w, scope, row, now, HoldCause.REGISTRY)
    return True


async def release_entry(scope: Scope, entry_id: EntryId, snapshot: Snapshot) -> bool:
    """End the hold of an entry for a claim, in the manner of `release_bounty`; its files are judged anew first."""
    matcher = await resources.matcher_at(scope, snapshot)
    for holder in (files_holder(entry_id), previews_holder(entry_id)):
        await resources.judge_anew(scope, holder, matcher)
    contents = (await contents_of([entry_id]))[entry_id]
    async with work(scope.now) as w:
        await resources.hold_registry(w, matcher)
        row = await lock_judged(w, entry_id)
        if row is None or not row["held_for_claim"]:
            return False
        noted = examine_note(matcher, row["note"], author_id=AccountId(row["author_id"]), mature=row["mature"])
        found = findings_json(noted)
        await w.execute("UPDATE bounty_entry SET note_findings = $2::jsonb WHERE id = $1", entry_id, found)
        await _claim_entry(w, scope, {**row, "note_findings": found}, contents, held=False)
    return True


async def _claim_entry(
    w: Work, scope: Scope, row: Mapping[str, Any], contents: Sequence[resources.StoredFile], *, held: bool
) -> None:
    await w.execute("UPDATE bounty_entry SET held_for_claim = $2 WHERE id = $1", row["id"], held)
    await settle_entry(w, scope, {**row, "held_for_claim": held}, contents)
