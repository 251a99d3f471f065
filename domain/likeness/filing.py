"""How a claim comes in: by the form, by e-mail, and completed later; and how its PIN opens it again."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from domain import accounts
from domain.kernel.beside import beside_loop
from domain.kernel.ids import AccountId, ClaimId, new_id
from domain.kernel.limits import count_use, network_of, seconds_to_wait, still_allowed, within_limit
from domain.kernel.refusals import Conflict, InvalidInput, NotFound, RateLimited
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.likeness import claim_rules, faces, holding, letters, proofs
from domain.likeness.claim_reads import claim_of
from domain.likeness.facts import ClaimReceived
from domain.likeness.values import Claim, ClaimDraft, ClaimSource, ClaimStatus, Filed, MailedClaim
from domain.registry.snapshot import Consent

_Limit = Callable[[Scope, str, str], Awaitable[None]]


async def file_claim(scope: Scope, draft: ClaimDraft, *, proof: str | None = None) -> Filed:
    """File a claim; no account is needed. Gives it with the PIN that opens it, which is shown this once.

    The first claims of an address within an hour are free; further ones cost a proof of work, `proofs.challenge`, and
    so does, without an account, that what the claim names is held at once. What can't be filed counts as well: names
    take long to check. Raises InvalidInput, RateLimited.
    """
    await limited(scope, "claim", network_of(scope.address))
    checked = await beside_loop(claim_rules.checked_draft, draft)
    if checked.face_descriptors:
        faces.require_sealer(scope)
    creators = await _creators(checked.creators)
    expires_at = await proofs.check(scope, proof) if proof is not None else None
    await _limited(scope, checked.contact_email, proved=proof is not None)
    pin = claim_rules.new_pin()
    pin_hash = await accounts.hash_password(pin)
    async with work(scope.now) as w:
        await holding.lock_holds(w)
        if proof is not None and expires_at is not None:
            await proofs.spend(w, proof, expires_at)
        claim = await _write(w, scope, checked, creators, pin_hash)
        await holding.allow(w, scope, claim, proved=proof is not None or not proofs.demanded(scope))
        await faces.keep(w, scope, claim.id, checked.face_descriptors)
        await letters.receipt(w, scope, claim)
        w.tell(ClaimReceived(claim.id))
    await count_use(scope, "claim-email", checked.contact_email)
    return Filed(claim, pin)


async def file_mailed(w: Work, scope: Scope, mailed: MailedClaim, pin: str, pin_hash: str) -> Claim:
    """Open a claim with what an e-mail says, in the work that records the message. It waits to be completed."""
    claim_id = ClaimId(new_id())
    key = claim_rules.name_key(mailed.person_name)
    await w.execute(
        """
        INSERT INTO likeness_claim (id, case_code, pin_hash, source, status, complete, person_name, aliases, name_key,
            about, contact_email, locations, explanation, consent, creators, signature, received_at, due_at, escalated)
        VALUES ($1, $2, $3, 'EMAIL', 'RECEIVED', false, $4, '{}', $5, $1, $6, $7, $8, $9, '{}', '', $10, $11, 0)
        """,
        claim_id,
        claim_rules.new_case_code(),
        pin_hash,
        mailed.person_name,
        key,
        mailed.contact_email,
        list(mailed.locations),
        mailed.explanation,
        Consent.DENY_ALL,
        scope.now,
        claim_rules.due_at(scope.now),
    )
    claim = await _join_others(w, claim_id, key)
    await letters.mail_receipt(w, scope, claim, pin, mailed.message_id)
    w.tell(ClaimReceived(claim.id))
    return claim


async def complete_claim(scope: Scope, case_code: str, pin: str, draft: ClaimDraft) -> Claim:
    """Complete a claim that came by e-mail; it stays addressed to where it came from.

    Raises NotFound, InvalidInput, Conflict, RateLimited.
    """
    found = await open_claim(scope, case_code, pin)
    if found is None:
        raise NotFound("There is no claim with this case code and PIN.")
    checked = await beside_loop(claim_rules.checked_draft, draft)
    if checked.face_descriptors:
        faces.require_sealer(scope)
    creators = await _creators(checked.creators)
    async with work(scope.now) as w:
        await holding.lock_holds(w)
        claim = await locked(w, found.id)
        if claim.complete or not claim.open:
            raise Conflict("This claim is complete: file another one to add something.", state=claim.status)
        key = claim_rules.name_key(checked.person_name)
        await w.execute(
            """
            UPDATE likeness_claim SET complete = true, person_name = $2, aliases = $3, name_key = $4, relation = $5,
                locations = $6, explanation = $7, consent = $8, creators = $9, signature = $10, about = id
            WHERE id = $1
            """,
            claim.id,
            checked.person_name,
            list(checked.aliases),
            key,
            checked.relation,
            list(dict.fromkeys((*claim.locations, *checked.locations))),
            checked.explanation,
            checked.consent,
            list(creators),
            checked.signature,
        )
        claim = await _join_others(w, claim.id, key)
        await holding.allow(w, scope, claim, proved=True)
        await faces.keep(w, scope, claim.id, checked.face_descriptors)
        w.tell(ClaimReceived(claim.id))
    return claim


async def open_claim(scope: Scope, case_code: str, pin: str) -> Claim | None:
    """Give the claim that a case code and a PIN open; None when they open none, which takes as long to say.

    Failures alone are counted: whoever knows the PIN looks as often as they like. A network that has failed too often
    waits. So does, while a case has been tried too often by anybody, one that has failed there three times that day;
    the case code is public, and strangers must not lock the claimant out. Of ten thousand million PINs a thousand
    networks then try 3,000 in a day, which would take nine thousand years, and a million networks nine.
    Raises RateLimited.
    """
    network, code, digits = network_of(scope.address), claim_rules.case_code_of(case_code), claim_rules.pin_of(pin)
    await _may_look(scope, network, code)
    row = await fetch_one("SELECT * FROM likeness_claim WHERE case_code = $1", code)
    checked = await accounts.check_password(row["pin_hash"] if row else None, digits or "")
    if row and checked.right:
        await _may_look(scope, network, code)  # many tries at once have all passed the first time
        return claim_of(row)
    for rule, key in _failures_of(network, code):
        await count_use(scope, rule, key)
    return None


async def _may_look(scope: Scope, network: str, code: str | None) -> None:
    """Refuse to whoever has failed too often to open a case. Raises RateLimited."""
    of_network, *of_case = _failures_of(network, code)
    await still_allowed(scope, *of_network)
    if of_case:
        here, late, anybody = of_case
        await still_allowed(scope, *here)
        if await seconds_to_wait(scope, *anybody) is not None:
            await still_allowed(scope, *late)


def _failures_of(network: str, code: str | None) -> list[tuple[str, str]]:
    """Name the rules that a failure counts under: for the network, and for it and for anybody at this case."""
    found = [("claim-look-address", network)]
    if code is not None:
        here = f"{code} {network}"
        found += [("claim-look", here), ("claim-look-late", here), ("claim-look-case", code)]
    return found


async def locked(w: Work, claim_id: ClaimId) -> Claim:
    """Lock a claim. Raises NotFound."""
    row = await w.one("SELECT * FROM likeness_claim WHERE id = $1 FOR UPDATE", claim_id)
    if row is None:
        raise NotFound("There is no such claim.")
    return claim_of(row)


async def _write(w: Work, scope: Scope, draft: ClaimDraft, creators: Sequence[AccountId], pin_hash: str) -> Claim:
    claim_id = ClaimId(new_id())
    key = claim_rules.name_key(draft.person_name)
    await w.execute(
        """
        INSERT INTO likeness_claim (id, case_code, pin_hash, source, status, complete, person_name, aliases, name_key,
            about, relation, contact_email, account_id, locations, explanation, consent, creators, signature,
            received_at, due_at, escalated)
        VALUES ($1, $2, $3, $4, $5, true, $6, $7, $8, $1, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0)
        """,
        claim_id,
        claim_rules.new_case_code(),
        pin_hash,
        ClaimSource.FORM,
        ClaimStatus.RECEIVED,
        draft.person_name,
        list(draft.aliases),
        key,
        draft.relation,
        draft.contact_email,
        scope.account_id,
        list(draft.locations),
        draft.explanation,
        draft.consent,
        list(creators),
        draft.signature,
        scope.now,
        claim_rules.due_at(scope.now),
    )
    return await _join_others(w, claim_id, key)


async def _join_others(w: Work, claim_id: ClaimId, key: str) -> Claim:
    """Put a claim with the first one about the same person; each is still decided by itself."""
    if key:
        # Two at once must not both take themselves for the first.
        await w.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"claims about {key}")
        await w.execute(
            """
            UPDATE likeness_claim SET about = coalesce(
                (SELECT first.about FROM likeness_claim first WHERE first.name_key = $2 AND first.id <> $1
                    AND first.status NOT IN ('REJECTED', 'WITHDRAWN') ORDER BY first.id LIMIT 1), id)
            WHERE id = $1
            """,
            claim_id,
            key,
        )
    return await locked(w, claim_id)


async def _creators(named: Sequence[str]) -> list[AccountId]:
    """Give the accounts that a claim names, by handle or id. Raises InvalidInput."""
    found: list[AccountId] = []
    for each in named:
        by_id = _account_id(each)
        account = (
            (await accounts.accounts_by_ids([by_id])).get(by_id) if by_id else await accounts.account_by_handle(each)
        )
        if account is None:
            raise InvalidInput(
                "A named creator is not an account here: give handles as they are shown.", field="input.creators"
            )
        found.append(account.id)
    return list(dict.fromkeys(found))


def _account_id(text: str) -> AccountId | None:
    kind, _, digits = text.rpartition("_")
    if kind != "account" or len(digits) != 32:
        return None
    try:
        return AccountId(UUID(hex=digits))
    except ValueError:
        return None


async def _limited(scope: Scope, email: str, *, proved: bool) -> None:
    """Refuse a claim that costs a puzzle, or say how long to wait. Raises RateLimited.

    Claims that name one e-mail address make further ones for it cost a puzzle, and never forbid them: anybody can
    name it.
    """
    if proved:
        return
    network = network_of(scope.address)
    try:
        await limited(scope, "claim-email", email, by=still_allowed)
        await limited(scope, "claim-unproved", network)
    except RateLimited as refused:
        raise RateLimited(
            f"{refused.message} Or solve the puzzle that `likenessClaimChallenge` sets, and file with its proof.",
            retry_after_seconds=refused.retry_after_seconds,
        ) from None


async def limited(scope: Scope, rule: str, key: str, *, by: _Limit = within_limit) -> None:
    """Count one use of a rule; a refusal is recorded under a hash of the address. Raises RateLimited."""
    try:
        await by(scope, rule, key)
    except RateLimited:
        await _record(rule, key, scope.now)
        raise


async def _record(rule: str, key: str, at: datetime) -> None:
    async with work(at) as w:
        await w.execute(
            """
            INSERT INTO throttled_claim (id, on_day, rule, address_hash, times, last_at) VALUES ($1, $2, $3, $4, 1, $5)
            ON CONFLICT (on_day, rule, address_hash) DO UPDATE SET times = throttled_claim.times + 1, last_at = $5
            """,
            new_id(),
            at.date(),
            rule,
            hashlib.sha256(f"{at.date()} {key}".encode()).hexdigest(),
            at,
        )
