"""The risk of a bounty: exact error counts on labelled briefs, and what each sign adds."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from domain.bounties.standing import risk_policy
from domain.bounties.standing.risk import Requester, Risk, risk_of
from domain.kernel.findings import Signal, Verdict

BRIEFS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "bounty_briefs.jsonl").read_text(encoding="utf-8").splitlines()
]
NOBODY = Requester()


def judged(brief: dict[str, Any]) -> bool:
    """Whether a labelled brief is sent to a moderator."""
    requester = Requester(brief.get("opened", 0), brief.get("held", 0), brief.get("lately", 0))
    risk = risk_of(brief["title"], brief["brief"], depicts=brief.get("depicts", False), requester=requester)
    return risk.finding is not None


def errors(briefs: list[dict[str, Any]]) -> tuple[int, int]:
    """How many harmless briefs are looked at for nothing, and how many risky ones are not seen."""
    alarms = sum(judged(brief) for brief in briefs if brief["label"] == "harmless")
    missed = sum(not judged(brief) for brief in briefs if brief["label"] == "risky")
    return alarms, missed


def of(title: str, brief: str = "", *, depicts: bool = False, requester: Requester = NOBODY) -> Risk:
    return risk_of(title, brief, depicts=depicts, requester=requester)


def test_the_labelled_briefs_are_many_and_of_both_kinds() -> None:
    assert len([brief for brief in BRIEFS if brief["label"] == "harmless"]) == 126
    assert len([brief for brief in BRIEFS if brief["label"] == "risky"]) == 100


def test_of_the_briefs_that_the_words_were_chosen_by_two_are_missed_and_none_is_a_false_alarm() -> None:
    assert errors([brief for brief in BRIEFS if not brief.get("held_out")]) == (0, 2)


def test_of_briefs_that_were_written_afterwards_seven_of_25_are_missed_and_none_is_a_false_alarm() -> None:
    assert errors([brief for brief in BRIEFS if brief.get("held_out")]) == (0, 7)


@pytest.mark.parametrize(
    ("title", "score"),
    [
        ("Watercolour lighthouses", 0.0),
        ("My girlfriend loves foxes", risk_policy.RELATION),
        ("A LoRA of my girlfriend", risk_policy.RELATION + risk_policy.DEPICTED_RELATION),
        ("my girl\u00adfriend\u2019s face", risk_policy.RELATION + risk_policy.DEPICTED_RELATION),
        ("A LoRA of my neighbour's cat", risk_policy.RELATION),
        ("Like instagram.com/some.person", risk_policy.PROFILE_LINK),
        ("Like INSTAGRAM.COM/Some.Person", risk_policy.PROFILE_LINK),
        ("Like instagram.com/explore/tags/linocut", 0.0),
        ("Like notinstagram.com/some.person", 0.0),
        ("Like linkedin.com/company/lamps", 0.0),
        ("my ex libris stamp", 0.0),
        ("body kit of a car", 0.0),
    ],
)
def test_each_sign_adds_its_weight(title: str, score: float) -> None:
    assert of(title).score == pytest.approx(score)


def test_who_asks_counts_where_a_real_person_is_asked_for() -> None:
    concentrated = Requester(opened=6, held=0, depicting_lately=risk_policy.MANY_REAL_PERSONS)

    assert of("A woman of my town", requester=concentrated).score == 0
    assert of("A woman of my town", depicts=True).score == risk_policy.DECLARED
    assert of("A woman of my town", depicts=True, requester=concentrated).finding is not None


def test_that_much_was_held_before_counts_always() -> None:
    assert of("Boats", requester=Requester(opened=1, held=1)).score == 0
    assert of("Boats", requester=Requester(opened=4, held=1)).score == 0
    assert of("Boats", requester=Requester(opened=4, held=2)).score == risk_policy.HELD_BEFORE


def test_the_finding_explains_every_part_and_names_the_policy() -> None:
    found = of("A LoRA of my ex", "from her selfies, instagram.com/some.person").finding

    assert found is not None
    assert (found.signal, found.verdict, found.score, found.person_id) == (
        Signal.REQUEST_RISK,
        Verdict.HELD,
        1.0,
        None,
    )
    assert found.detail == (
        "risk 1.0 of 1 by bounty-risk/1; from 0.5 on a moderator looks: a link to a personal profile (+0.5); "
        "somebody whom the requester knows in private is mentioned (+0.2); it asks for what such a person looks like "
        "(+0.4); it is to be made from somebody's private pictures (+0.5)"
    )


@pytest.mark.parametrize("unit", ["my neighbour's photos of ", "instagram.com/", "my ", "e\u0301x ", "aaaa"])
def test_the_longest_text_takes_little_time_whatever_it_says(unit: str) -> None:
    text = (unit * 20_000)[:20_000]

    def seconds(length: int) -> float:
        began = time.perf_counter()
        of("a", text[:length])
        return time.perf_counter() - began

    short = min(seconds(5_000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(3)) < 16 * short + 0.05
