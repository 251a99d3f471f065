"""Looking at the texts of bounties and entries: whose names stand in them, and what a title and a brief ask for."""

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.bounties.reads import bounties_by_ids
from domain.bounties.standing import risk_policy
from domain.bounties.standing.holding import HoldCause, lock_hold, settle_hold
from domain.bounties.standing.holds import Hold, ReviewStatus, hold_of
from domain.bounties.standing.risk import Requester, Risk, risk_of
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import AccountId, BountyId
from domain.kernel.refusals import LikenessRefused, NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.registry.gates import examine_texts, findings_of, matches_in
from domain.registry.matching import Matcher
from domain.resources import Judge


@dataclass(frozen=True, slots=True)
class Examined:
    """What one registry says of a bounty's texts: what stands against them, and whether they name a real person."""

    findings: tuple[Finding, ...]
    depicts: bool


def examine(matcher: Matcher, title: str, brief: str, *, mature: bool) -> Examined:
    """Look for registered names in a title and a brief.

    Whoever enters makes what is asked for, not the initiator: consent to named creators covers nobody here. A name
    whose use its person allows marks the bounty as one of a real person; one that is only nearly a name doesn't.
    """
    matched = matches_in(matcher, [("title", title), ("brief", brief)])
    found = findings_of(matcher, matched, Signal.NAME_IN_TEXT, account=None, mature=mature)
    depicts = any(match.verdict is Verdict.BLOCKED for _, matches in matched for match in matches)
    return Examined(tuple(found), depicts)


def judged(hold: Hold, examined: Examined) -> Hold:
    """Give a hold with what one registry says of the texts; who is shown in a picture is depicted as well."""
    shown = bool(hold.reference_findings)
    return replace(hold, findings=examined.findings, depicts=examined.depicts or shown)


def examine_note(matcher: Matcher, note: str, *, author_id: AccountId, mature: bool) -> tuple[Finding, ...]:
    """Look for registered names in the note of an entry; whoever names its author as a creator allows it."""
    return tuple(examine_texts(matcher, [("note", note)], Signal.NAME_IN_TEXT, account=author_id, mature=mature))


async def judge_of(scope: Scope, bounty_id: BountyId) -> Judge:
    """Give a judge who has been asked about the texts of a bounty, for a work that will ask again under its lock."""
    judge = Judge(scope)
    bounty = (await bounties_by_ids(scope, [bounty_id])).get(bounty_id)
    if bounty is not None:
        await judge.ask(examine, bounty.title, bounty.brief, mature=bounty.mature)
    return judge


async def examine_terms(w: Work, scope: Scope, bounty_id: BountyId, judge: Judge) -> None:
    """Look at the texts of a bounty as they stand in its row now: when it is opened, and when its terms are changed.

    Where they name somebody who does not allow it, nothing of this work happens. Otherwise the bounty is listed, or
    held for a moderator where too much speaks for a request for a private person. `judge` holds the registry in this
    work. Raises LikenessRefused.
    """
    row = await lock_hold(w, bounty_id)
    if row is None:
        raise NotFound("There is no bounty with this id.")
    examined = await judge.ask(examine, row["title"], row["brief"], mature=row["mature"])
    if examined.findings:
        raise LikenessRefused(
            "This bounty names a real person who does not allow it: take the name out.", findings=examined.findings
        )
    depicts = examined.depicts or row["depicts_real_person"]
    requester = await _requester(w, scope, AccountId(row["initiator_id"]), but=bounty_id)
    risk = risk_of(row["title"], row["brief"], depicts=depicts, requester=requester)
    await settle_hold(w, scope, row, _reviewed(judged(hold_of(row), examined), risk), HoldCause.RISK)


def _reviewed(hold: Hold, risk: Risk) -> Hold:
    """Send a bounty to a moderator where its risk asks for it; other words have to be looked at anew."""
    if risk.finding is None:
        return hold
    return replace(hold, review=ReviewStatus.WAITING, review_findings=(risk.finding,))


async def _requester(w: Work, scope: Scope, account_id: AccountId, *, but: BountyId) -> Requester:
    """Look at what an account has asked for before."""
    row = await w.one(
        """
        SELECT count(*) AS opened,
            count(*) FILTER (WHERE EXISTS (
                SELECT FROM bounty_step s WHERE s.bounty_id = b.id AND s.step = 'HOLD')) AS held,
            count(*) FILTER (WHERE (depicts_real_person OR depicts_found) AND created_at > $3) AS depicting_lately
        FROM bounty b WHERE initiator_id = $1 AND id <> $2
        """,
        account_id,
        but,
        scope.now - timedelta(days=risk_policy.LATELY_DAYS),
    )
    return Requester(row["opened"], row["held"], row["depicting_lately"]) if row else Requester()
