"""What follows for an entry from its files, its note, and the claims that name it."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain import reasons
from domain.bounties import rules
from domain.bounties.facts import EntryDecided
from domain.bounties.rules import EntryStatus
from domain.bounties.standing import hold_statements
from domain.bounties.standing.holds import findings_in, verdicts_on_entry
from domain.bounties.standing.passing import still_against, verdict_of
from domain.bounties.statements import state_verdict
from domain.kernel.findings import Finding, Verdict
from domain.kernel.ids import AccountId, EntryId, Subject
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.resources import StoredFile, marks_in


async def lock_judged(w: Work, entry_id: EntryId) -> Mapping[str, Any] | None:
    """Lock an entry by itself, to judge it; None when there is none. Its bounty's row is never asked for after this."""
    row = await w.one(
        """
        SELECT e.*, b.initiator_id, b.mature FROM bounty_entry e JOIN bounty b ON b.id = e.bounty_id
        WHERE e.id = $1 FOR UPDATE OF e
        """,
        entry_id,
    )
    return None if row is None else dict(row)


async def settle_entry(
    w: Work, scope: Scope, row: Mapping[str, Any], files: Sequence[StoredFile], *, decided: bool = False
) -> bool:
    """Bring a locked entry into the status that everything known of it demands; gives whether that is another one.

    `row` is `lock_judged`'s, with the newest findings on its note. `decided` says that a moderator has just decided
    about it, which is stated and told also where the status stays.
    """
    before = EntryStatus(row["status"])
    noted, let_pass = findings_in(row["note_findings"]), marks_in(row["let_pass"])
    restriction = Verdict(row["restriction"]) if row["restriction"] else None
    against = still_against(noted, let_pass)
    beside = verdicts_on_entry(against, for_claim=row["held_for_claim"], restriction=restriction)
    reached = rules.after_scan(before, [*(verdict_of(file, let_pass) for file in files), *beside])
    if restriction and reached is EntryStatus.ACCEPTED:  # a file that is read anew lets nothing pass meanwhile
        reached = EntryStatus.HELD
    if reached is before and not decided:
        return False
    await w.execute(
        "UPDATE bounty_entry SET status = $2::varchar,"
        " submitted_at = CASE WHEN $2::varchar = 'DRAFT' THEN NULL ELSE submitted_at END WHERE id = $1",
        row["id"],
        reached,
    )
    findings = [*noted, *(finding for file in files for finding in file.scan.findings)]
    await _give_reasons(w, scope, row, reached, findings)
    w.tell(_decided(row, before, reached, decided=decided))
    return reached is not before


def _decided(row: Mapping[str, Any], before: EntryStatus, reached: EntryStatus, *, decided: bool) -> EntryDecided:
    by_validation = "CLAIM" if row["held_for_claim"] else "VALIDATION"
    return EntryDecided(
        entry_id=row["id"],
        bounty_id=row["bounty_id"],
        author_id=row["author_id"],
        initiator_id=row["initiator_id"],
        status=reached.value,
        before=before.value,
        cause="MODERATOR" if decided else by_validation,
    )


async def _give_reasons(
    w: Work, scope: Scope, row: Mapping[str, Any], reached: EntryStatus, findings: Sequence[Finding]
) -> None:
    """State why an entry is held or blocked now; withdraw the statement when it no longer is."""
    subject, author_id = Subject("entry", row["id"]), AccountId(row["author_id"])
    if reached not in (EntryStatus.HELD, EntryStatus.BLOCKED):
        await reasons.withdraw(w, subject, at=scope.now)
    elif row["restriction"] == reached.value:
        statement = hold_statements.of_moderator(
            subject,
            author_id,
            Verdict(row["restriction"]),
            row["restriction_reason"],
            content_date=row["created_at"],
            at=scope.now,
        )
        await reasons.state(w, statement)
    elif row["held_for_claim"] and all(finding.verdict is Verdict.CLEAN for finding in findings):
        statement = hold_statements.of_claimed_entry(subject, author_id, content_date=row["created_at"], at=scope.now)
        await reasons.state(w, statement)
    else:
        await state_verdict(w, subject, author_id, reached, findings, content_date=row["created_at"], at=scope.now)
