"""An invented registry of any size, and prompts of several kinds to measure the name matcher on."""

import random
from collections.abc import Iterator
from uuid import UUID

from domain.registry.snapshot import Person, Snapshot

_STARTS = "b br c ch d dr f fl g gr h j k kl l m n p pr r s sch sh st t tr v w z".split()  # noqa: SIM905
_VOWELS = "a e i o u ai ea ei ou a e i o".split()  # noqa: SIM905
_ENDS = "l ll m n nd nn r rd rt s ss t tt ck ng x son man berg ski ova ez".split()  # noqa: SIM905
_CYRILLIC_GIVEN = "Анна Борис Вера Глеб Дарья Егор Жанна Зоя Иван Кира Лев Мария Нина Олег Павел Раиса".split()  # noqa: SIM905
_CYRILLIC_ENDS = "ов ев ин ский ова ева ина ская".split()  # noqa: SIM905
_HAN_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_HAN_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂文云建国华志海"
_TEXT = """
masterpiece, best quality, a portrait of a woman standing in the soft morning light, wearing a red coat, city
street, rain, reflections, 35mm photograph, film grain, highly detailed, looking at the viewer, long brown hair,
green eyes, freckles, smiling, cinematic composition, shallow depth of field, golden hour, by the river, old
bridge, autumn leaves, (sharp focus:1.2), [sketch:oil painting:0.5], <lora:add_detail:0.7>, 8k uhd,
"""
_WORDS = _TEXT.split()
_RUSSIAN_TEXT = """
портрет женщины в красном пальто, мягкий утренний свет, городская улица, дождь, отражения, фотография, плёнка,
высокая детализация, взгляд на зрителя, длинные каштановые волосы, зелёные глаза, веснушки, улыбка, золотой час,
у реки, старый мост, осенние листья, масляная живопись, акварель, замок на холме, зимний лес, снег
"""
_RUSSIAN = _RUSSIAN_TEXT.split()


def _latin_word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(_STARTS) + dice.choice(_VOWELS) for _ in range(syllables - 1)) + (
        dice.choice(_STARTS) + dice.choice(_VOWELS) + dice.choice(_ENDS)
    )


def _names(dice: random.Random, given: list[str], family: list[str]) -> Iterator[tuple[str, ...]]:
    """Give four names a person; two persons in twenty have one of them in Cyrillic or Han characters."""
    while True:
        first, last = dice.choice(given), dice.choice(family)
        names = [f"{first} {last}", f"{first} {dice.choice(given)} {last}", f"{dice.choice(given)} {last}"]
        kind = dice.randrange(20)
        if kind == 0:
            stem = dice.choice("БГДЗКЛМНПРСТ") + dice.choice("аоуеи") + dice.choice("бгдзклмнпрст")
            names.append(f"{dice.choice(_CYRILLIC_GIVEN)} {stem}{dice.choice(_CYRILLIC_ENDS)}")
        elif kind == 1:
            names.append(dice.choice(_HAN_FAMILY) + dice.choice(_HAN_GIVEN) + dice.choice(_HAN_GIVEN))
        else:
            names.append(_latin_word(dice, 4).title())
        yield tuple(names)


def large_registry(persons: int, seed: int = 11) -> Snapshot:
    """Make a registry of invented persons with four names each; given names are shared, as they are in life."""
    dice = random.Random(seed)
    given = ["Emma", "Anna", "Maria", "Chris", "Tom", *(_latin_word(dice, 2).title() for _ in range(3000))]
    family = [_latin_word(dice, dice.choice((2, 2, 3))).title() for _ in range(60_000)]
    source = _names(dice, given, family)
    return Snapshot(
        1,
        tuple(Person(UUID(int=at + 1), names[0], names[1:]) for at, names in zip(range(persons), source, strict=False)),
    )


def prompts(snapshot: Snapshot, length: int, count: int, seed: int = 5) -> list[str]:
    """Make prompts of a length, as people write them: every fourth has a registered name, all a given name alone.

    Two words in a hundred are of no dictionary, and of no other prompt either.
    """
    dice = random.Random(seed)
    made = []
    for number in range(count):
        words = [dice.choice(_WORDS) if dice.random() < 0.98 else _latin_word(dice, 2) for _ in range(length // 5)]
        words[dice.randrange(len(words))] = dice.choice(snapshot.persons).name.split()[0]
        if number % 4 == 0:
            words[dice.randrange(len(words) // 2)] = dice.choice(snapshot.persons).name
        made.append(" ".join(words)[:length])
    return made


def syntactic_prompts(snapshot: Snapshot, length: int, count: int, seed: int = 6) -> list[str]:
    """Make prompts full of weights, digits in words, alternatives, schedules and names of LoRA files."""
    dice = random.Random(seed)
    shapes = ("({}:1.2),", "(({})),", "[{}:{}:0.4],", "[{}|{}],", "<lora:{}_{}_v2:0.8>,", "{} BREAK {},", "1{},", "{}")
    made = []
    for _ in range(count):
        pieces: list[str] = []
        while sum(map(len, pieces)) < length:
            words = [dice.choice(_WORDS).strip(",()[]<>:") for _ in range(2)]
            if dice.random() < 0.1:
                words[0] = dice.choice(snapshot.persons).name.split()[0].lower()
            pieces.append(dice.choice(shapes).format(*words) if dice.random() < 0.2 else f"{words[0]} {words[1]},")
        made.append(" ".join(pieces)[:length])
    return made


def cyrillic_prompts(snapshot: Snapshot, length: int, count: int, seed: int = 7) -> list[str]:
    """Make prompts in Russian, every fourth with a registered name in Latin letters."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        words = [dice.choice(_RUSSIAN) for _ in range(length // 5)]
        if number % 4 == 0:
            words[dice.randrange(len(words) // 2)] = dice.choice(snapshot.persons).name
        made.append(" ".join(words)[:length])
    return made
