"""Holding a bounty out of public sight, and showing it again: what is written, stated and told for it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain import reasons
from domain.bounties.facts import BountyDecided, BountyHidden, BountyOpened, BountyShown
from domain.bounties.rules import BountyStatus, Step
from domain.bounties.standing import hold_statements
from domain.bounties.standing.holds import Hold, Standing, findings_json, hold_of
from domain.bounties.steps import record
from domain.kernel.ids import AccountId, BountyId, StatementId, Subject
from domain.kernel.scope import Scope
from domain.kernel.work import Work


class HoldCause(StrEnum):
    """By what a hold has changed."""

    REGISTRY = "REGISTRY"
    CLAIM = "CLAIM"
    RISK = "RISK"
    REVIEW = "REVIEW"
    MODERATOR = "MODERATOR"


async def lock_hold(w: Work, bounty_id: BountyId) -> Mapping[str, Any] | None:
    """Lock a bounty whatever its time says; None when there is no such bounty."""
    row = await w.one("SELECT * FROM bounty WHERE id = $1 FOR UPDATE", bounty_id)
    return None if row is None else dict(row)


async def settle_hold(w: Work, scope: Scope, row: Mapping[str, Any], now: Hold, cause: HoldCause) -> bool:
    """Write how a locked bounty stands from now on, with its history, its statement of reasons and its facts.

    What was never listed is opened to the public by this. Nothing is done where nothing changes; gives whether it did.
    """
    before = hold_of(row)
    if now == before and (now.held or row["listed_at"] is not None):
        return False
    await _write(w, row["id"], now, at=scope.now)
    opens = not now.held and row["listed_at"] is None
    if now.held is not before.held or opens:
        await _tell_public(w, scope, row, now)
    if _why(now) == _why(before):
        return True
    await _give_reasons(w, row, now, at=scope.now)
    w.tell(
        BountyDecided(
            bounty_id=row["id"],
            initiator_id=row["initiator_id"],
            standing=now.standing.value,
            before=before.standing.value,
            cause=cause.value,
        )
    )
    return True


def _why(hold: Hold) -> tuple[object, ...]:
    """Give what its initiator is told of a hold."""
    return hold.standing, hold.reasons, hold.for_claim, hold.by_moderator


async def note_statement(w: Work, bounty_id: BountyId, statement_id: StatementId | None) -> None:
    """Remember which statement is about the hold: another one on the same bounty is not ended with it."""
    await w.execute("UPDATE bounty SET hold_statement_id = $2 WHERE id = $1", bounty_id, statement_id)


async def _write(w: Work, bounty_id: BountyId, now: Hold, *, at: datetime) -> None:
    await w.execute(
        """
        UPDATE bounty SET held_findings = $2::jsonb, held_for_claim = $3, review = $4, review_findings = $5::jsonb,
            depicts_found = $6, held_at = CASE WHEN $7 THEN coalesce(held_at, $8) END,
            listed_at = CASE WHEN $7 THEN listed_at ELSE coalesce(listed_at, $8) END, reference_findings = $9::jsonb,
            moderator_hold = $10
        WHERE id = $1
        """,
        bounty_id,
        findings_json(now.findings),
        now.for_claim,
        now.review,
        findings_json(now.review_findings),
        now.depicts,
        now.held,
        at,
        findings_json(now.reference_findings),
        now.by_moderator,
    )


async def _tell_public(w: Work, scope: Scope, row: Mapping[str, Any], now: Hold) -> None:
    """Write a step of the history, and tell those who follow bounties: what was never listed is new to them."""
    bounty_id, status = BountyId(row["id"]), BountyStatus(row["status"])
    listed_before = row["listed_at"] is not None
    if listed_before or now.held:
        step = Step.HOLD if now.held else Step.SHOW
        await record(w, bounty_id, step, at=scope.now, before=status, reached=status, actor_id=scope.account_id)
    if not listed_before:
        if not now.held:
            w.tell(BountyOpened(bounty_id=bounty_id, initiator_id=row["initiator_id"], before=status))
    elif now.held:
        w.tell(BountyHidden(bounty_id=bounty_id, before=status))
    else:
        w.tell(BountyShown(bounty_id=bounty_id, before=status))


async def _give_reasons(w: Work, row: Mapping[str, Any], now: Hold, *, at: datetime) -> None:
    """State why a bounty is held, or end what was stated; a statement about something else stays in force.

    Who refuses a bounty states that.
    """
    if now.standing is Standing.REFUSED:
        return
    subject = Subject("bounty", row["id"])
    standing = await reasons.in_force(w, subject)
    if standing is not None and standing != row["hold_statement_id"]:
        return
    if now.held:
        statement = hold_statements.of_hold(
            subject, AccountId(row["initiator_id"]), now, content_date=row["created_at"], at=at
        )
        await note_statement(w, row["id"], await reasons.state(w, statement))
    elif standing is not None:
        await reasons.withdraw(w, subject, at=at)
        await note_statement(w, row["id"], None)
