"""Moderation: cases, decisions, appeals, and the public figures. This release has the figures; cases come later."""

from domain.moderation.actions import decide_appeal, file_appeal, work_on_case
from domain.moderation.reads import transparency
from domain.moderation.rules import AppealStatus, CaseStatus, Decision
from domain.moderation.values import Transparency

__all__ = [
    "AppealStatus",
    "CaseStatus",
    "Decision",
    "Transparency",
    "decide_appeal",
    "file_appeal",
    "transparency",
    "work_on_case",
]
