"""Global ids: what one names, and what is said of one that names nothing."""

import pytest

from domain.kernel.ids import new_id
from domain.kernel.refusals import NotFound
from schema.accounts import Account
from schema.bounties import Bounty, BountyEntry
from schema.generation import GenerationJob
from schema.likeness import LikenessClaim
from schema.moderation import ModerationCase
from schema.node import Loadable, global_id, id_of
from schema.resources import Resource, ResourceFile

NOUNS: list[tuple[type[Loadable], str]] = [
    (Account, "account"),
    (Bounty, "bounty"),
    (BountyEntry, "entry"),
    (GenerationJob, "job"),
    (LikenessClaim, "claim"),
    (ModerationCase, "case"),
    (Resource, "resource"),
    (ResourceFile, "file"),
]


@pytest.mark.parametrize(("node_type", "noun"), NOUNS)
def test_an_id_names_one_thing_of_its_kind(node_type: type[Loadable], noun: str) -> None:
    value = new_id()

    raw = global_id(node_type.PREFIX, value)

    assert (raw, id_of(raw, node_type)) == (f"{noun}_{value.hex}", value)


@pytest.mark.parametrize(("node_type", "noun"), NOUNS)
@pytest.mark.parametrize("raw", ["", "bounty", "image_" + "0" * 32, "entry_" + "z" * 32, "5"])
def test_an_id_that_names_nothing_is_refused_in_the_words_of_the_field(
    node_type: type[Loadable], noun: str, raw: str
) -> None:
    with pytest.raises(NotFound) as refused:
        id_of(raw, node_type)

    assert refused.value.message == f"There is no {noun} with this id."
