"""The terms of a bounty: how they are checked, how they change before anybody enters, and their one extension."""

from dataclasses import asdict, replace
from datetime import datetime

from domain.bounties import offers
from domain.bounties.facts import BountyChanged, BountyExtended, News
from domain.bounties.reads import bounties_by_ids
from domain.bounties.rules import Step
from domain.bounties.stakeholders import tell_stakeholders
from domain.bounties.standing.texts import examine, examine_terms
from domain.bounties.steps import LockedBounty, lock_bounty, take
from domain.bounties.tables import BountyRow
from domain.bounties.values import Bounty, BountyTerms, TermsChange
from domain.kernel.ids import AccountId, BountyId
from domain.kernel.limits import within_limit
from domain.kernel.refusals import InvalidInput, NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.resources import Judge


def checked(terms: BountyTerms) -> BountyTerms:
    """Check what a bounty asks for, all but its deadline and its pledge. Raises InvalidInput, PolicyRefused."""
    title = clean(terms.title, "input.title", offers.MAX_TITLE, min_length=1)
    brief = clean(terms.brief, "input.brief", offers.MAX_BRIEF, min_length=1)
    offers.check_labels(mature=terms.mature, depicts_real_person=terms.depicts_real_person)
    return replace(terms, title=title, brief=brief)


async def change_terms(scope: Scope, bounty_id: BountyId, change: TermsChange) -> Bounty:
    """Change the terms of an open bounty; only its initiator may, and only while nobody has begun an entry.

    The whole of the new terms is checked as if the bounty were opened with them, and whoever has backed it is told.
    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, PolicyRefused, LikenessRefused,
    RateLimited.
    """
    actor = scope.require_active()
    if change == TermsChange():
        raise InvalidInput("Name at least one of the terms to change.", "input")
    await within_limit(scope, "bounty-change", actor.account_id)
    judge = await _judge_of_change(scope, bounty_id, change)
    async with work(scope.now) as w:
        await judge.hold(w)
        bounty = await _lock_own(w, scope, bounty_id, actor.account_id)
        await take(w, scope, bounty, Step.CHANGE)
        offers.check_unfrozen(entries=await _has_entries(w, bounty_id))
        terms = checked(_changed(bounty, change))
        if change.closes_at is not None:
            offers.check_new_closing(change.closes_at, created_at=bounty.created_at, now=scope.now)
        await _write(bounty, terms)
        await examine_terms(w, scope, bounty_id, judge)
        w.tell(BountyChanged(bounty_id, bounty.kind, bounty.mature, before=bounty.status))
        await tell_stakeholders(w, bounty, News.CHANGED, but=[actor.account_id])
    return (await bounties_by_ids(scope, [bounty_id]))[bounty_id]


async def extend(scope: Scope, bounty_id: BountyId, closes_at: datetime) -> Bounty:
    """Move the deadline of an open bounty, once, by at most seven days; every author and backer is told.

    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput.
    """
    actor = scope.require_active()
    async with work(scope.now) as w:
        bounty = await _lock_own(w, scope, bounty_id, actor.account_id)
        await take(w, scope, bounty, Step.EXTEND)
        offers.check_extension(closes_at, closing=bounty.closes_at, extended_at=bounty.extended_at)
        await BountyRow.update(
            {
                BountyRow.closes_at: closes_at,
                BountyRow.judged_by: closes_at + (bounty.judged_by - bounty.closes_at),
                BountyRow.extended_at: scope.now,
            }
        ).where(BountyRow.id == bounty_id)
        w.tell(BountyExtended(bounty_id=bounty_id, closes_at=closes_at, before=bounty.status))
        await tell_stakeholders(w, bounty, News.EXTENDED, but=[actor.account_id])
    return (await bounties_by_ids(scope, [bounty_id]))[bounty_id]


async def _judge_of_change(scope: Scope, bounty_id: BountyId, change: TermsChange) -> Judge:
    """Give a judge who has been asked about the terms that a bounty would have. Raises InvalidInput, PolicyRefused."""
    judge = Judge(scope)
    bounty = (await bounties_by_ids(scope, [bounty_id])).get(bounty_id)
    if bounty is not None and bounty.initiator_id == scope.account_id:
        terms = checked(_changed(bounty, change))
        await judge.ask(examine, terms.title, terms.brief, mature=terms.mature)
    return judge


async def _lock_own(w: Work, scope: Scope, bounty_id: BountyId, actor_id: AccountId) -> LockedBounty:
    """Lock a bounty for its initiator. Raises NotFound, NotAllowed."""
    bounty = await lock_bounty(w, bounty_id, scope.now)
    if actor_id != bounty.initiator_id:
        raise NotAllowed("Only the initiator of a bounty may change its terms.")
    return bounty


async def _has_entries(w: Work, bounty_id: BountyId) -> bool:
    """Tell whether anybody has begun an entry, also one that was taken back."""
    return await w.one("SELECT FROM bounty_entry WHERE bounty_id = $1 LIMIT 1", bounty_id) is not None


def _changed(bounty: Bounty | LockedBounty, change: TermsChange) -> BountyTerms:
    """Give the terms that a bounty would have after a change; what the change leaves out stays as it is."""
    now = BountyTerms(
        kind=bounty.kind,
        title=bounty.title,
        brief=bounty.brief,
        pledge=bounty.pot,
        closes_at=bounty.closes_at,
        mature=bounty.mature,
        depicts_real_person=bounty.depicts_real_person,
        auto_award=bounty.auto_award,
    )
    given = {name: value for name, value in asdict(change).items() if value is not None}
    return replace(now, **given)


async def _write(bounty: LockedBounty, terms: BountyTerms) -> None:
    await BountyRow.update(
        {
            BountyRow.kind: terms.kind,
            BountyRow.title: terms.title,
            BountyRow.brief: terms.brief,
            BountyRow.mature: terms.mature,
            BountyRow.depicts_real_person: terms.depicts_real_person,
            BountyRow.auto_award: terms.auto_award,
            BountyRow.closes_at: terms.closes_at,
            BountyRow.judged_by: terms.closes_at + (bounty.judged_by - bounty.closes_at),
        }
    ).where(BountyRow.id == bounty.id)
