"""Reports of violations by members. This release has their vocabulary and takes none yet."""

from domain.reports.actions import file_report
from domain.reports.rules import ReportReason, ReportStatus

__all__ = ["ReportReason", "ReportStatus", "file_report"]
