"""How a claim ends: upheld or rejected by a moderator, or withdrawn by the claimant at any time.

Locks are taken in one order: the registry's state, the claim, the person.
"""

from domain import accounts, reasons
from domain.accounts import NOBODY, Parties
from domain.kernel.ids import AccountId, ClaimId, PersonId
from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.likeness import claim_rules, faces, letters, registering, statements
from domain.likeness.claim_reads import claim_of
from domain.likeness.concerning import claimant_of
from domain.likeness.facts import ClaimDecided, ClaimWithdrawn, RegistryChanged
from domain.likeness.filing import locked, open_claim
from domain.likeness.values import Claim, ClaimStatus


async def decide_claim(
    scope: Scope, claim_id: ClaimId, *, uphold: bool, explanation: str, concerned: Parties = NOBODY
) -> tuple[Claim, int]:
    """Uphold a claim, which registers the person, or reject it; give it with the registry's version.

    Nobody decides it whom it concerns: who filed it, and those whom moderation names as `concerned`. Raises
    SignInRequired, NotAllowed, NotFound, InvalidInput, Conflict.
    """
    moderator = scope.require_moderator()
    said = clean(explanation, "input.explanation", claim_rules.MAX_DECISION, min_length=1)
    async with work(scope.now) as w:
        version = await registering.next_version(w) if uphold else await _version(w)
        claim = await locked(w, claim_id)
        await accounts.require_unconcerned(w, scope, moderator.account_id, concerned.joined(claimant_of(claim)))
        claim_rules.check_decision(claim, uphold=uphold)
        if uphold:
            claim = await _uphold(w, scope, claim, version, moderator.account_id)
        else:
            await faces.forget(w, claim.id)
            claim = await _decided(w, scope, claim, ClaimStatus.REJECTED, by=moderator.account_id)
        statement = statements.of_decision(claim, said, at=scope.now)
        await reasons.state(w, statement)
        await letters.decision(w, scope, claim, statement)
        w.tell(ClaimDecided(claim.id, claim.status, claim.account_id))
    return claim, version


async def withdraw_claim(scope: Scope, case_code: str, pin: str) -> Claim:
    """Withdraw a claim for whoever holds its PIN; what it alone had changed is changed back.

    Raises NotFound, Conflict, RateLimited.
    """
    found = await open_claim(scope, case_code, pin)
    if found is None:
        raise NotFound("There is no claim with this case code and PIN.")
    async with work(scope.now) as w:
        # Only an upheld claim is in the registry; whether it is can't change once the claim is locked, but the
        # registry's lock comes first.
        await _version(w, lock=True)
        claim = await locked(w, found.id)
        claim_rules.check_withdrawal(claim)
        withdrawn = await w.one(
            "UPDATE likeness_claim SET status = 'WITHDRAWN', withdrawn_at = $2 WHERE id = $1 RETURNING *",
            claim.id,
            scope.now,
        )
        if withdrawn is None:
            raise LookupError("A locked claim is gone.")
        if claim.status is ClaimStatus.UPHELD and claim.person_id is not None:
            await _leave_registry(w, scope, claim, claim.person_id)
        await faces.forget(w, claim.id)
        await reasons.withdraw(w, claim.subject, at=scope.now)
        await letters.withdrawal(w, scope, claim)
        w.tell(ClaimWithdrawn(claim.id, claim.status))
    return claim_of(withdrawn)


async def _uphold(w: Work, scope: Scope, claim: Claim, version: int, moderator: AccountId) -> Claim:
    person_id = await registering.join(w, claim, version, at=scope.now)
    w.tell(RegistryChanged(version, (person_id,)))
    return await _decided(w, scope, claim, ClaimStatus.UPHELD, by=moderator, person_id=person_id)


async def _leave_registry(w: Work, scope: Scope, claim: Claim, person_id: PersonId) -> None:
    version = await registering.next_version(w)
    await registering.leave(w, claim, person_id, version, at=scope.now)
    w.tell(RegistryChanged(version, (person_id,)))


async def _decided(
    w: Work, scope: Scope, claim: Claim, status: ClaimStatus, *, by: AccountId, person_id: PersonId | None = None
) -> Claim:
    row = await w.one(
        "UPDATE likeness_claim SET status = $2, decided_at = $3, decided_by = $4, person_id = $5"
        " WHERE id = $1 RETURNING *",
        claim.id,
        status,
        scope.now,
        by,
        person_id,
    )
    if row is None:
        raise LookupError("A locked claim is gone.")
    return claim_of(row)


async def _version(w: Work, *, lock: bool = False) -> int:
    row = await w.one(f"SELECT version FROM registry_state WHERE id = 1{' FOR UPDATE' if lock else ''}")  # noqa: S608 - two constants
    return row["version"] if row else 0
