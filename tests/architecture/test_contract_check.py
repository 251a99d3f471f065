"""The check of the contract sees what graphql-core's finder alone would let pass."""

from pathlib import Path

import pytest

from countenance import graphql


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("viewer: Account", "viewer: Account\n  gone: Int", "Query.gone"),
        ("order: BountyOrder! = NEWEST", "order: BountyOrder! = LARGEST_POT", "defaultValue"),
        ('negativePrompt: String! = ""', 'negativePrompt: String! = "none"', "GenerationInput.negativePrompt"),
    ],
)
def test_what_the_contract_promises_and_we_do_not_keep_is_named(
    was: str, becomes: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = graphql.CONTRACT.read_text()
    assert was in text
    (tmp_path / "contract.graphql").write_text(text.replace(was, becomes))
    monkeypatch.setattr(graphql, "CONTRACT", tmp_path / "contract.graphql")

    breaks = graphql.contract_breaks()

    assert len(breaks) == 1
    assert said in breaks[0]


def test_we_keep_the_contract() -> None:
    assert graphql.contract_breaks() == []
