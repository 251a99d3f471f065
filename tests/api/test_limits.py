"""How much one operation may ask for; each limit at its edge and one beyond."""

from typing import Any

import pytest

from countenance import documents
from countenance.documents import Documents, RequestError
from countenance.graphql import schema
from tests.serving import Api

DOCUMENTS = Documents(schema()._schema, introspection=True, suggestions=False)


def refused(text: str) -> str | None:
    """Give the sentence of the first refusal, or None."""
    try:
        DOCUMENTS.operation(text, None)
    except RequestError as error:
        return error.errors[0].message
    return None


@pytest.mark.parametrize(
    ("within", "beyond", "sentence"),
    [
        pytest.param(
            "{ viewer { " + " ".join(f"a{n}: id" for n in range(100)) + " } }",
            "{ viewer { " + " ".join(f"a{n}: id" for n in range(101)) + " } }",
            "This operation has 101 aliases; at most 100 are allowed.",
            id="aliases",
        ),
        pytest.param(
            "{ viewer { ...F b: id } } fragment F on Account { " + " ".join(f"a{n}: id" for n in range(99)) + " }",
            "{ viewer { ...F b: id c: id } } fragment F on Account { "
            + " ".join(f"a{n}: id" for n in range(99))
            + " }",
            "This operation has 101 aliases; at most 100 are allowed.",
            id="aliases in a fragment",
        ),
        pytest.param(
            "{ " + " ".join(f"a{n}: __typename" for n in range(20)) + " }",
            "{ " + " ".join(f"a{n}: __typename" for n in range(21)) + " }",
            "This operation has 21 root fields; at most 20 are allowed.",
            id="root fields",
        ),
        pytest.param(
            "{ viewer { id " + "@include(if: true) @skip(if: false) " + " } }",
            "{ viewer { " + " ".join(f"a{n}: id @include(if: true)" for n in range(51)) + " } }",
            "This operation has 51 directives; at most 50 are allowed.",
            id="directives",
        ),
        pytest.param(
            "{ nodes(ids: [" + '"x",' * 100 + "]) { id } }",
            "{ nodes(ids: [" + '"x",' * 101 + "]) { id } }",
            "A list may hold at most 100 items.",
            id="list items",
        ),
        pytest.param(
            "{ bounties(first: 100) { totalCount } }",
            "{ bounties(first: 101) { totalCount } }",
            "`first` must be from 1 to 100.",
            id="first",
        ),
        pytest.param(
            "{ bounties(first: 1) { totalCount } }",
            "{ bounties(first: 0) { totalCount } }",
            "`first` must be from 1 to 100.",
            id="first of nothing",
        ),
        pytest.param(
            "{ bounties(first: 100) { edges { node { entries(first: 100) { totalCount } } } } }",
            "{ a: bounties(first: 100) { edges { node { entries(first: 100) { totalCount } } } }"
            "  b: bounties(first: 100) { edges { node { entries(first: 100) { totalCount } } } } }",
            "This operation asks for up to 20200 rows; at most 20000 are allowed: ask for smaller pages.",
            id="rows",
        ),
        pytest.param(
            "query ($n: Int) { bounties { edges { node { entries(first: $n) { totalCount } } } } }",
            "query ($n: Int!) { bounties(first: $n) { edges { node { entries(first: $n) { edges { node {"
            " bounty { entries(first: 2) { totalCount } } } } } } } } }",
            "This operation asks for up to 30100 rows; at most 20000 are allowed: ask for smaller pages.",
            id="rows by variables",
        ),
    ],
)
def test_each_limit_at_its_edge(within: str, beyond: str, sentence: str) -> None:
    assert refused(within) is None
    assert refused(beyond) == sentence


def test_depth_counts_through_fragments() -> None:
    chain = "{ node(id: 1) { ...F0 } } " + " ".join(
        f"fragment F{n} on {'Bounty' if n % 2 == 0 else 'BountyEntry'} "
        f"{{ {'awardedEntry' if n % 2 == 0 else 'bounty'} {{ {f'...F{n + 1}' if n < 13 else 'id'} }} }}"
        for n in range(14)
    )

    assert refused(chain) == "This operation is nested 16 deep; at most 15 levels are allowed."
    assert refused(chain.replace("...F13 }", "id }").rpartition("fragment")[0]) is None


def test_fragments_that_double_at_each_level_are_refused() -> None:
    def doubling(n: int) -> str:
        return (
            f"fragment F{n} on Bounty {{ a{n}: awardedEntry {{ bounty {{ ...F{n + 1} }} }}"
            f" b{n}: awardedEntry {{ bounty {{ ...F{n + 1} }} }} }}"
        )

    bomb = "{ bounty(id: 1) { ...F0 } } " + " ".join(doubling(n) for n in range(6))

    said = refused(bomb + " fragment F6 on Bounty { id }")

    assert said == "This operation has 126 aliases; at most 100 are allowed."


def spread_twice(on: str, leaf: str, levels: int = 80) -> str:
    """Fragments of which each spreads the next twice: 2 to the 80th fields, were each spread walked."""
    chain = " ".join(f"fragment F{n} on {on} {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{chain} fragment F{levels} on {on} {{ {leaf} }}"


async def test_a_fragment_that_is_spread_twice_is_walked_once(client: Api) -> None:
    at_root = "{ ...F0 } " + spread_twice("Query", "viewer { id }")
    below = "{ bounties { ...F0 } } " + spread_twice("BountyConnection", "totalCount edges { node { id } }")

    answers = [await client.data(text) for text in (at_root, below)]

    assert answers == [{"viewer": None}, {"bounties": {"totalCount": 0, "edges": []}}]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{ viewer { " + "id " * 1000 + "} }", "more than 1000 tokens"),
        ("#\n" * 101 + "{ __typename }", "more than 100 comments"),
        ("{ __typename }" + " " * 100_000, "100000"),
    ],
)
def test_the_reader_stops_early(text: str, sentence: str) -> None:
    said = refused(text)

    assert said is not None
    assert sentence in said


def test_a_cycle_of_fragments_is_refused_and_not_followed() -> None:
    said = refused("{ viewer { ...A } } fragment A on Account { ...B } fragment B on Account { ...A }")

    assert said == "Cannot spread fragment 'A' within itself via 'B'."


def test_a_document_is_read_once() -> None:
    reader = Documents(schema()._schema, introspection=True, suggestions=False)

    first = reader.operation("{ __typename }", None)
    second = reader.operation("{ __typename }", None)

    assert first.document is second.document


def test_what_was_not_asked_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_REMEMBERED_CHARACTERS", 60)
    reader = Documents(schema()._schema, introspection=True, suggestions=False)
    texts = [f"{{ a{n}: __typename }}" for n in range(4)]  # 19 characters each
    first = [reader.operation(text, None).document for text in texts[:3]]

    reader.operation(texts[0], None)
    reader.operation(texts[3], None)

    again = [reader.operation(text, None).document for text in texts[:3]]
    assert [one is other for one, other in zip(first, again, strict=True)] == [True, False, False]
    assert reader._characters <= 60


async def test_introspection_can_be_switched_off(client: Api, settings: Any) -> None:
    closed = Documents(schema()._schema, introspection=False, suggestions=False)

    opened = await client.data("{ __schema { queryType { name } } }")

    assert opened == {"__schema": {"queryType": {"name": "Query"}}}
    with pytest.raises(RequestError, match="introspection has been disabled"):
        closed.operation("{ __schema { queryType { name } } }", None)
    with pytest.raises(RequestError, match="introspection has been disabled"):
        closed.operation('{ __type(name: "Query") { name } }', None)


def test_field_names_are_suggested_in_development_only() -> None:
    chatty = Documents(schema()._schema, introspection=True, suggestions=True)

    with pytest.raises(RequestError, match="Did you mean 'viewer'"):
        chatty.operation("{ viewr { id } }", None)
    assert refused("{ viewr { id } }") == "Cannot query field 'viewr' on type 'Query'."


async def test_the_usual_introspection_query_is_allowed(client: Api) -> None:
    from graphql import get_introspection_query

    data = await client.data(get_introspection_query(input_value_deprecation=True, directive_is_repeatable=True))

    assert data["__schema"]["queryType"]["name"] == "Query"
