"""Statements of reasons as the contract says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import strawberry

from domain import reasons
from domain.kernel.scope import Scope
from schema.node import Node, global_id, loadable
from schema.wanted import Wanted


@loadable
@strawberry.type(
    description="Every restriction has one; its fields follow the public database of statements of reasons under the "
    "Digital Services Act."
)
class StatementOfReasons(Node):
    """Why something was restricted."""

    PREFIX: ClassVar[str] = "statement"

    puid: str
    decision_visibility: list[str]
    decision_facts: str
    decision_ground: str
    ground_explanation: str
    content_type: list[str]
    category: str
    source_type: str
    automated_detection: bool
    automated_decision: str
    content_date: datetime
    application_date: datetime

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[reasons.Statement], wanted: Wanted) -> list[Self]:
        """Say statements; nothing below them needs a read."""
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                puid=value.puid,
                decision_visibility=[each.value for each in value.visibility],
                decision_facts=value.facts,
                decision_ground=value.ground.value,
                ground_explanation=value.explanation,
                content_type=[each.value for each in value.content_types],
                category=value.category.value,
                source_type=value.source.value,
                automated_detection=value.automated_detection,
                automated_decision=value.automated_decision.value,
                content_date=value.content_date,
                application_date=value.application_date,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load statements that the scope may see."""
        values = await reasons.statements_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))
