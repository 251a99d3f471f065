"""Claims that come by e-mail: each message is recorded once, and either opens a claim or waits for a moderator."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain import accounts
from domain.kernel.ids import new_id
from domain.kernel.refusals import RateLimited
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.likeness import claim_rules, letters
from domain.likeness.filing import file_mailed, limited
from domain.likeness.values import MailedClaim
from domain.registry.names import MAX_NAME_LENGTH


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail as it was read. `claim` is what it asks for; None, with the `problem`, when that can't be read."""

    digest: str
    sender: str
    subject: str
    text: str
    attachments: Sequence[dict[str, Any]]
    claim: MailedClaim | None
    problem: str | None = None
    blob_key: str | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a message: the case that it opened with the page to complete it, or why it opened none."""

    case_code: str | None
    url: str | None
    problem: str | None


def mailed_claim(
    *, sender: str, person_name: str, words: str, links: Sequence[str], message_id: str | None
) -> MailedClaim:
    """Make a claim of what an e-mail says, cut to what a claim may hold. Raises InvalidInput for its sender alone."""
    return MailedClaim(
        person_name=person_name.strip()[:MAX_NAME_LENGTH],
        contact_email=claim_rules.email_of(sender, "from"),
        explanation=words.strip()[: claim_rules.MAX_EXPLANATION],
        locations=tuple(link[: claim_rules.MAX_LOCATION] for link in links[: claim_rules.MAX_LOCATIONS]),
        message_id=message_id,
    )


async def known_message(scope: Scope, digest: str) -> TakenIn | None:
    """Say what became of a message that came in before; None for a new one."""
    row = await fetch_one(
        "SELECT problem, case_code FROM intake_message m LEFT JOIN likeness_claim c ON c.id = m.claim_id"
        " WHERE m.digest = $1",
        digest,
    )
    if row is None:
        return None
    case_code = row["case_code"]
    return TakenIn(case_code, letters.case_url(scope, case_code) if case_code else None, row["problem"])


async def take_in(scope: Scope, message: Message) -> TakenIn:
    """Record a message and open the claim that it asks for. A message that was recorded before changes nothing.

    One from an address that has sent too many lately is kept for a moderator instead of being answered.
    """
    asked, problem = message.claim, message.problem
    if asked is not None:
        try:
            await limited(scope, "claim-mail", asked.contact_email)
        except RateLimited:
            asked, problem = None, "This address has sent many claims lately; a moderator will look at this one."
    pin = claim_rules.new_pin()
    pin_hash = await accounts.hash_password(pin) if asked else ""
    async with work(scope.now) as w:
        recorded = await _record(w, scope, message, problem)
        if recorded and asked is not None:
            claim = await file_mailed(w, scope, asked, pin, pin_hash)
            await w.execute("UPDATE intake_message SET claim_id = $2 WHERE digest = $1", message.digest, claim.id)
    became = await known_message(scope, message.digest)
    if became is None:
        raise LookupError("A recorded message is gone.")
    return became


async def _record(w: Work, scope: Scope, message: Message, problem: str | None) -> bool:
    written = await w.execute(
        """
        INSERT INTO intake_message
            (id, digest, claim_id, sender, subject, text, attachments, problem, blob_key, received_at)
        VALUES ($1, $2, NULL, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING
        """,
        new_id(),
        message.digest,
        message.sender,
        message.subject,
        message.text,
        json.dumps(list(message.attachments)),
        problem,
        message.blob_key,
        scope.now,
    )
    return written == "INSERT 0 1"
