"""Names in kanji: how Japanese reads them, and how it writes them in kana."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from domain.registry.skeletons import in_latin

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff々]")
_JAPANESE_FAMILY = {
    "新垣": ("aragaki", "arakaki"),
    "中田": ("nakata", "nakada"),
    "山崎": ("yamazaki", "yamasaki"),
    "中島": ("nakajima", "nakashima"),
    "河野": ("kono", "kawano"),
    "羽生": ("hanyu", "habu"),
    "菅野": ("sugano", "kanno"),
    "渡部": ("watanabe", "watabe"),
    "上戸": ("ueto",),
    "長澤": ("nagasawa",),
    "東": ("higashi", "azuma"),
    "小山": ("koyama", "oyama"),
    "大和": ("yamato", "owa"),
    "神田": ("kanda", "kamida"),
    "三枝": ("saegusa", "mieda"),
    "柳生": ("yagyu",),
    "五十嵐": ("igarashi",),
    "服部": ("hattori",),
    "二宮": ("ninomiya",),
    "米倉": ("yonekura",),
    "北川": ("kitagawa",),
    "星野": ("hoshino",),
    "土屋": ("tsuchiya",),
    "広瀬": ("hirose",),
    "石原": ("ishihara",),
    "菅田": ("suda", "sugata"),
    "有村": ("arimura",),
    "本田": ("honda",),
    "香川": ("kagawa",),
    "羽田": ("haneda", "hata"),
    "角田": ("kakuta", "tsunoda"),
    "吉田": ("yoshida",),
    "浜崎": ("hamasaki", "hamazaki"),
    "安室": ("amuro",),
}
"""Family names that are read otherwise than their characters are by themselves."""


@cache
def _kakasi() -> Any:
    """Load the Japanese dictionary, about a second, where the first Japanese word is met."""
    from pykakasi import kakasi  # noqa: PLC0415 - most processes never meet one

    return kakasi()


@lru_cache(maxsize=1 << 13)
def japanese_reading(word: str) -> str:
    """Give how a word in kanji or kana is read in Japanese, in Latin letters."""
    return in_latin("".join(part["hepburn"] for part in _kakasi().convert(word)))


def kana_of(name: str) -> set[str]:
    """Give how a name in kanji may be written in hiragana: read as one, and behind a family name of two characters."""
    if not (_HAN.search(name) and may_be_japanese(name)):
        return set()
    parts = ((name,), (name[:2], name[2:])) if len(name) > 2 else ((name,),)
    return {"".join(part["hira"] for piece in pieces for part in _kakasi().convert(piece)) for pieces in parts}


def may_be_japanese(word: str) -> bool:
    """Whether Japanese has all characters of a word; the dictionary passes over others, and little is left then."""
    try:
        word.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def japanese_readings(name: str) -> Iterator[tuple[str, ...]]:
    """Read a name in kanji as one, and as a family name of one or two characters before a given name."""
    found: set[tuple[str, ...]] = {(japanese_reading(name),)}
    for at in (1, 2, 3) if 3 <= len(name) <= 6 else ():
        if at < len(name) and (at > 1 or len(name) < 4):
            family, given = name[:at], japanese_reading(name[at:])
            for reading in (japanese_reading(family), *_JAPANESE_FAMILY.get(family, ())):
                found.add((_short_vowels(reading), _short_vowels(given)))
    yield from sorted(found)


def _short_vowels(latin: str) -> str:
    """Write a Japanese word as most people do, without the length of its vowels."""
    return latin.replace("ou", "o").replace("oo", "o").replace("uu", "u")
