"""Names in the cases of languages that inflect them."""

import pytest

from domain.registry.inflecting import is_inflected, uninflected
from tests.registry.test_names import spans


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Robert Korvinski", "portret Roberta Korvinskiego, olej", "Roberta Korvinskiego"),
        ("Robert Korvinski", "z Robertem Korvinskim w parku", "Robertem Korvinskim"),
        ("Anthony Beldane", "Portrét Anthonyho Beldana uhlem", "Anthonyho Beldana"),
        ("Angela Zeltbach", "karikatura Angely Zeltbachové", "Angely Zeltbachové"),
        ("Iga Świdrak", "szukam portretu Igi Świdrak", "Igi Świdrak"),
        ("Pavel Dranek", "obraz Pavla Dranka, olej", "Pavla Dranka"),
        ("Sanna Kelvar", "Sanna Kelvarin muotokuva", "Sanna Kelvarin"),
        ("Kimi Törmänen", "juliste Kimi Törmäselle", "Kimi Törmäselle"),
        ("Kelvar Katalin", "Kelvar Katalinról készült kép", "Kelvar Katalinról"),
    ],
)
def test_a_name_is_found_in_its_other_cases(name: str, text: str, found: str) -> None:
    assert spans(name, text) == [found]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("Tina Beldane", "Tina Beldanova, a dancer", id="another family name"),
        pytest.param("Emma Kelvar", "Emma Kelvaria flowers", id="a plant named like it"),
        pytest.param("Juliette Beldoche", "Juliette Beldochella, a festival", id="a festival named like it"),
        pytest.param("Robert Kelvar", "Roberta Kelvar at a window", id="a woman of that name"),
        pytest.param("Kara Kelvar", "Kari Kelvar at a window", id="another given name"),
        pytest.param("Anna Kelvar", "Anny, Kelvar and others", id="two words apart"),
        pytest.param("Ann Oak", "Anna Oaka", id="a short name"),
    ],
)
def test_what_only_resembles_a_case_is_another_name(name: str, text: str) -> None:
    assert spans(name, text) == []


def test_every_word_of_a_longer_name_is_inflected_or_the_last_alone() -> None:
    names = ("Robert", "Jan", "Korvinski")
    words = tuple(map(str.lower, names))

    both = is_inflected(("roberta", "jana", "korvinskiego"), words)
    middle = is_inflected(("robert", "jana", "korvinski"), words)

    assert (both, middle) == (True, False)


def test_an_ordinary_word_is_no_case_of_a_name() -> None:
    ordinary = list(uninflected("garden"))
    name = list(uninflected("igi"))

    assert ordinary == []
    assert name == ["iga"]
