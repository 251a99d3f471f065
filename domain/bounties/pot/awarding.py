"""Awarding: the pot goes to one entry, or in parts to several, and the grant is written in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.bounties import offers, rules
from domain.bounties.facts import BountyAwarded, BountySplit, News
from domain.bounties.pot.dealing import SelfDealing, report_refused, require_independent
from domain.bounties.pot.pots import Payment, divided
from domain.bounties.pot.reconciling import stop_if_wrong
from domain.bounties.reads import bounties_by_ids, entries_by_ids
from domain.bounties.rules import Step
from domain.bounties.stakeholders import tell_stakeholders
from domain.bounties.standing.passing import verdict_of
from domain.bounties.steps import BooksDisagree, LockedBounty, LockedEntry, lock_bounty, lock_entries, pay_out, take
from domain.bounties.tables import AwardRow
from domain.bounties.values import Bounty, BountyEntry, Share
from domain.bounties.vault.contents import contents_of
from domain.kernel.findings import Verdict
from domain.kernel.ids import BountyId, Credits, EntryId
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work
from domain.ledger import Reason
from domain.resources import marks_in

Verdicts = Mapping[EntryId, Sequence[Verdict]]
"""What validation says of the files of each entry."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A locked entry and the part of the pot that it gets."""

    entry: LockedEntry
    percent: int
    amount: Credits


async def award(scope: Scope, bounty_id: BountyId, *, to: EntryId) -> tuple[Bounty, BountyEntry]:
    """Hand the pot to one accepted entry. Only the initiator may, and only once.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    bounty = await _award(scope, bounty_id, [Share(to, 100)], Step.AWARD)
    return bounty, (await entries_by_ids(scope, [to]))[to]


async def split(scope: Scope, bounty_id: BountyId, shares: Sequence[Share]) -> Bounty:
    """Hand the pot to several accepted entries in whole percents; no credit is lost by the division.

    Each of them is then the initiator's. Only the initiator may, and only once. Raises SignInRequired, NotAllowed,
    NotFound, Conflict, InvalidInput.
    """
    scope.require_actor()
    offers.check_shares([share.entry_id for share in shares], [share.percent for share in shares])
    return await _award(scope, bounty_id, shares, Step.SPLIT)


async def verdicts_of(entry_ids: Sequence[EntryId]) -> Verdicts:
    """Read what validation says now of the files of entries.

    Asked besides an entry's status, lest it wins in the moment between a newer verdict and the reaction to it.
    """
    contents = await contents_of(entry_ids)
    rows = await fetch("SELECT id, let_pass FROM bounty_entry WHERE id = ANY($1::uuid[])", list(entry_ids))
    let_pass = {EntryId(row["id"]): marks_in(row["let_pass"]) for row in rows}
    return {
        entry_id: [verdict_of(file, let_pass.get(entry_id, ())) for file in files]
        for entry_id, files in contents.items()
    }


async def hand_out(w: Work, scope: Scope, bounty: LockedBounty, grants: Sequence[Grant], step: Step) -> None:
    """Pay the pot, write the grants, and tell it. The first grant is of the entry that the bounty names as awarded."""
    first = grants[0].entry
    before = bounty.status
    bounty = await take(w, scope, bounty, step, entry_id=first.id, amount=bounty.pot)
    await AwardRow.insert(*[_row(scope, bounty, grant) for grant in grants])
    received = await pay_out(
        w, bounty, [Payment(grant.entry.author_id, grant.amount, Reason.BOUNTY_AWARD) for grant in grants]
    )
    if len(grants) == 1:
        w.tell(
            BountyAwarded(
                bounty.id, first.id, author_id=first.author_id, initiator_id=bounty.initiator_id, before=before
            )
        )
    else:
        w.tell(
            BountySplit(
                bounty.id,
                entry_ids=tuple(grant.entry.id for grant in grants),
                author_ids=tuple(grant.entry.author_id for grant in grants),
                percents=tuple(grant.percent for grant in grants),
                initiator_id=bounty.initiator_id,
                before=before,
            )
        )
    await tell_stakeholders(w, bounty, News.AWARDED, but=[*received, bounty.initiator_id])


async def _award(scope: Scope, bounty_id: BountyId, shares: Sequence[Share], step: Step) -> Bounty:
    """Award in one work; what has to be reported of a refusal is, in another, because the first is rolled back."""
    scope.require_actor()
    verdicts = await verdicts_of([share.entry_id for share in shares])
    try:
        async with work(scope.now) as w:
            bounty = await _lock_to_judge(w, scope, bounty_id, step)
            entries = await _lock_winners(w, bounty, shares, verdicts)
            await require_independent(w, scope, bounty, entries)
            await hand_out(w, scope, bounty, _grants(bounty, entries, shares), step)
    except SelfDealing as refused:
        await report_refused(scope, refused)
        raise
    except BooksDisagree:
        await stop_if_wrong(scope, bounty_id)
        raise
    return (await bounties_by_ids(scope, [bounty_id]))[bounty_id]


async def _lock_to_judge(w: Work, scope: Scope, bounty_id: BountyId, step: Step) -> LockedBounty:
    """Lock a bounty for the one who judges. Raises NotFound, NotAllowed, Conflict."""
    bounty = await lock_bounty(w, bounty_id, scope.now)
    if scope.account_id != bounty.initiator_id:
        raise NotAllowed("Only the initiator of a bounty may award it.")
    rules.after(step, bounty.stands)
    return bounty


async def _lock_winners(
    w: Work, bounty: LockedBounty, shares: Sequence[Share], verdicts: Verdicts
) -> Sequence[LockedEntry]:
    """Lock the entries, and check that each may win. Raises NotFound, Conflict."""
    entries = await lock_entries(w, bounty.id, [share.entry_id for share in shares])
    for entry in entries:
        rules.check_award(entry.status, verdicts[entry.id])
    return entries


def _grants(bounty: LockedBounty, entries: Sequence[LockedEntry], shares: Sequence[Share]) -> Sequence[Grant]:
    """Divide the pot; the largest share comes first, and of equal ones that of the earliest entry."""
    percents = {share.entry_id: share.percent for share in shares}
    ranked = sorted(entries, key=lambda entry: (-percents[entry.id], entry.submitted_at or bounty.closes_at, entry.id))
    parts = divided(bounty.pot, [percents[entry.id] for entry in ranked])
    offers.check_parts(parts)
    return [Grant(entry, percents[entry.id], part) for entry, part in zip(ranked, parts, strict=True)]


def _row(scope: Scope, bounty: LockedBounty, grant: Grant) -> AwardRow:
    return AwardRow(
        {
            AwardRow.bounty_id: bounty.id,
            AwardRow.entry_id: grant.entry.id,
            AwardRow.percent: grant.percent,
            AwardRow.amount: grant.amount,
            AwardRow.awarded_at: scope.now,
        }
    )
