"""What moderators do with cases but decide them, each deed in one work; and appeals, which this release does not take.

The case's row is locked before anything that it is about. Its log tells who did what.
"""

from datetime import timedelta
from typing import NoReturn

from domain import accounts, bounties, likeness, resources
from domain.accounts import Parties
from domain.kernel.ids import AccountId, CaseId, ResourceId
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.moderation import rules
from domain.moderation.case_reads import case_by_id, locked
from domain.moderation.facts import CaseClaimed, CaseReleased
from domain.moderation.logs import append
from domain.moderation.rules import CaseStatus, EventKind
from domain.moderation.values import Case


async def claim_case(scope: Scope, case_id: CaseId) -> Case:
    """Take a case for a while, or for a while longer; nobody whom it concerns may.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    actor = scope.require_moderator()
    async with work(scope.now) as w:
        case = await locked(w, case_id, scope.now)
        rules.check_claim(case.status, case.claimed_by, actor.account_id)
        await require_independent(w, scope, case, actor.account_id)
        until = scope.now + timedelta(seconds=scope.ports.policy.case_claim_seconds)
        await w.execute(
            "UPDATE moderation_case SET claimed_by = $2, claim_expires_at = $3 WHERE id = $1",
            case_id,
            actor.account_id,
            until,
        )
        kind = EventKind.RENEWED if case.status is CaseStatus.CLAIMED else EventKind.CLAIMED
        await append(w, scope, case_id, kind, f"until {until:%Y-%m-%d %H:%M:%S} UTC", actor_id=actor.account_id)
        w.tell(CaseClaimed(case_id, before=case.status, holder_id=actor.account_id))
    return await case_by_id(scope, case_id)


async def release_case(scope: Scope, case_id: CaseId) -> Case:
    """Give a claimed case back before the claim runs out. Raises SignInRequired, NotAllowed, NotFound, Conflict."""
    actor = scope.require_moderator()
    async with work(scope.now) as w:
        case = await locked(w, case_id, scope.now)
        rules.check_holder(case.status, case.claimed_by, actor.account_id)
        await w.execute("UPDATE moderation_case SET claimed_by = NULL, claim_expires_at = NULL WHERE id = $1", case_id)
        await append(w, scope, case_id, EventKind.RELEASED, "given back", actor_id=actor.account_id)
        w.tell(CaseReleased(case_id, before=case.status, holder_id=actor.account_id))
    return await case_by_id(scope, case_id)


async def require_independent(w: Work, scope: Scope, case: Case, account_id: AccountId) -> None:
    """Refuse a case to a moderator whom it concerns. Raises NotAllowed."""
    if case.bounty_id is not None:
        await bounties.require_unconcerned(w, scope, case.bounty_id, account_id)
        return
    parties = await resources.parties_of(w, ResourceId(case.subject.id))
    claimants = await likeness.claimants(w, [case.subject])
    await accounts.require_unconcerned(w, scope, account_id, claimants.joined(Parties(accounts=parties)))


async def in_hand(w: Work, scope: Scope, case_id: CaseId) -> Case:
    """Lock a case whose claim the moderator holds, if it does not concern them.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    moderator = scope.require_moderator().account_id
    case = await locked(w, case_id, scope.now)
    rules.check_holder(case.status, case.claimed_by, moderator)
    await require_independent(w, scope, case, moderator)
    return case


async def file_appeal(scope: Scope) -> NoReturn:
    """Refuse an appeal; a suspended account may ask too. Raises SignInRequired, Conflict."""
    scope.require_actor()
    raise Conflict("This release takes no appeals yet; nothing was stored.", state="NOT_YET")


async def decide_appeal(scope: Scope) -> NoReturn:
    """Refuse to decide an appeal. Raises SignInRequired, NotAllowed, Conflict."""
    scope.require_moderator()
    raise Conflict("This release takes no appeals yet, so there is none to decide.", state="NOT_YET")
