"""Reports: file one, and follow one's own."""

import strawberry

from domain import reports
from domain.kernel.paging import ask
from schema.context import Info
from schema.reports import ReportConnection, ReportFileInput, ReportFileResult
from schema.scalars import Cursor


@strawberry.type
class ReportsQuery:
    """One's own reports."""

    @strawberry.field(description="What the signed-in account has reported; null to anyone else.")
    async def my_reports(
        self, info: Info, first: int = 20, after: Cursor | None = strawberry.UNSET
    ) -> ReportConnection | None:
        """Give the viewer's reports; none has been taken."""
        ask(first, after or None, width=1)
        return ReportConnection.empty() if info.context.scope.actor else None


@strawberry.type
class ReportsMutation:
    """Report a violation."""

    @strawberry.mutation(description="Report a violation.")
    async def report_file(self, info: Info, input: ReportFileInput) -> ReportFileResult:  # noqa: A002
        """File a report."""
        return await reports.file_report(info.context.scope)
