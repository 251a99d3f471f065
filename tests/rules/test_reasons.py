"""A statement of reasons is complete and within the public database's limits, or it is none."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain import reasons
from domain.kernel.ids import AccountId, Subject

AT = datetime(2026, 11, 22, tzinfo=UTC)
WHOLE = reasons.Statement(
    subject=Subject("resource", UUID(int=1)),
    owner_id=AccountId(UUID(int=2)),
    facts="The file's training metadata names a registered person.",
    ground=reasons.Ground.INCOMPATIBLE_CONTENT,
    ground_reference="likeness/1",
    explanation="A registered person does not allow this.",
    category=reasons.Category.DATA_PROTECTION_AND_PRIVACY,
    source=reasons.Source.OWN_INITIATIVE,
    automated_detection=True,
    automated_decision=reasons.Automation.FULLY,
    content_date=AT,
    application_date=AT,
    visibility=(reasons.Visibility.DISABLED,),
)


def test_each_statement_has_a_public_identifier_of_its_own() -> None:
    other = replace(WHOLE, id=UUID(int=77))

    assert other.puid == f"sor-{77:032x}"
    assert WHOLE.puid != other.puid


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"facts": ""}, "facts has 1 to 5000"),
        ({"facts": "x" * 5001}, "facts has 1 to 5000"),
        ({"ground_reference": "x" * 501}, "ground_reference has 1 to 500"),
        ({"explanation": "x" * 2001}, "explanation has 1 to 2000"),
        ({"visibility": ()}, "at least one decision"),
        ({"content_types": ()}, "what type of content"),
    ],
)
def test_an_incomplete_statement_can_not_be_made(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(WHOLE, **change)


def test_a_decision_about_the_account_alone_is_enough() -> None:
    replace(WHOLE, visibility=(), account=reasons.AccountDecision.SUSPENDED)


def test_the_stored_words_are_those_of_the_public_database() -> None:
    assert len(reasons.Category) == 16
    assert reasons.Visibility.REMOVED == "DECISION_VISIBILITY_CONTENT_REMOVED"
    assert reasons.Category.CYBER_VIOLENCE == "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    assert reasons.Source.NOTICE == "SOURCE_ARTICLE_16"
    assert reasons.Automation.FULLY == "AUTOMATED_DECISION_FULLY"
