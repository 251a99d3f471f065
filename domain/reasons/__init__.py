"""Statements of reasons: why something was restricted, as the Digital Services Act asks for it.

A context that restricts something states its reasons in the same work, and withdraws them when the restriction ends.
"""

from domain.reasons.actions import in_force, state, withdraw
from domain.reasons.reads import statements_by_ids, statements_by_subject
from domain.reasons.values import (
    MAX_FACTS,
    AccountDecision,
    Automation,
    Category,
    ContentType,
    Ground,
    Keyword,
    Monetary,
    Provision,
    Source,
    Statement,
    Visibility,
)

__all__ = [
    "MAX_FACTS",
    "AccountDecision",
    "Automation",
    "Category",
    "ContentType",
    "Ground",
    "Keyword",
    "Monetary",
    "Provision",
    "Source",
    "Statement",
    "Visibility",
    "in_force",
    "state",
    "statements_by_ids",
    "statements_by_subject",
    "withdraw",
]
