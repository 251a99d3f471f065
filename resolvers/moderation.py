"""Moderation: cases, appeals, and the public figures."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry

from domain import moderation
from domain.kernel.paging import ask
from schema.case_deeds import (
    AppealDecideResult,
    AppealDecisionInput,
    AppealFileInput,
    AppealFileResult,
    CaseClaimResult,
    CaseDecideResult,
    CaseDecisionInput,
    CaseReleaseResult,
)
from schema.context import Info
from schema.moderation import CaseFilter, ModerationCaseConnection, ModerationEvent, TransparencyReport
from schema.scalars import Cursor


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
        """Give the open cases; none has been opened."""
        ask(first, after or None, width=1)
        return ModerationCaseConnection.empty() if info.context.scope.is_moderator else None

    @strawberry.field(description="What the platform did from `from` to `to` (exclusive).")
    async def transparency_report(
        self, from_: Annotated[datetime, strawberry.argument(name="from")], to: datetime
    ) -> TransparencyReport:
        """Count what happened in a span of time."""
        return TransparencyReport.of(await moderation.transparency(from_, to))


@strawberry.type
class ModerationMutation:
    """What moderators, and those whom they restricted, may do."""

    @strawberry.mutation(description="Take a case for a while, so that nobody else works on it.")
    async def case_claim(self, info: Info, case_id: strawberry.ID) -> CaseClaimResult:
        """Claim a case."""
        return await moderation.work_on_case(info.context.scope)

    @strawberry.mutation(description="Give a claimed case back.")
    async def case_release(self, info: Info, case_id: strawberry.ID) -> CaseReleaseResult:
        """Release a case."""
        return await moderation.work_on_case(info.context.scope)

    @strawberry.mutation(description="Decide a case, with reasons.")
    async def case_decide(self, info: Info, input: CaseDecisionInput) -> CaseDecideResult:  # noqa: A002
        """Decide a case."""
        return await moderation.work_on_case(info.context.scope)

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

    @strawberry.subscription(description="Moderators only.")
    async def moderation_feed(
        self,
        info: Info,
        filter: CaseFilter | None = strawberry.UNSET,  # noqa: A002 - the contract's argument
        after: Cursor | None = strawberry.UNSET,
    ) -> AsyncGenerator[ModerationEvent, None]:
        """Follow all cases. While none is opened, the only event is that history is gone."""
        info.context.scope.require_moderator()
        async for heard in info.context.feed.follow(info.context.scope, "cases", after or None):
            heard.scope.require_moderator()
            if heard.resync:
                yield ModerationEvent(cursor=Cursor(heard.cursor), at=heard.at, resync=True, kind=None, case=None)
