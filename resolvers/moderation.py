"""Moderation: cases, a look into files for one, appeals, and the public figures."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry

from domain import moderation
from domain.kernel.ids import CaseId, FileId
from domain.kernel.paging import ask
from domain.kernel.refusals import NotFound
from domain.moderation import Case, CaseFact
from schema.case_deeds import (
    AppealDecideResult,
    AppealDecisionInput,
    AppealFileInput,
    AppealFileResult,
    CaseClaimResult,
    CaseClaimSuccess,
    CaseDecideResult,
    CaseDecideSuccess,
    CaseDecisionInput,
    CaseOpenFileResult,
    CaseOpenFileSuccess,
    CaseReleaseResult,
    CaseReleaseSuccess,
)
from schema.context import Heard, Info
from schema.moderation import (
    CASE_EVENTS,
    CaseFilter,
    ModerationCase,
    ModerationCaseConnection,
    ModerationEvent,
    TransparencyReport,
)
from schema.node import global_id, id_of, one, parse_id
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type
class ModerationQuery:
    """Cases for moderators, figures for everybody."""

    @strawberry.field(description="Moderators only; null to everyone else.")
    async def moderation_cases(
        self,
        info: Info,
        filter: CaseFilter | None = strawberry.UNSET,  # noqa: A002 - the contract's argument
        first: int = 20,
        after: Cursor | None = strawberry.UNSET,
    ) -> ModerationCaseConnection | None:
        """Load a page of cases, the most urgent first."""
        scope, wanted = info.context.scope, Wanted.of(info)
        asked = ask(first, after or None, width=moderation.KEY_WIDTH)
        if not scope.is_moderator:
            return None
        page = await moderation.case_page(scope, asked, _filter(filter), total="totalCount" in wanted)
        return await ModerationCaseConnection.of(scope, page, wanted)

    @strawberry.field(description="What the platform did from `from` to `to` (exclusive).")
    async def transparency_report(
        self, info: Info, from_: Annotated[datetime, strawberry.argument(name="from")], to: datetime
    ) -> TransparencyReport:
        """Count what happened in a span of time."""
        return TransparencyReport.of(await moderation.transparency(info.context.scope, from_, to))


@strawberry.type
class ModerationMutation:
    """What moderators, and those whom they restricted, may do."""

    @strawberry.mutation(description="Take a case for a while, so that nobody else works on it; again, to renew that.")
    async def case_claim(self, info: Info, case_id: strawberry.ID) -> CaseClaimResult:
        """Claim a case."""
        case = await moderation.claim_case(info.context.scope, _case_id(info, case_id))
        return CaseClaimSuccess(case=await _case(info, case, "CaseClaimSuccess"))

    @strawberry.mutation(description="Give a claimed case back.")
    async def case_release(self, info: Info, case_id: strawberry.ID) -> CaseReleaseResult:
        """Release a case."""
        case = await moderation.release_case(info.context.scope, _case_id(info, case_id))
        return CaseReleaseSuccess(case=await _case(info, case, "CaseReleaseSuccess"))

    @strawberry.mutation(description="Decide a case, with reasons. Only who holds its claim may, and only once.")
    async def case_decide(self, info: Info, input: CaseDecisionInput) -> CaseDecideResult:  # noqa: A002
        """Decide a case."""
        scope, named = info.context.scope, _case_id(info, input.case_id)
        case = await moderation.decide_case(
            scope, named, input.decision, explanation=input.explanation, strike=input.strike
        )
        return CaseDecideSuccess(case=await _case(info, case, "CaseDecideSuccess"))

    @strawberry.mutation(
        description="Look into a file of the entry, or a file or sample of the resource, that a case is about. Only "
        "who holds the case's claim may; an entry's author is shown that it was opened, and `purpose`."
    )
    async def case_open_file(
        self, info: Info, case_id: strawberry.ID, file_id: strawberry.ID, purpose: str
    ) -> CaseOpenFileResult:
        """Give a link to a file."""
        scope, named = info.context.scope, _case_id(info, case_id)
        case, link = await moderation.open_file(scope, named, _file_id(file_id), purpose=purpose)
        said = await _case(info, case, "CaseOpenFileSuccess")
        return CaseOpenFileSuccess(case=said, url=link.url, expires_at=link.expires_at)

    @strawberry.mutation(description="Ask that a decision be looked at again, by somebody else.")
    async def appeal_file(self, info: Info, input: AppealFileInput) -> AppealFileResult:  # noqa: A002
        """File an appeal."""
        return await moderation.file_appeal(info.context.scope)

    @strawberry.mutation(description="Decide an appeal.")
    async def appeal_decide(self, info: Info, input: AppealDecisionInput) -> AppealDecideResult:  # noqa: A002
        """Decide an appeal."""
        return await moderation.decide_appeal(info.context.scope)


@strawberry.type
class ModerationSubscription:
    """Cases as they change."""

    @strawberry.subscription(
        description="Cases that match, as they change, also when one stops matching. Moderators only."
    )
    async def moderation_feed(
        self,
        info: Info,
        filter: CaseFilter | None = strawberry.UNSET,  # noqa: A002 - the contract's argument
        after: Cursor | None = strawberry.UNSET,
    ) -> AsyncGenerator[ModerationEvent, None]:
        """Follow all cases that match, each as it stands now."""
        info.context.scope.require_moderator()
        wanted, matching = Wanted.of(info), _filter(filter)
        async for heard in info.context.feed.follow(info.context.scope, "cases", after or None):
            heard.scope.require_moderator()
            if event := await _event(heard, matching, wanted):
                yield event


def _filter(given: CaseFilter | None) -> moderation.CaseFilter:
    return given.read() if given else moderation.CaseFilter()


def _case_id(info: Info, raw: strawberry.ID) -> CaseId:
    """Read a case's id, for a moderator; others are not told whether it is one."""
    info.context.scope.require_moderator()
    return CaseId(id_of(raw, ModerationCase))


def _file_id(raw: strawberry.ID) -> FileId:
    named = parse_id(raw)
    if named is None or named[0] != "file":
        raise NotFound("There is no such file to look into, or it has been deleted.")
    return FileId(named[1])


async def _case(info: Info, case: Case, success: str) -> ModerationCase:
    return await one(ModerationCase, info.context.scope, case, Wanted.of(info).on(success)["case"])


async def _event(heard: Heard, matching: moderation.CaseFilter, wanted: Wanted) -> ModerationEvent | None:
    """Say what was heard, or nothing where it is not told; a resync always, of a case that has left its id alone."""
    at, cursor = heard.at, Cursor(heard.cursor)
    if heard.resync:
        return ModerationEvent(cursor=cursor, at=at, resync=True, kind=None, case=None, case_id=None)
    kind = CASE_EVENTS.get(type(heard.fact)) if heard.fact else None
    if kind is None or not isinstance(heard.fact, CaseFact):
        return None
    told = await moderation.told_to_followers(heard.scope, heard.fact, at, matching)
    if told is None:
        return None
    case = await one(ModerationCase, heard.scope, told.case, wanted["case"]) if told.case else None
    case_id = global_id(ModerationCase.PREFIX, heard.fact.case_id)
    return ModerationEvent(cursor=cursor, at=at, resync=False, kind=kind, case=case, case_id=case_id)
