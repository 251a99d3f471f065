"""Who is looked for before they are registered: which names hold a thing at once, and which are only noted."""

import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import new_id
from domain.registry.claimed import Claimed, anonymous, claimed, looks_like_a_person
from domain.registry.gates import examine_texts
from domain.registry.snapshot import Person

PERSON = new_id()


def looked_for(*names: str, faces: tuple[bytes, ...] = ()) -> Claimed:
    """Somebody with these names."""
    return claimed(Person(PERSON, names[0], names[1:]), faces)


def found_in(who: Claimed, text: str) -> tuple[Finding, ...]:
    """What stands of them in a title."""
    found = examine_texts(who.matcher, [("title", text)], Signal.NAME_IN_TEXT, account=None, mature=False)
    return who.found(found)


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "Ann Lee",
        "Tom Waits",
        "Leonardo da Vinci",
        "Mohammed bin Salman",
        "J. K. Rowling",
        "J. A. Smith",
        "Kim Ji-won",
        "Test Person Aldebaran",
        "Павел Дуров",
        "山口百恵",
    ],
)
def test_a_persons_name_holds(name: str) -> None:
    assert looks_like_a_person(name)


@pytest.mark.parametrize(
    "name",
    [
        "Starter (untrained)",
        "Watercolour",
        "Windmills of Kinderdijk",
        "Lighthouse at Night",
        "Realistic Vision",
        "SDXL Turbo",
        "Stable Diffusion v1.5",
        "Madonna",
        "the Rock",
        "",
    ],
)
def test_the_words_of_a_title_hold_nothing(name: str) -> None:
    assert not looks_like_a_person(name)


def test_a_sure_name_agrees_and_an_unsure_one_is_only_found() -> None:
    who = looked_for("Ada Lovelace", "Kinderdijk")

    of_name, of_word = found_in(who, "After Ada Lovelace"), found_in(who, "Kinderdijk")

    assert [each.verdict for each in (*of_name, *of_word)] == [Verdict.BLOCKED] * 2
    assert (who.agrees(of_name), who.agrees(of_word)) == (True, False)
    assert [each.person_id for each in anonymous((*of_name, *of_word))] == [None, None]
    assert found_in(who, "Nobody at all") == ()


def test_a_face_agrees_whatever_the_name_is() -> None:
    who = looked_for("Kinderdijk")
    face = Finding(Signal.FACE_IN_SAMPLE, Verdict.HELD, "a sample: it resembles", 0.9, who.unsure)

    assert who.agrees(who.found([face]))


def test_what_is_about_others_or_for_information_is_left_out() -> None:
    who = looked_for("Ada Lovelace")
    others = Finding(Signal.NAME_IN_TEXT, Verdict.BLOCKED, "title", 1.0, new_id())
    allowed = Finding(Signal.NAME_IN_TEXT, Verdict.CLEAN, "title", 1.0, PERSON)

    assert who.found([others, allowed]) == ()
