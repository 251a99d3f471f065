"""The lens: many texts are looked through at once, with just what one by one would find."""

import json
from functools import cache
from itertools import cycle
from pathlib import Path
from uuid import UUID

import pytest

from domain.registry.lens import Lens, Skimmer
from domain.registry.matching import NameMatch
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Person, Snapshot

DATA = Path(__file__).parent / "data"
NAME = "Test Person Aldebaran"


def labelled(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


@cache
def matcher_of(*names: str) -> NameMatcher:
    return NameMatcher(Snapshot(1, tuple(Person(UUID(int=at), name) for at, name in enumerate(names, start=1))))


class Counting(NameMatcher):
    """Counts the texts that are looked at."""

    looks = 0

    def match(self, text: str) -> list[NameMatch]:
        self.looks += 1
        return super().match(text)


def test_every_labelled_name_is_found_among_other_texts_as_it_is_alone() -> None:
    others = cycle([row["text"] for row in labelled("negatives")])
    differing = []

    for row in labelled("positives"):
        matcher = matcher_of(row["person"])
        texts = [next(others), row["text"], next(others), row["text"].lower(), next(others)]
        if Skimmer(matcher).naming(texts) != {text for text in texts if matcher.match(text)}:
            differing.append(row["id"])

    assert differing == []


@pytest.mark.parametrize("before", ["art", "a", "T.", "photo of", "weight: 0.", "test person", "Test", "10", "-", "!"])
@pytest.mark.parametrize("after", ["nn", "n", "-like", "'s", ", Jr.", "2", "bury", "(", "and child"])
def test_neither_what_stands_before_nor_what_stands_after_hides_a_name(before: str, after: str) -> None:
    texts = [before, NAME, after]

    assert Skimmer(matcher_of(NAME)).naming(texts) == {NAME}


def test_texts_that_make_a_name_only_together_hold_none() -> None:
    assert Skimmer(matcher_of(NAME)).naming(["test person", "aldebaran"]) == set()


def test_texts_are_looked_through_together_and_each_only_once() -> None:
    matcher = Counting(Snapshot(1, (Person(UUID(int=1), NAME),)))
    skimmer = Skimmer(matcher)
    texts = [f"tag {n}" for n in range(200)]

    first, again = skimmer.naming(texts), skimmer.naming([*texts, texts[0]])

    assert (first, again, matcher.looks) == (set(), set(), 1)


def test_a_text_in_which_somebody_is_named_is_found_every_time() -> None:
    skimmer = Skimmer(matcher_of(NAME))

    assert [skimmer.naming(["fog", NAME]) for _ in range(2)] == [{NAME}, {NAME}]


def test_things_are_told_apart_by_their_texts() -> None:
    lens = Lens(matcher_of(NAME), matcher_of(NAME))

    assert lens.named_in([["fog", f"a portrait of {NAME}"], ["fog"], [], [NAME, "fog"]]) == [True, False, False, True]


def test_a_change_that_leaves_nobody_can_only_free() -> None:
    gone = Lens(matcher_of(NAME), NameMatcher(Snapshot(2)))
    blocked = Lens(matcher_of(NAME), NameMatcher(Snapshot(2, blocked_sha256=(("ab" * 32, None),))))

    assert (gone.only_frees, gone.reads_files) == (True, False)
    assert (blocked.only_frees, blocked.reads_files) == (False, True)
    assert gone.named_in([[NAME]]) == [False]
