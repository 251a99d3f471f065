"""Claims that come by e-mail: each message is recorded once, and opens a claim, joins one, or waits for a moderator.

What goes out by itself is bounded: by address, and in all, because anybody can write any address into a message.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain import accounts
from domain.kernel.ids import new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import RateLimited
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.likeness import claim_rules, letters
from domain.likeness.claim_reads import claim_of
from domain.likeness.filing import file_mailed, limited
from domain.likeness.values import Claim, MailedClaim


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail as it was read. `claim` is what it asks for; None, with the `problem`, when that can't be read.

    `answers` are the letters of ours that it answers. `silent` is true for a sender to whom nothing is written.
    """

    digest: str
    sender: str = ""
    subject: str = ""
    text: str = ""
    attachments: Sequence[dict[str, Any]] = ()
    claim: MailedClaim | None = None
    problem: str | None = None
    person_name: str = ""
    links: Sequence[str] = ()
    message_id: str | None = None
    answers: Sequence[UUID] = ()
    silent: bool = False
    blob_key: str | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a message: the case that it opened or joined, with its page, and why it opened none.

    `blob_key` is where the message itself is to be kept; None once it need not be any more.
    """

    case_code: str | None
    url: str | None
    problem: str | None
    blob_key: str | None = None


async def known_message(scope: Scope, digest: str) -> TakenIn | None:
    """Say what became of a message that came in before; None for a new one."""
    row = await fetch_one(
        "SELECT problem, case_code, blob_key FROM intake_message m LEFT JOIN likeness_claim c ON c.id = m.claim_id"
        " WHERE m.digest = $1",
        digest,
    )
    if row is None:
        return None
    case_code = row["case_code"]
    url = letters.case_url(scope, case_code) if case_code else None
    return TakenIn(case_code, url, row["problem"], row["blob_key"])


async def take_in(scope: Scope, message: Message) -> TakenIn:
    """Record a message and open the claim that it asks for. A message that was recorded before changes nothing.

    One that answers a letter of ours is kept with that letter's claim. One from an address that has sent too many
    lately is kept for a moderator; its sender hears so once a day.
    """
    answered = await _answered(message)
    asked, problem, address = message.claim, message.problem, None
    if answered is not None:
        asked, problem = None, problem or _kept_with(answered)
        address = None if message.silent else answered.contact_email
    elif asked is not None:
        problem, address = await _over_limits(scope, asked.contact_email)
        asked = None if problem else asked
    pin = claim_rules.new_pin()
    pin_hash = await accounts.hash_password(pin) if asked else ""
    told = address is not None and await _may_be_told(scope, address)
    async with work(scope.now) as w:
        if await _record(w, scope, message, problem, answered):
            if asked is not None:
                claim = await file_mailed(w, scope, asked, pin, pin_hash)
                await w.execute("UPDATE intake_message SET claim_id = $2 WHERE digest = $1", message.digest, claim.id)
            elif told and answered is not None:
                await letters.kept_with_claim(w, scope, answered)
            elif told and address is not None:
                await letters.kept_for_moderator(w, scope, address, message.message_id)
    became = await known_message(scope, message.digest)
    if became is None:
        raise LookupError("A recorded message is gone.")
    return became


async def _answered(message: Message) -> Claim | None:
    """Give the claim about which the message answers a letter of ours."""
    row = await fetch_one(
        """
        SELECT claim.* FROM unnest($1::uuid[]) WITH ORDINALITY AS named(id, place)
            JOIN claim_letter letter ON letter.id = named.id JOIN likeness_claim claim ON claim.id = letter.claim_id
        ORDER BY named.place LIMIT 1
        """,
        list(message.answers),
    )
    return claim_of(row) if row else None


def _kept_with(claim: Claim) -> str:
    return f"This message answers a letter about claim {claim.case_code}; it is kept with that claim for a moderator."


async def _over_limits(scope: Scope, address: str) -> tuple[str | None, str | None]:
    """Say why a message is not answered by itself and which address hears so; Nones where it is answered."""
    try:
        await limited(scope, "claim-mail", address)
    except RateLimited:
        return "This address has sent many claims lately; a moderator will look at this one.", address
    try:
        await limited(scope, "claim-mail-all", "all")
    except RateLimited:
        return "Many claims came by e-mail lately; a moderator will look at this one.", None
    return None, None


async def _may_be_told(scope: Scope, address: str) -> bool:
    """Whether a letter may say that a message is kept: once a day to each address, and not too many in all."""
    try:
        await within_limit(scope, "claim-mail-kept", address)
        await within_limit(scope, "claim-mail-all", "all")
    except RateLimited:
        return False
    return True


async def _record(w: Work, scope: Scope, message: Message, problem: str | None, answered: Claim | None) -> bool:
    written = await w.execute(
        """
        INSERT INTO intake_message (id, digest, claim_id, sender, subject, text, person_name, links, message_id,
            attachments, problem, blob_key, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (digest) DO NOTHING
        """,
        new_id(),
        message.digest,
        answered.id if answered else None,
        message.sender,
        message.subject,
        message.text,
        message.person_name,
        list(message.links),
        message.message_id,
        json.dumps(list(message.attachments)),
        problem,
        message.blob_key,
        scope.now,
    )
    return written == "INSERT 0 1"
