"""Letters to claimants: written in the deed's own transaction, sent afterwards, forgotten once they are sent.

None of them repeats what a claimant typed: whoever files a claim under somebody else's address must not be able to
have us write to them whatever they like.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from domain.kernel.ids import ClaimId, new_id
from domain.kernel.redress import CLAIMANTS
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work
from domain.likeness.values import Claim, Letter
from domain.reasons import Statement

MOST_ATTEMPTS = 10
MOST_LETTERS_A_DAY = 10
_A_DAY = timedelta(days=1)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=4)
LEASE = timedelta(minutes=2)
"""How long whoever took a letter has for it; sending it takes less (`countenance.mail.SEND_SECONDS`)."""


async def receipt(w: Work, scope: Scope, claim: Claim) -> None:
    """Say that a claim filed by the form is received; its PIN was shown there and is not repeated.

    Nobody has shown that the address is theirs: beyond so many letters a day it gets none.
    """
    if await _has_had_enough(w, scope, claim):
        return
    await _write(
        w,
        scope,
        claim,
        f"Your claim {claim.case_code} is received",
        f"""Your claim about the reproduction of a person's likeness is received.

Case code: {claim.case_code}
We decide by: {claim.due_at:%Y-%m-%d %H:%M} UTC
Status: {case_url(scope, claim.case_code)}

The status page asks for the PIN that was shown when the claim was filed. There you can also withdraw the claim at
any time. If you did not file it, you need not do anything.
""",
    )


async def mail_receipt(w: Work, scope: Scope, claim: Claim, pin: str, message_id: str | None) -> None:
    """Answer a claim that came by e-mail: with its case code, its PIN, and the link to complete it."""
    await _write(
        w,
        scope,
        claim,
        f"Your claim {claim.case_code} is received: please complete it",
        f"""Your message about the reproduction of a person's likeness is received, and a case is open.

Case code: {claim.case_code}
PIN: {pin}
We decide by: {claim.due_at:%Y-%m-%d %H:%M} UTC

Please complete it here: {case_url(scope, claim.case_code)}

There we ask who the person is, what you are to them, and what they allow. What was attached to your message was not
kept: we need no photograph. Please keep the PIN; it opens the case, and we can't show it again.
""",
        in_reply_to=message_id,
    )


async def kept_with_claim(w: Work, scope: Scope, claim: Claim) -> None:
    """Say that a message about a claim is kept with it; it goes to the claim's own address, whoever wrote."""
    await _write(
        w,
        scope,
        claim,
        f"Your claim {claim.case_code}: a message is received",
        f"""A message that answers our letter about your claim {claim.case_code} is received. It is kept with the claim,
and a moderator reads it. No new case was opened, and the PIN of your claim stays as it is.
""",
    )


async def kept_for_moderator(w: Work, scope: Scope, to: str, message_id: str | None) -> None:
    """Say to an address that has sent many messages that further ones are kept, and answered by a person."""
    await _address(
        w,
        scope,
        None,
        to,
        subject="Your message is received and waits for a moderator",
        body="""Your message about the reproduction of a person's likeness is received. Many messages came from this
address lately, so this one opened no case by itself: a moderator reads it, and opens a case where it asks for one. You
need not send it again.

Further messages of today are kept for a moderator in the same way, without a letter for each.
""",
        in_reply_to=message_id,
    )


async def decision(w: Work, scope: Scope, claim: Claim, statement: Statement) -> None:
    """Tell a decision with its statement of reasons."""
    await _write(
        w,
        scope,
        claim,
        f"Your claim {claim.case_code} is decided: {claim.status.lower()}",
        f"""Your claim {claim.case_code} was decided: it is {claim.status.lower()}.

Statement of reasons {statement.puid}
Facts: {statement.facts}
Ground: {statement.ground_reference}
Explanation: {statement.explanation}
Decided by a person, on {statement.application_date:%Y-%m-%d %H:%M} UTC.

Status, and what became of what was found: {case_url(scope, claim.case_code)}
{CLAIMANTS}
""",
    )


async def withdrawal(w: Work, scope: Scope, claim: Claim) -> None:
    """Confirm that a claim was withdrawn, in the manner of `receipt`."""
    if await _has_had_enough(w, scope, claim):
        return
    await _write(
        w,
        scope,
        claim,
        f"Your claim {claim.case_code} is withdrawn",
        f"""Your claim {claim.case_code} was withdrawn. What it alone had restricted is being restored, and the face
descriptors that came with it, if any, are deleted. You can file a new claim at any time.
""",
    )


async def take_letters(scope: Scope, limit: int = 10) -> Sequence[Letter]:
    """Lease letters that are due to whoever sends them; one that is neither sent nor failed by then is due again."""
    async with work(scope.now) as w:
        rows = await w.fetch(
            """
            UPDATE claim_letter SET attempts = attempts + 1, not_before = $1 + $3 WHERE id IN (
                SELECT id FROM claim_letter WHERE sent_at IS NULL AND given_up_at IS NULL AND not_before <= $1
                ORDER BY not_before, id LIMIT $2 FOR UPDATE SKIP LOCKED
            ) RETURNING *
            """,
            scope.now,
            limit,
            LEASE,
        )
    return [
        Letter(
            id=row["id"],
            recipient=row["recipient"],
            subject=row["subject"],
            body=row["body"],
            in_reply_to=row["in_reply_to"],
            created_at=row["created_at"],
            attempt=row["attempts"],
        )
        for row in sorted(rows, key=lambda row: row["id"])
    ]


async def unreached(claim_ids: Sequence[ClaimId]) -> frozenset[ClaimId]:
    """Give the claims about which a letter could not be delivered. The caller has shown that it may see the claims."""
    rows = await fetch(
        "SELECT DISTINCT claim_id FROM claim_letter WHERE given_up_at IS NOT NULL AND claim_id = ANY($1::uuid[])",
        list(claim_ids),
    )
    return frozenset(ClaimId(row["claim_id"]) for row in rows)


async def letter_sent(scope: Scope, letter_id: UUID) -> None:
    """Note that a letter is out, and forget what it said: it may hold a PIN."""
    async with work(scope.now) as w:
        await w.execute(
            "UPDATE claim_letter SET sent_at = $2, body = '', last_error = NULL WHERE id = $1", letter_id, scope.now
        )


async def letter_failed(scope: Scope, letter: Letter, reason: str) -> bool:
    """Note why a letter could not be sent; it is tried again, later each time. False when it is given up.

    What a letter that is given up said is forgotten as if it were sent: it may hold a PIN.
    """
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (letter.attempt - 1))
    given_up = letter.attempt >= MOST_ATTEMPTS
    async with work(scope.now) as w:
        await w.execute(
            "UPDATE claim_letter SET not_before = $2, last_error = $3, given_up_at = $4,"
            " body = CASE WHEN $4::timestamptz IS NULL THEN body ELSE '' END WHERE id = $1",
            letter.id,
            scope.now + pause,
            reason[:500].replace("\0", ""),
            scope.now if given_up else None,
        )
    return not given_up


def case_url(scope: Scope, case_code: str) -> str:
    """Give the page on which a claim is looked at, completed and withdrawn."""
    return f"{scope.ports.claims_url or scope.ports.public_url + '/claims'}/{case_code}"


async def _has_had_enough(w: Work, scope: Scope, claim: Claim) -> bool:
    """Whether a claim's address was written to so often within a day that what can wait is left out."""
    row = await w.one(
        "SELECT count(*) FROM claim_letter WHERE recipient = $1 AND created_at > $2",
        claim.contact_email,
        scope.now - _A_DAY,
    )
    return row is not None and row[0] >= MOST_LETTERS_A_DAY


async def _write(
    w: Work, scope: Scope, claim: Claim, subject: str, body: str, *, in_reply_to: str | None = None
) -> None:
    await _address(w, scope, claim.id, claim.contact_email, subject=subject, body=body, in_reply_to=in_reply_to)


async def _address(
    w: Work, scope: Scope, claim_id: ClaimId | None, to: str, *, subject: str, body: str, in_reply_to: str | None
) -> None:
    await w.execute(
        """
        INSERT INTO claim_letter (id, claim_id, recipient, subject, body, in_reply_to, created_at, not_before, attempts)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)
        """,
        new_id(),
        claim_id,
        to,
        subject,
        body,
        in_reply_to,
        scope.now,
    )
