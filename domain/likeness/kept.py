"""E-mails that are kept: those that opened no claim wait for a moderator, and the message itself is kept for a while.

A message is deleted once it is dealt with, or once the claim that it opened is complete or over; a sweep does what a
crash left undone. Its row stays, so that the same message that is delivered again opens nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from domain import accounts
from domain.kernel.ids import ClaimId
from domain.kernel.paging import Page, PageAsk, page_of, uuid_part
from domain.kernel.refusals import Conflict, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work, work
from domain.likeness import claim_rules
from domain.likeness.filing import file_mailed
from domain.likeness.values import Claim, KeptMessage, ThrottleCount

_AT_ONCE = 100
_DAYS_OF_COUNTS = 7
_WAITS = "problem IS NOT NULL AND dealt_at IS NULL"


async def list_kept(
    scope: Scope, asked: PageAsk, *, claim_id: ClaimId | None = None, with_total: bool = False
) -> Page[KeptMessage]:
    """Give the e-mails that wait for a moderator, the newest first; of one claim also those that were dealt with.

    Moderators only. Raises SignInRequired, NotAllowed.
    """
    if not scope.system:
        scope.require_moderator()
    where = _WAITS if claim_id is None else "problem IS NOT NULL AND claim_id = $1"
    rows = await fetch(
        f"SELECT * FROM intake_message WHERE {where} AND ($1::uuid IS NULL OR claim_id = $1)"  # noqa: S608 - constants of this module
        " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        claim_id,
        uuid_part(asked, 0),
        asked.first + 1,
    )
    total = None
    if with_total:
        counted = await fetch_one(
            f"SELECT count(*) FROM intake_message WHERE {where} AND ($1::uuid IS NULL OR claim_id = $1)",  # noqa: S608 - as above
            claim_id,
        )
        total = counted[0] if counted else 0
    messages = [_kept_of(row) for row in rows]
    return page_of(messages, [(message.id.hex,) for message in messages], asked, total=total)


async def kept_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[UUID, KeptMessage]:
    """Give kept e-mails to a moderator; none to anybody else."""
    if not ids or not (scope.system or scope.is_moderator):
        return {}
    rows = await fetch("SELECT * FROM intake_message WHERE problem IS NOT NULL AND id = ANY($1::uuid[])", list(ids))
    return {row["id"]: _kept_of(row) for row in rows}


async def throttle_counts(scope: Scope) -> Sequence[ThrottleCount]:
    """Say how often addresses were told to wait in the last seven days, by day and rule. Moderators only.

    Raises SignInRequired, NotAllowed.
    """
    if not scope.system:
        scope.require_moderator()
    rows = await fetch(
        "SELECT on_day, rule, count(*) AS addresses, sum(times) AS times FROM throttled_claim"
        " WHERE on_day > $1::date - $2::int GROUP BY on_day, rule ORDER BY on_day DESC, rule LIMIT 100",
        scope.now.date(),
        _DAYS_OF_COUNTS,
    )
    return [ThrottleCount(**dict(row)) for row in rows]


async def open_from_kept(
    scope: Scope, message_id: UUID, *, contact_email: str | None, person_name: str | None
) -> Claim:
    """Open the claim that a kept e-mail asks for; its sender is answered as if it had just come in.

    A moderator may give the address and the person where they could not be read.
    Raises SignInRequired, NotAllowed, NotFound, Conflict, InvalidInput.
    """
    moderator = scope.require_moderator()
    pin = claim_rules.new_pin()
    pin_hash = await accounts.hash_password(pin)
    async with work(scope.now) as w:
        message = await _waiting(w, message_id)
        if message.claim_id is not None:
            raise Conflict("This message belongs to a claim already: it can only be dealt with.", state="HAS_CLAIM")
        asked = claim_rules.mailed_claim(
            sender=message.sender if contact_email is None else contact_email,
            person_name=message.person_name if person_name is None else person_name,
            words=f"{message.subject}\n\n{message.text}",
            links=message.links,
            message_id=message.message_id,
            field="input.contactEmail",
        )
        claim = await file_mailed(w, scope, asked, pin, pin_hash)
        await w.execute(
            "UPDATE intake_message SET claim_id = $2, dealt_at = $3, dealt_by = $4 WHERE id = $1",
            message_id,
            claim.id,
            scope.now,
            moderator.account_id,
        )
    return claim


async def deal_with(scope: Scope, message_id: UUID) -> KeptMessage:
    """Mark a kept e-mail as dealt with. The message is deleted, and its words where they belong to no claim.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    moderator = scope.require_moderator()
    async with work(scope.now) as w:
        message = await _waiting(w, message_id)
        await w.execute(
            "UPDATE intake_message SET dealt_at = $2, dealt_by = $3 WHERE id = $1",
            message_id,
            scope.now,
            moderator.account_id,
        )
        if message.claim_id is None:
            message = replace(message, sender="", subject="", text="", person_name="", links=(), attachments=())
            await w.execute(
                "UPDATE intake_message SET sender = '', subject = '', text = '', person_name = '', links = '{}',"
                " attachments = '[]' WHERE id = $1",
                message_id,
            )
    if message.blob_key is not None:
        await _forget(scope, [(message.id, message.blob_key)])
    return replace(message, dealt_at=scope.now, blob_key=None)


async def sweep(scope: Scope) -> int:
    """Delete a bounded number of messages that need not be kept any more; give how many."""
    rows = await fetch(
        """
        SELECT message.id, message.blob_key FROM intake_message message
            LEFT JOIN likeness_claim claim ON claim.id = message.claim_id
        WHERE message.blob_key IS NOT NULL AND (message.problem IS NULL OR message.dealt_at IS NOT NULL)
            AND (claim.id IS NULL OR claim.complete OR claim.status NOT IN ('RECEIVED', 'VERIFYING'))
        ORDER BY message.id LIMIT $1
        """,
        _AT_ONCE,
    )
    await _forget(scope, [(row["id"], row["blob_key"]) for row in rows])
    return len(rows)


async def _forget(scope: Scope, messages: Sequence[tuple[UUID, str]]) -> None:
    """Delete messages; each row names its message until that is gone."""
    if not messages:
        return
    await scope.ports.blobs.delete([key for _, key in messages])
    async with work(scope.now) as w:
        await w.execute(
            "UPDATE intake_message SET blob_key = NULL WHERE id = ANY($1::uuid[])", [each for each, _ in messages]
        )


async def _waiting(w: Work, message_id: UUID) -> KeptMessage:
    """Lock a message that waits. Raises NotFound, Conflict."""
    row = await w.one("SELECT * FROM intake_message WHERE id = $1 AND problem IS NOT NULL FOR UPDATE", message_id)
    if row is None:
        raise NotFound("There is no such message.")
    if row["dealt_at"] is not None:
        raise Conflict("This message was dealt with already.", state="DEALT_WITH")
    return _kept_of(row)


def _kept_of(row: asyncpg.Record) -> KeptMessage:
    return KeptMessage(
        id=row["id"],
        claim_id=ClaimId(row["claim_id"]) if row["claim_id"] else None,
        sender=row["sender"],
        subject=row["subject"],
        text=row["text"],
        person_name=row["person_name"],
        links=tuple(row["links"]),
        attachments=tuple(json.loads(row["attachments"])),
        message_id=row["message_id"],
        problem=row["problem"],
        blob_key=row["blob_key"],
        received_at=row["received_at"],
        dealt_at=row["dealt_at"],
    )
