"""Reports of violations as the contract says them. This release takes none, so none can be loaded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

import strawberry

from domain.kernel.scope import Scope
from domain.reports import ReportReason, ReportStatus
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    SignInRequiredError,
    SuspendedError,
)
from schema.node import Node, loadable
from schema.paging import PageInfo
from schema.reasons import StatementOfReasons
from schema.scalars import Credits, Cursor
from schema.wanted import Wanted

strawberry.enum(ReportReason, description="What somebody reports.")
strawberry.enum(ReportStatus, description="Where a report stands.")


@loadable
@strawberry.type(description="Somebody reported something.")
class Report(Node):
    """A report of a violation."""

    PREFIX: ClassVar[str] = "report"

    subject: Node
    reason: ReportReason
    detail: str
    status: ReportStatus
    reported_at: datetime
    decided_at: datetime | None
    reward: Credits | None = strawberry.field(
        description="What the reporter earned, once the appeal window has closed."
    )
    statement_of_reasons: StatementOfReasons | None

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load none: no report has been taken."""
        return {}


@strawberry.type(description="A report and its place in the list.")
class ReportEdge:
    """A report in a list."""

    node: Report
    cursor: Cursor


@strawberry.type(description="A page of reports, newest first.")
class ReportConnection:
    """A page of reports."""

    edges: list[ReportEdge]
    page_info: PageInfo

    @classmethod
    def empty(cls) -> Self:
        """Give the page of nothing."""
        return cls(edges=[], page_info=PageInfo.empty())


@strawberry.input(description="What is wrong with what.")
class ReportFileInput:
    """A report to file."""

    subject_id: strawberry.ID
    reason: ReportReason
    detail: str
    person_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Who is shown, for the likeness reasons."
    )


@strawberry.type(description="The report is filed.")
class ReportFileSuccess:
    """The report is filed."""

    report: Report


ReportFileResult = Annotated[
    ReportFileSuccess
    | SignInRequiredError
    | NotFoundError
    | InvalidInputError
    | ConflictError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("ReportFileResult"),
]
