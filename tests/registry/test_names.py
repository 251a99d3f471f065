"""The name matcher: whole names, however they are written, and nothing else."""

import time
import unicodedata
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.findings import Verdict
from domain.registry.matching import Matcher
from domain.registry.names import NameMatcher, check_names, fold
from domain.registry.snapshot import Person, Snapshot

ALDEBARAN = UUID(int=1)
BELLATRIX = UUID(int=2)


def matcher_of(*names: str) -> NameMatcher:
    """Make a matcher of one person for each name."""
    persons = tuple(Person(UUID(int=at), name) for at, name in enumerate(names, start=1))
    return NameMatcher(Snapshot(version=1, persons=persons))


def spans(name: str, text: str) -> list[str]:
    """Give the pieces of `text` in which `name` is found."""
    return [text[match.start : match.end] for match in matcher_of(name).match(text)]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Ann Lee", "a photo of Ann Lee, smiling", "Ann Lee"),
        ("Ann Lee", "ANN LEE", "ANN LEE"),
        ("Ann Lee", "ann_lee-000010.safetensors", "ann_lee"),
        ("Ann Lee", "ann.lee", "ann.lee"),
        ("Ann Lee", "Ann\n\tLee", "Ann\n\tLee"),
        ("Ann Lee", "Ann Lee's portrait", "Ann Lee"),
        ("Ann Lee", "10_annlee woman", "annlee"),
        ("Ann Lee", "annlee2", "annlee"),
        ("Ann Lee", "ohwxAnnLeeV2", "AnnLee"),
        ("Ann Lee", "ANNLee", "ANNLee"),
        ("Ann Lee", "Ann\u200bLee", "Ann\u200bLee"),
        ("Ann Lee", "A\u00adnn Le\u2060e", "A\u00adnn Le\u2060e"),
        ("Ann Lee", "Ａｎｎ　Ｌｅｅ", "Ａｎｎ　Ｌｅｅ"),
        ("Ann Lee", "𝐀𝐧𝐧 𝓛𝓮𝓮", "𝐀𝐧𝐧 𝓛𝓮𝓮"),
        ("Ann Lee", "Änn Lée", "Änn Lée"),
        ("Ann Lee", "Ann\0Lee", "Ann\0Lee"),
        ("Test Person Aldebaran", "TestPersonAldebaran", "TestPersonAldebaran"),
        ("Test Person Aldebaran", "test_personaldebaran", "test_personaldebaran"),
        ("Zendaya", "zendaya", "zendaya"),
        ("Zendaya", "ZenDaya2", "ZenDaya"),
        ("Zendaya", "ZendayaV2", "Zendaya"),
        ("Beyoncé", "beyonce", "beyonce"),
        ("Beyonce", "BEYONCÉ", "BEYONCÉ"),
        ("Søren Łukasz", "soren lukasz", "soren lukasz"),
        ("Conan O'Brien", "Conan O’Brien", "Conan O’Brien"),
        ("Conan O'Brien", "conan obrien", "conan obrien"),
        ("J. K. Rowling", "jk rowling", "jk rowling"),
        ("50 Cent", "50cent", "50cent"),
        ("Straße Weiß", "STRASSE WEISS", "STRASSE WEISS"),
        ("山田太郎", "これは山田太郎の写真", "山田太郎"),
        ("Иван Ёлкин", "иван елкин", "иван елкин"),
        ("One Two Three Four Five Six", "OneTwoThreeFourFiveSix", "OneTwoThreeFourFiveSix"),
        ("One Two Three Four Five Six", "one_two_three_four_five_six", "one_two_three_four_five_six"),
    ],
)
def test_a_name_is_recognised_however_it_is_written(name: str, text: str, found: str) -> None:
    matcher = matcher_of(name)

    matches = matcher.match(text)

    assert [text[match.start : match.end] for match in matches] == [found]
    assert [(match.person_id, match.name) for match in matches] == [(ALDEBARAN, name)]
    assert [(match.score, match.verdict) for match in matches] == [(1.0, Verdict.BLOCKED)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ann Lee", "Joann Leerdam"),
        ("Ann Lee", "Joann Lee"),
        ("Ann Lee", "Ann Leerdam"),
        ("Ann Lee", "JoAnn Lee"),
        ("Ann Lee", "annleeward"),
        ("Ann Lee", "Ann and Lee"),
        ("Ann Lee", "Lee Ann"),
        ("Ann", "JoAnn"),
        ("Ann", "annual"),
        ("Ashe", "as he walks"),
        ("50 Cent", "150 cent"),
        ("राम", "रामा"),
        ("Ann Lee", ""),
    ],
)
def test_what_is_not_the_whole_name_is_left_alone(name: str, text: str) -> None:
    matcher = matcher_of(name)

    matches = matcher.match(text)

    assert matches == []


@pytest.mark.parametrize("slip", ["tranlekc", "tranleek", "tranleckk", "trenleck", "traleck", "tranlock"])
def test_a_slip_is_found_beside_the_other_word_of_the_name_though_it_was_met_alone_before(slip: str) -> None:
    matcher = matcher_of("Marlo Tranleck")

    alone = matcher.match(f"a {slip} in the rain")
    beside = matcher.match(f"marlo {slip} in the rain")
    again = matcher.match(f"a {slip} in the rain")

    assert alone == []
    assert [(match.start, match.end, match.verdict) for match in beside] == [(0, 6 + len(slip), Verdict.HELD)]
    assert again == []


@pytest.mark.parametrize("slip", ["tranlekcosi", "tranleckoi", "tranlleckoosi"])
def test_a_slip_for_a_name_of_one_word_is_found_by_itself(slip: str) -> None:
    matches = matcher_of("Tranleckosi", "Marlo Tranleck").match(f"a {slip} in the rain")

    assert [(match.person_id, match.start, match.end) for match in matches] == [(UUID(int=1), 2, 2 + len(slip))]


def test_a_name_that_sounds_just_as_much_alike_as_is_wanted_is_found() -> None:
    [match] = matcher_of("Jake Gyllenhaal").match("Джейк Джилленхол")

    assert (match.start, match.end, match.verdict) == (0, 16, Verdict.HELD)


def test_spans_are_offsets_in_the_text_as_given() -> None:
    text = "ﬁne\u200d art: ①, Ａｎｎ\u00ad Ｌｅｅ!"

    [match] = matcher_of("Ann Lee").match(text)

    assert (match.start, match.end) == (13, 21)
    assert text[13:21] == "Ａｎｎ\u00ad Ｌｅｅ"


def test_the_longest_name_comes_first_and_hides_its_parts_for_the_same_person_only() -> None:
    person = Person(ALDEBARAN, "Ann Lee", aliases=("Ann Lee Bellatrix",))
    other = Person(BELLATRIX, "Bellatrix")
    matcher = NameMatcher(Snapshot(version=1, persons=(person, other)))

    matches = matcher.match("ann lee bellatrix and ann lee")

    assert [(match.name, match.start, match.end) for match in matches] == [
        ("Ann Lee Bellatrix", 0, 17),
        ("Bellatrix", 8, 17),
        ("Ann Lee", 22, 29),
    ]


def test_a_text_that_repeats_a_name_gives_a_bounded_number_of_matches() -> None:
    matcher = matcher_of("Ann Lee", "Bellatrix")

    matches = matcher.match("ann lee " * 5000 + "bellatrix")

    assert len(matches) == 101
    assert [match.name for match in matches].count("Bellatrix") == 1


def test_time_grows_with_the_text_and_not_with_the_registry() -> None:
    text = "a cat on a mat, masterpiece, Ann Bel, best quality " * 200
    small = matcher_of("Ann Lee")
    large = matcher_of("Ann Lee", *(f"Ann{at % 50} Surname{at}" for at in range(10_000)))

    seconds = {matcher: min(_seconds(matcher, text) for _ in range(5)) for matcher in (small, large)}

    assert seconds[large] < 4 * seconds[small]


def _seconds(matcher: NameMatcher, text: str) -> float:
    began = time.perf_counter()
    matcher.match(text)
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("старый замок на холме", []),
        ("Вид на Старый Замок, дождь", ["Старый Замок"]),
        ("СТАРЫЙ ЗАМОК НА ХОЛМЕ", []),
        ("старый замокт", ["старый замокт"]),
    ],
)
def test_everyday_words_of_another_script_are_a_name_only_with_capitals_of_their_own(
    text: str, found: list[str]
) -> None:
    matcher = matcher_of("Staryy Zamok", "Staryy Zamokt")

    matches = matcher.match(text)

    assert sorted({text[match.start : match.end] for match in matches}) == found


@pytest.mark.parametrize(
    ("registered", "text", "found"),
    [
        ("高云娜", "폭풍이 다가온다", False),  # "draws near"
        ("Holger Zondern", "젖은 아스팔트", False),  # "wet"
        ("Linda Hamilton", "린다 해밀턴", True),
        ("Yolanda Hadid", "욜란다 하디드", True),
        ("Jieun Song", "송지은", True),
    ],
)
def test_korean_verbs_and_adjectives_are_no_name_by_themselves(registered: str, text: str, found: bool) -> None:
    matcher = matcher_of(registered)

    assert bool(matcher.match(text)) is found


@pytest.mark.parametrize(
    ("registered", "text"),
    [
        ("Tom Cruise", "톰 크루즈"),
        ("Hugh Jackman", "휴 잭맨"),
        ("Matt Damon", "맷 데이먼"),
        ("Miranda Kerr", "미란다 커"),
        ("Brad Pitt", "브래드 핏의 초상화"),
    ],
)
def test_a_name_of_one_syllable_is_part_of_a_korean_spelling(registered: str, text: str) -> None:
    matcher = matcher_of(registered)

    matches = matcher.match(text)

    assert [match.verdict for match in matches] == [Verdict.HELD]


def test_in_a_large_registry_a_name_in_lower_case_must_sound_more_alike() -> None:
    others = tuple(Person(UUID(int=at), f"Surname{at} Of{at}") for at in range(2, 4002))
    person = Person(ALDEBARAN, "Sean Bean")
    small, large = (NameMatcher(Snapshot(1, persons)) for persons in ((person,), (person, *others)))

    found = {
        (matcher is large, text): bool(matcher.match(text))
        for matcher in (small, large)
        for text in ("шон бин", "Шон Бин")
    }

    assert found == {
        (False, "шон бин"): True,
        (False, "Шон Бин"): True,
        (True, "шон бин"): False,
        (True, "Шон Бин"): True,
    }


def test_a_chinese_name_that_japanese_cannot_write_is_not_heard_in_japanese() -> None:
    matcher = matcher_of("赵霞秀")

    matches = {text: bool(matcher.match(text)) for text in ("シュー", "zhao xiaxiu", "水")}

    assert matches == {"シュー": False, "zhao xiaxiu": True, "水": False}


def test_a_blocked_file_is_found_by_its_sha256_in_any_case() -> None:
    matcher = NameMatcher(
        Snapshot(version=1, blocked_sha256=(("AB" * 32, ALDEBARAN), ("ab" * 32, None), ("cd" * 32, None)))
    )

    found = [matcher.blocked_file(hashes) for hashes in (["ab" * 32], ["00" * 32, "CD" * 32], ["ab" * 31], [])]

    assert found == [("ab" * 32, ALDEBARAN), ("cd" * 32, None), None, None]


def test_the_matcher_fits_its_protocol() -> None:
    person = Person(ALDEBARAN, "Ann Lee")

    matcher: Matcher = NameMatcher(Snapshot(version=7, persons=(person,)))

    assert matcher.snapshot.version == 7
    assert matcher.person(ALDEBARAN) == person
    assert matcher.person(BELLATRIX) is None


@pytest.mark.parametrize(
    ("alias", "why"),
    [
        ("", "it is empty"),
        (" \t", "it is empty"),
        ("\u0301\u0308", "nothing is left of it once marks, signs and invisible characters are set aside"),
        ("☃ !", "nothing is left of it once marks, signs and invisible characters are set aside"),
        ("\u200b\u2060", "nothing is left of it once marks, signs and invisible characters are set aside"),
        ("x", "a single letter or digit would be found in every text"),
        ("é.", "a single letter or digit would be found in every text"),
        ("a" * 201, "it has 201 characters, and 200 is the most"),
    ],
)
def test_an_alias_that_would_protect_nobody_is_told_in_one_sentence(alias: str, why: str) -> None:
    person = Person(ALDEBARAN, "Test Person Aldebaran", aliases=("Aldebaran", alias))

    sentence = check_names(person)

    assert sentence is not None
    assert sentence.startswith("The name “")
    assert sentence.endswith(f"” cannot be registered: {why}.")
    assert "\n" not in sentence


def test_names_that_can_be_recognised_pass_the_check() -> None:
    person = Person(
        ALDEBARAN, "Test Person Aldebaran", aliases=("Ann-Lee O’Brien", "山田", "J. R.", "राम", "أنا مثال", "ab" * 100)
    )

    sentence = check_names(person)

    assert sentence is None


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(names)
def test_every_name_that_passes_the_check_is_found_in_its_own_spelling(name: str) -> None:
    person = Person(ALDEBARAN, name)
    if check_names(person) is not None:
        return
    prefix, suffix = "photo of, ", " , smiling"

    matches = NameMatcher(Snapshot(version=1, persons=(person,))).match(prefix + name + suffix)

    assert any(match.name == name for match in matches)


@given(names)
def test_canonically_equal_texts_fold_alike(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)

    folded = [fold(form).text.replace(" ", "") for form in (composed, decomposed)]

    assert folded[0] == folded[1]


@given(st.text(max_size=200))
def test_folding_never_fails_and_spans_stay_inside_and_in_order(text: str) -> None:
    words = fold(text).words

    ends = [0, *(edge for word in words for edge in (word.start, word.end)), len(text)]
    assert ends == sorted(ends)
    assert all(word.text for word in words)


@given(st.text(max_size=100))
def test_folding_what_was_folded_changes_nothing(text: str) -> None:
    once = fold(text).text

    twice = fold(once).text

    assert twice.replace(" ", "") == once.replace(" ", "")


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Robert Aldebaran", "b o b  a l d e b a r a n, grunge look", "b o b  a l d e b a r a n"),
        ("Robert Aldebaran", "a l d e b a r a n, robert", "a l d e b a r a n, robert"),
        ("Robert Aldebaran", "(aldebaran   r o b e r t:1.1)", "aldebaran   r o b e r t"),
        ("Robert Aldebaran", "of a-l-d-e-b-r-a-n robert", "a-l-d-e-b-r-a-n robert"),
    ],
)
def test_words_that_are_spelled_out_are_also_looked_at_as_words(name: str, text: str, found: str) -> None:
    matches = matcher_of(name).match(text)

    assert [text[match.start : match.end] for match in matches] == [found]
    assert not matcher_of(name).match("r o b o t  a l d e b a r a n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Robert Aldebaran", "Robbie Aldebaran"),
        ("तारा पहाड़ी", "Tara Pahari"),
        ("Vega Kaczanek", "Веги Качанек"),
        ("Olga Kaczaruk", "אולגה קצ'רוק"),
        ("נגה כוכב", "כוכב, נגה"),
    ],
)
def test_a_given_name_has_short_forms_in_each_spelling_and_a_sound_its_letters(name: str, text: str) -> None:
    assert spans(name, f"{text}, 35mm") == [text]
