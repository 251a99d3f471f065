"""Recognition of names as a whole: labelled sets, other obfuscations by seed, near evidence, and linear time."""

import json
import random
import time
from pathlib import Path
from uuid import UUID

import pytest

from domain.kernel.findings import Verdict
from domain.registry.names import NameMatcher, check_names
from domain.registry.snapshot import Person, Snapshot
from tests.registry.obfuscation import obfuscated

DATA = Path(__file__).parent / "data"
ALDEBARAN = UUID(int=1)


def rows(name: str, folder: str = ".") -> list[dict[str, str]]:
    """Read a labelled set."""
    return [json.loads(line) for line in (DATA / folder / f"{name}.jsonl").read_text().splitlines()]


def persons_of(folder: str) -> tuple[Person, ...]:
    """The persons whom the labelled sets of a folder are about."""
    listed = [json.loads(line) for line in (DATA / folder / "persons.jsonl").read_text().splitlines()]
    return tuple(Person(UUID(int=at), row["name"], tuple(row["aliases"])) for at, row in enumerate(listed, start=1))


@pytest.fixture(scope="module")
def persons() -> tuple[Person, ...]:
    """The persons of the first labelled sets."""
    return persons_of(".")


@pytest.fixture(scope="module")
def matcher(persons: tuple[Person, ...]) -> NameMatcher:
    """A matcher of them."""
    return NameMatcher(Snapshot(version=1, persons=persons))


def matcher_of(*names: str) -> NameMatcher:
    """Make a matcher of one person for each name."""
    return NameMatcher(Snapshot(1, tuple(Person(UUID(int=at), name) for at, name in enumerate(names, start=1))))


def test_the_labelled_sets_are_large_and_of_many_kinds() -> None:
    positives, negatives = rows("positives"), rows("negatives")

    assert len(positives) >= 400
    assert len({row["person"] for row in positives}) >= 80
    assert len(negatives) >= 400
    assert len({row["category"] for row in negatives}) >= 8


def test_recall_on_the_labelled_set_is_at_least_97_percent(persons: tuple[Person, ...], matcher: NameMatcher) -> None:
    ids = {person.name: person.id for person in persons}
    positives = rows("positives")

    missed = [
        row for row in positives if ids[row["person"]] not in {match.person_id for match in matcher.match(row["text"])}
    ]

    assert len(missed) <= 0.03 * len(positives), missed


def test_false_positives_on_the_labelled_set_are_at_most_half_a_percent(matcher: NameMatcher) -> None:
    negatives = rows("negatives")

    refused = [row for row in negatives if matcher.match(row["text"])]

    assert len(refused) <= 0.005 * len(negatives), refused


@pytest.mark.parametrize(
    ("folder", "sizes"),
    [
        ("later", (728, 698)),
        ("blind-1", (450, 450)),
        ("blind-2", (450, 450)),
        ("blind-3", (450, 450)),
        ("blind-4", (460, 460)),
        ("blind-5", (460, 460)),
        ("blind-8", (460, 460)),
        ("blind-9", (450, 450)),
        ("blind-10", (400, 400)),
        ("blind-11", (420, 420)),
    ],
)
def test_the_other_sets_stay_within_two_points_of_the_figures_to_reach(folder: str, sizes: tuple[int, int]) -> None:
    persons = persons_of(folder)
    matcher = NameMatcher(Snapshot(1, persons))
    ids = {person.name: person.id for person in persons}
    positives, negatives = rows("positives", folder), rows("negatives", folder)

    missed = [
        row for row in positives if ids[row["person"]] not in {match.person_id for match in matcher.match(row["text"])}
    ]
    refused = [row for row in negatives if matcher.match(row["text"])]

    assert (len(positives), len(negatives)) == sizes
    assert len(missed) <= 0.05 * len(positives), missed
    assert len(refused) <= 0.025 * len(negatives), refused


@pytest.mark.parametrize(
    ("folder", "sizes", "least"),
    [
        ("blind-6/east", (300, 200), 0.87),
        ("blind-6/north", (300, 200), 0.94),
        ("blind-6/south", (280, 200), 0.87),
        ("blind-7", (260, 160), 0.85),
    ],
)
def test_names_in_other_scripts_than_they_are_registered_in_are_found_as_often_as_is_told(
    folder: str, sizes: tuple[int, int], least: float
) -> None:
    persons = persons_of(folder)
    matcher = NameMatcher(Snapshot(1, persons))
    ids = {person.name: person.id for person in persons}
    positives, negatives = rows("positives", folder), rows("negatives", folder)

    found = [
        row for row in positives if ids[row["person"]] in {match.person_id for match in matcher.match(row["text"])}
    ]
    refused = [row for row in negatives if matcher.match(row["text"])]

    assert (len(positives), len(negatives)) == sizes
    assert len(found) >= least * len(positives)
    assert len(refused) <= 0.025 * len(negatives), refused


@pytest.mark.parametrize(
    ("registered", "text"),
    [
        ("Cate Blanchett", "صورة لكيت بلانشيت"),
        ("Monica Bellucci", "מוניקה בלוצ'י"),
        ("Javier Bardem", "ハビエルバルデム"),
        ("Max Planck", "マックス・プランク"),
        ("Usain Bolt", "乌塞恩·博尔特"),
        ("Rafael Nadal", "拉斐尔·纳达尔"),
        ("Monica Bellucci", "莫妮卡贝鲁奇"),
        ("Guillermo del Toro", "기예르모 델 토로"),
        ("Константин Хабенский", "Konstantin Chabenski"),
        ("رشيد طه", "Rachid Taha"),
    ],
)
def test_a_name_is_heard_as_others_write_it(registered: str, text: str) -> None:
    matcher = matcher_of(registered)

    matches = matcher.match(text)

    assert [match.verdict for match in matches] == [Verdict.HELD]


def test_recall_holds_for_obfuscations_that_the_set_does_not_have(
    persons: tuple[Person, ...], matcher: NameMatcher
) -> None:
    ids = {person.name: person.id for person in persons}
    names = [person.name for person in persons if person.name not in ("Madonna", "Prince", "Cher", "Drake", "Pelé")]
    cases = obfuscated(names, random.Random(20270101), 1500)

    missed = [
        (category, text)
        for name, category, text in cases
        if ids[name] not in {match.person_id for match in matcher.match(text)}
    ]

    assert len(missed) <= 0.03 * len(cases), missed


@pytest.mark.parametrize(
    ("name", "text", "found", "verdict"),
    [
        ("Taylor Swift", "t a y l o r  s w i f t, city", "t a y l o r  s w i f t", Verdict.BLOCKED),
        ("Taylor Swift", "a tay1or sw!ft poster", "tay1or sw!ft", Verdict.BLOCKED),
        ("Taylor Swift", "(taylor:1.2) (swift:1.1)", "taylor:1.2) (swift", Verdict.BLOCKED),
        ("Taylor Swift", "[taylor|emma] swift", "taylor|emma] swift", Verdict.BLOCKED),
        ("Taylor Swift", "<lora:taylorswift_v2:0.8>", "taylorswift", Verdict.BLOCKED),
        ("Taylor Swift", "rain ### taylor swift", "taylor swift", Verdict.BLOCKED),
        ("Taylor Swift", "tауlоr swift", "tауlоr swift", Verdict.BLOCKED),
        ("Taylor Swift", "taaaaylor swift", "taaaaylor swift", Verdict.BLOCKED),
        ("Taylor Swift", "Swift, Taylor", "Swift, Taylor", Verdict.BLOCKED),
        ("Taylor Swift", "Swift Taylor", "Swift Taylor", Verdict.HELD),
        ("Taylor Swift", "tayler swift", "tayler swift", Verdict.HELD),
        ("Taylor Swift", "Taylor Alison Swift", "Taylor Alison Swift", Verdict.HELD),
        ("Taylor Swift", "by T. Swift", "T. Swift", Verdict.HELD),
        ("Taylor Swift", "портрет: Тейлор Свифт", "Тейлор Свифт", Verdict.HELD),
        ("Scarlett Johansson", "scarlet johanson", "scarlet johanson", Verdict.HELD),
        ("Leonardo DiCaprio", "Leo DiCaprio", "Leo DiCaprio", Verdict.HELD),
        ("Пётр Чайковский", "Pyotr Chaikovsky", "Pyotr Chaikovsky", Verdict.HELD),
        ("김연아", "김연아가 웃는다", "김연아", Verdict.BLOCKED),
        ("章子怡", "Zhang Ziyi", "Zhang Ziyi", Verdict.HELD),
        ("Madonna", "the singer Madonna", "Madonna", Verdict.HELD),
        ("Taylor Swift", "t.aylor s.wift", "t.aylor s.wift", Verdict.BLOCKED),
        ("Taylor Swift", "Taylor. Swift", "Taylor. Swift", Verdict.HELD),
        ("Margot Robbie", "1girl, margot, robbie, solo", "margot, robbie", Verdict.HELD),
        ("Stephen King", "steven king, writer", "steven king", Verdict.HELD),
        ("Ryan Gosling", "ryangoslingstyle", "ryangosling", Verdict.HELD),
        ("Henry Cavill", "henry cavill-like man", "henry cavill", Verdict.BLOCKED),
        ("Sandra Bullock", "sandra:1.2 bullock:1.1", "sandra:1.2 bullock", Verdict.BLOCKED),
        ("박지성", "photo of Park Ji-sung", "Park Ji-sung", Verdict.HELD),
        ("新垣結衣", "Yui Aragaki", "Yui Aragaki", Verdict.HELD),
        ("大谷翔平", "shohei ohtani", "shohei ohtani", Verdict.HELD),
        ("نانسي عجرم", "nancy ajram", "nancy ajram", Verdict.HELD),
        ("李连杰", "李連傑在功夫電影", "李連傑", Verdict.HELD),
        ("Yao Ming", "篮球，姚明，体育馆", "姚明", Verdict.HELD),
        ("Gong Li", "鞏俐 電影劇照", "鞏俐", Verdict.HELD),
        ("Emma Stone", "艾玛·斯通，黄色长裙", "艾玛·斯通", Verdict.HELD),
        ("Robert Lewandowski", "罗伯特·莱万多夫斯基", "罗伯特·莱万多夫斯基", Verdict.HELD),
        ("Luka Modrić", "لوكا مودريتش، كرة", "لوكا مودريتش", Verdict.HELD),
        ("Novak Djoković", "Νόβακ Τζόκοβιτς, γήπεδο", "Νόβακ Τζόκοβιτς", Verdict.HELD),
        ("Θόδωρος Αγγελόπουλος", "Thodoros Angelopoulos", "Thodoros Angelopoulos", Verdict.HELD),
        ("Zaha Hadid", "ΖΑΗΑ ΗΑDΙD, facade", "ΖΑΗΑ ΗΑDΙD", Verdict.BLOCKED),
        ("Константин Хабенский", "Константин Хабеснкий", "Константин Хабеснкий", Verdict.HELD),
        ("Jude Law", "Джуд Лоу, портрет", "Джуд Лоу", Verdict.HELD),
        ("Jude Law", "Law, Jude - portrait", "Law, Jude", Verdict.BLOCKED),
        ("Max von Sydow", "Макс фон Сюдов", "Макс фон Сюдов", Verdict.HELD),
        ("Harry Styles", "Гарри Стайлс", "Гарри Стайлс", Verdict.HELD),
        ("Robert Lewandowski", "로베르트 레반도프스키 카드", "로베르트 레반도프스키", Verdict.HELD),
        ("Elizabeth Olsen", "엘리자베스 올슨, 코트", "엘리자베스 올슨", Verdict.HELD),
        ("Elizabeth Olsen", "伊丽莎白·奥尔森，风衣", "伊丽莎白·奥尔森", Verdict.HELD),
        ("Nasser Al-Attiyah", "ناصر العطية، الصحراء", "ناصر العطية", Verdict.HELD),
        ("Емир Кустурица", "Emir Kusturica", "Emir Kusturica", Verdict.HELD),
        ("Ελευθερία Αρβανιτάκη", "Eleutheria Arvanitaki, singer", "Eleutheria Arvanitaki", Verdict.HELD),
        ("刘亦菲", "1girl, Yifei Liu", "Yifei Liu", Verdict.HELD),
        ("章子怡", "z h a n g  z i y i, silk", "z h a n g  z i y i", Verdict.HELD),
        ("M. Night Shyamalan", "m. night shyamlan on set", "m. night shyamlan", Verdict.HELD),
        ("손흥민", "손흥민민민 골", "손흥민민민", Verdict.HELD),
        ("Scarlett Johansson", "斯嘉丽·约翰逊 特写", "斯嘉丽·约翰逊", Verdict.HELD),
        ("Benedict Cumberbatch", "ベネディクト・カンバーバッチ、霧", "ベネディクト・カンバーバッチ", Verdict.HELD),
        ("侯孝賢", "Hou Hsiao-hsien, misty town", "Hou Hsiao-hsien", Verdict.HELD),
        ("Μάνος Χατζιδάκις", "Manos Hatzidakis at the piano", "Manos Hatzidakis", Verdict.HELD),
        ("Tim Berners-Lee", "Timothy Berners-Lee, desk", "Timothy Berners-Lee", Verdict.HELD),
        ("Son Heung-min", "heungminson, football", "heungminson", Verdict.HELD),
        ("Tiger Woods", "#tigerwoods golf lora", "tigerwoods", Verdict.BLOCKED),
        ("Idris Elba", "Idris [Smith:Elba:0.3], coat", "Idris [Smith:Elba", Verdict.BLOCKED),
        ("Florence Pugh", "[florence:anna:0.7] pugh", "florence:anna:0.7] pugh", Verdict.BLOCKED),
        ("Ursula von der Leyen", "Урсула фон дер Ляйен, речь", "Урсула фон дер Ляйен", Verdict.HELD),
        ("Ursula von der Leyen", "ウルズラ・フォン・デア・ライエン", "ウルズラ・フォン・デア・ライエン", Verdict.HELD),
        ("Ursula von der Leyen", "U. von der Leyen, flags", "U. von der Leyen", Verdict.HELD),
        ("Kevin De Bruyne", "ケヴィン・デ・ブライネ、サッカー", "ケヴィン・デ・ブライネ", Verdict.HELD),
        ("Jean-Claude Van Damme", "Жан-Клод Ван Дамм, плакат", "Жан-Клод Ван Дамм", Verdict.HELD),
        ("Shaquille O'Neal", "Шакил О'Нил, арена", "Шакил О'Нил", Verdict.HELD),
        ("Samuel L. Jackson", "Сэмюэл Л. Джексон, очки", "Сэмюэл Л. Джексон", Verdict.HELD),
        ("Samuel L. Jackson", "サミュエル・L・ジャクソン、スーツ", "サミュエル・L・ジャクソン", Verdict.HELD),
        ("배두나", "ペ・ドゥナ、映画風", "ペ・ドゥナ", Verdict.HELD),
        ("Robert Downey Jr.", "robert downey junior, glasses", "robert downey", Verdict.BLOCKED),
        ("Robert Downey Jr.", "Роберт Дауни-младший", "Роберт Дауни", Verdict.HELD),
        ("Alexandria Ocasio-Cortez", "Ocasio-Cortez, Alexandria", "Ocasio-Cortez, Alexandria", Verdict.HELD),
    ],
)
def test_exact_evidence_blocks_and_near_evidence_is_held(name: str, text: str, found: str, verdict: Verdict) -> None:
    [match] = matcher_of(name).match(text)

    assert text[match.start : match.end] == found
    assert match.verdict is verdict


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Brad Pitt", "Brad Pittsburgh"),
        ("Emma Watson", "emma"),
        ("Rose", "a rose in a vase"),
        ("Rose", "Rose Tyler"),
        ("Summer Glau", "summer glau-like style of summer"),
        ("Madonna", "madonna and child"),
        ("Prince", "a portrait of a prince"),
        ("Emma Stone", "a girl named Emma, stone walls"),
        ("Pat Riot", "a patriot"),
        ("Tom Hanks", "Tom Banks"),
        ("Daniel Craig", "Danielle Craig"),
        ("Yao Ming", "要命的天气"),
        ("Yao Ming", "要命，天气"),
        ("Jude Law", "law, jude, 2 boys"),
        ("Bai Yun", "蓝天，白云，草地"),
        ("Gao Feng", "站在高峰上的人"),
        ("Emma Stone", "[emma:anna:0.5], stone walls"),
        ("Sean Bean", "sean bean salad"),
        ("Tiger Woods", "tiger woods hunting cat"),
        ("Paris Hilton", "hilton paris opera"),
        ("Paris Hilton", "paris hilton hotel room, morning light"),
        ("Stephen King", "king stephen's castle"),
        ("Bruno Mars", "life on Mars, Bruno"),
        ("Tom Waits", "tom waits for the bus"),
        ("Russell Brand", "Russell Brandt"),
        ("Hugh Jackman", "ジャックマン"),
        ("Margot Robbie", "Talk to Margot. Robbie is late."),
        ("李小龙", "李小龙虾"),
        ("李小龙", "李小璐"),
        ("成龙", "望子成龙"),
        ("The Rock", "the rock on the beach"),
        ("Robert Downey Jr.", "Robert Downey Sr., filmmaker"),
        ("Ursula von der Leyen", "U. van der Leyen"),
        ("Linn Bakker", "a baker in his bakery"),
        ("Αλίκη Κολχούρης", "rich colors, armor and neighbours"),
        ("李平", "[sketch:oil painting:0.5], a portrait of a cat sleeping [a|b]" + ", misty hills beyond" * 2),
        ("李平", "a cat sleeping in the warm light of the evening sun, misty hills, [a|b] river"),
    ],
)
def test_what_is_near_a_name_and_is_another_thing_is_left_alone(name: str, text: str) -> None:
    matches = matcher_of(name).match(text)

    assert matches == []


def test_what_is_too_often_in_a_text_to_be_looked_at_everywhere_is_held() -> None:
    matcher = matcher_of("Rose")
    petals = "rose petals, " * 3000

    few, many = matcher.match(petals[:1300]), matcher.match(petals + "the singer Rose")

    assert few == []
    assert [(match.name, match.verdict) for match in many] == [("Rose", Verdict.HELD)]


def test_a_name_of_one_letter_drawn_out_protects_nobody() -> None:
    sentence = check_names(Person(ALDEBARAN, "aaaa"))

    assert sentence == (
        "The name “aaaa” cannot be registered: a single letter or digit, however often, would be found in every text."
    )


def test_a_changed_registry_is_overlaid_on_the_index_of_the_old_one() -> None:
    kept, renamed, gone = (
        Person(UUID(int=at), name) for at, name in enumerate(("Ann Leeward", "Bo Bell", "Cy Deneb"), 1)
    )
    old = NameMatcher(Snapshot(1, (kept, renamed, gone)))
    after = Snapshot(2, (kept, Person(renamed.id, "Bo Capella"), Person(UUID(int=9), "Di Electra")))

    new = old.updated(after)

    texts = ("ann leeward", "bo bell", "cy deneb", "bo capella", "di electra")
    assert [[match.name for match in new.match(text)] for text in texts] == [
        ["Ann Leeward"], [], [], ["Bo Capella"], ["Di Electra"],
    ]  # fmt: skip
    assert [bool(old.match(text)) for text in texts] == [True, True, True, False, False]
    assert (new.snapshot.version, new.overlaid, old.overlaid) == (2, 3, 0)


def test_an_overlay_on_an_overlay_is_still_on_the_first_index() -> None:
    person = Person(ALDEBARAN, "Ann Leeward")
    old = NameMatcher(Snapshot(1, (person,)))

    new = old.updated(Snapshot(2, ())).updated(Snapshot(3, (person,)))

    assert [match.name for match in new.match("ann leeward")] == ["Ann Leeward"]
    assert new.overlaid == 0


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a ",
        "[",
        "[a|",
        "((",
        "$@!|",
        ". ",
        "emma ",
        "emmawatson",
        "(a:1.1)",
        "a\u0301\u0302",
        "A. ",
        "О'О",
        "да L. ",
        "анна ",
        "王",
        "\u200b",
    ],
)
def test_texts_made_to_be_slow_take_linear_time(matcher: NameMatcher, piece: str) -> None:
    short, long = ((piece * (length // len(piece) + 1))[:length] for length in (5_000, 40_000))
    matcher.match(short)

    seconds, more = (min(_seconds(matcher, text) for _ in range(3)) for text in (short, long))

    assert more < 24 * seconds + 0.02


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Bradarelett", "портрет"),  # other vowels, and a d for a t
        ("Hakurt Vouzock", "городская улица"),  # the consonants of one word, spread over two
        ("Soshett Zerojat", "золотой свет"),  # other vowels
        ("Cacur Shagard", "взгляд акварель"),  # an l where the name has an r, and t for d
    ],
)
def test_words_of_another_script_that_have_little_more_than_the_consonants_of_a_name_are_let_go(
    name: str, text: str
) -> None:
    matcher = matcher_of(name)

    matches = matcher.match(f"{text}, дождь")

    assert matches == []


def _seconds(matcher: NameMatcher, text: str) -> float:
    began = time.process_time()
    matcher.match(text)
    return time.process_time() - began
