"""The public contract: the committed schema holds all of it and is what the code says."""

from pathlib import Path

from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes

from countenance.graphql import print_schema

ROOT = Path(__file__).parents[2]


def read(name: str) -> GraphQLSchema:
    return build_schema((ROOT / "schema" / name).read_text())


def test_the_committed_schema_breaks_nothing_of_the_contract() -> None:
    changes = find_breaking_changes(read("contract.graphql"), read("schema.graphql"))

    assert [change.description for change in changes] == []


def test_the_finder_would_see_a_break() -> None:
    contract = (ROOT / "schema" / "contract.graphql").read_text()
    narrower = build_schema(contract.replace("  viewer: Account\n", ""))

    changes = find_breaking_changes(build_schema(contract), narrower)

    assert [change.description for change in changes] == ["Field Query.viewer was removed."]


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    committed = (ROOT / "schema" / "schema.graphql").read_text()

    assert committed == print_schema()
