"""What a moderator's decision on a case does to a bounty or an entry, in the work of whoever decides.

The bounty's row is locked first, then the entry's. What validation says of files is read before that work begins.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.bounties import rules
from domain.bounties.facts import SelfDealingLifted
from domain.bounties.pot.awarding import Verdicts, verdicts_of
from domain.bounties.pot.cancelling import authors_to_pay, call_off, submitted_entries
from domain.bounties.rules import EntryStatus
from domain.bounties.standing.holding import HoldCause, lock_hold, settle_hold
from domain.bounties.standing.holds import Review, Standing, findings_in, hold_of
from domain.bounties.standing.passing import marks_of
from domain.bounties.standing.reviewing import decide_review
from domain.bounties.standing.verdicts import lock_judged, settle_entry
from domain.bounties.statements import state_cancellation
from domain.bounties.steps import LockedBounty, lock_bounty
from domain.bounties.tables import DealingLiftRow
from domain.bounties.vault.contents import contents_of
from domain.kernel.findings import Verdict
from domain.kernel.ids import BountyId, CaseId, EntryId
from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.resources import Judge, StoredFile, marks_in


@dataclass(frozen=True, slots=True)
class Examined:
    """What validation says, read before the work that decides: of one entry's files, or of a whole bounty's."""

    bounty_id: BountyId
    entry_id: EntryId | None
    files: Sequence[StoredFile] = ()
    verdicts: Verdicts | None = None


@dataclass(frozen=True, slots=True)
class Decidable:
    """A bounty, or one of its entries, that is locked for a decision, and how it stands.

    `restricted` says that a moderator holds or blocks it already, `waits` that it waits for a review, `refused` that an
    award to it was refused as self-dealing, nobody has lifted that, and it can still be awarded. `marks` name what
    holds an entry until a person has looked, and was not let pass before; `turned_down` says that a review refused a
    bounty, which ended it.
    """

    examined: Examined
    bounty: LockedBounty
    judge: Judge | None
    entry_status: EntryStatus | None
    restricted: Verdict | None
    waits: bool
    refused: bool
    turned_down: bool = False
    marks: Sequence[str] = ()


async def examine_for_decision(bounty_id: BountyId, entry_id: EntryId | None) -> Examined:
    """Read what validation says of what is to be decided about, an entry or a whole bounty."""
    if entry_id is None:
        return Examined(bounty_id, None, verdicts=await verdicts_of(await submitted_entries(bounty_id)))
    return Examined(bounty_id, entry_id, files=(await contents_of([entry_id]))[entry_id])


async def lock_for_decision(w: Work, scope: Scope, examined: Examined, judge: Judge | None = None) -> Decidable:
    """Lock what is to be decided about; to restore a bounty, its `judge_of` holds the registry in this work already.

    Raises NotFound.
    """
    bounty = await lock_bounty(w, examined.bounty_id, scope.now)
    row = await lock_hold(w, bounty.id)
    if row is None:
        raise NotFound("There is no bounty with this id.")
    hold = hold_of(row)
    if examined.entry_id is None:
        held = Verdict.HELD if hold.by_moderator is not None else None
        waits, turned_down = (hold.standing is standing for standing in (Standing.WAITING, Standing.REFUSED))
        return Decidable(examined, bounty, judge, None, held, waits, refused=False, turned_down=turned_down)
    entry = await lock_judged(w, examined.entry_id)
    if entry is None:
        raise NotFound("There is no entry with this id.")
    marks = marks_of(findings_in(entry["note_findings"]), examined.files)
    return Decidable(
        examined,
        bounty,
        judge,
        EntryStatus(entry["status"]),
        Verdict(entry["restriction"]) if entry["restriction"] else None,
        waits=False,
        refused=not rules.has_ended(bounty.status) and await _was_refused(w, examined.entry_id),
        marks=sorted({*marks} - marks_in(entry["let_pass"])),
    )


async def _was_refused(w: Work, entry_id: EntryId) -> bool:
    row = await w.one(
        """
        SELECT FROM bounty_self_dealing d WHERE d.entry_id = $1
            AND NOT EXISTS (SELECT FROM bounty_dealing_lift l WHERE l.entry_id = d.entry_id)
        """,
        entry_id,
    )
    return row is not None


async def hold(w: Work, scope: Scope, subject: Decidable, *, explanation: str) -> None:
    """Hold a bounty or an entry until a moderator lifts that; its owner is told why."""
    if subject.examined.entry_id is None:
        await _hold_bounty(w, scope, subject, explanation)
    else:
        await _restrict_entry(w, scope, subject, Verdict.HELD, explanation)


async def remove(w: Work, scope: Scope, subject: Decidable, *, explanation: str) -> None:
    """Call a bounty off, or refuse one that waits, or block an entry; its owner is told why.

    Raises Conflict, BooksDisagree.
    """
    if subject.examined.entry_id is not None:
        await _restrict_entry(w, scope, subject, Verdict.BLOCKED, explanation)
    elif subject.waits:
        await decide_review(w, scope, subject.bounty, subject.judge, Review.REFUSE, explanation=explanation)
    else:
        authors = await authors_to_pay(w, scope, subject.bounty, subject.examined.verdicts or {})
        await call_off(w, scope, subject.bounty, authors)
        await state_cancellation(w, subject.bounty, scope.now, explanation)


async def restore(w: Work, scope: Scope, subject: Decidable, *, explanation: str) -> None:
    """Lift what a moderator holds or blocks, list what waits, and let pass what a person had to look at.

    What blocks is never let pass, and neither is what the registry says of a bounty. Raises Conflict.
    """
    if subject.examined.entry_id is None:
        if subject.restricted:
            await _hold_bounty(w, scope, subject, None)
        if subject.waits:
            await decide_review(w, scope, subject.bounty, subject.judge, Review.LIST, explanation=explanation)
    elif subject.restricted or subject.marks:
        await w.execute(
            "UPDATE bounty_entry SET let_pass = let_pass || $2::jsonb WHERE id = $1",
            subject.examined.entry_id,
            json.dumps(list(subject.marks)),
        )
        await _restrict_entry(w, scope, subject, None, None)


async def lift_refusal(w: Work, scope: Scope, subject: Decidable, *, case_id: CaseId, explanation: str) -> None:
    """Let an entry win though its author and the initiator share a mark: by chance, as a moderator found."""
    entry_id = subject.examined.entry_id
    await DealingLiftRow.insert(
        DealingLiftRow(
            {
                DealingLiftRow.bounty_id: subject.bounty.id,
                DealingLiftRow.entry_id: entry_id,
                DealingLiftRow.case_id: case_id,
                DealingLiftRow.moderator_id: scope.require_moderator().account_id,
                DealingLiftRow.explanation: explanation,
                DealingLiftRow.lifted_at: scope.now,
            }
        )
    )
    if entry_id is not None:
        w.tell(SelfDealingLifted(subject.bounty.id, entry_id, subject.bounty.initiator_id))


async def _hold_bounty(w: Work, scope: Scope, subject: Decidable, explanation: str | None) -> None:
    row = await lock_hold(w, subject.bounty.id)
    if row is not None:
        await settle_hold(w, scope, row, replace(hold_of(row), by_moderator=explanation), HoldCause.MODERATOR)


async def _restrict_entry(
    w: Work, scope: Scope, subject: Decidable, restriction: Verdict | None, explanation: str | None
) -> None:
    entry_id = subject.examined.entry_id
    row = None if entry_id is None else await lock_judged(w, entry_id)
    if row is None:
        return
    await w.execute(
        "UPDATE bounty_entry SET restriction = $2, restriction_reason = $3 WHERE id = $1",
        entry_id,
        restriction,
        explanation,
    )
    now = {**row, "restriction": restriction, "restriction_reason": explanation}
    await settle_entry(w, scope, now, subject.examined.files, decided=True)
