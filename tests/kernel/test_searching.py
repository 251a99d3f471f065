"""Searching: how a search is read, what a misspelt word is taken for, and scripts without spaces."""

import asyncio
import random

import asyncpg
import pytest

from domain.kernel import searching
from domain.kernel.work import work
from tests.counting import counted

HARBOUR = "Watercolour lighthouses above a harbour"


async def _learnt(db: asyncpg.Pool, *texts: str) -> None:
    for text in texts:
        await db.execute("SELECT search_learn(to_tsvector('simple', search_spaced($1)))", text)


async def _matches(db: asyncpg.Pool, search: str, text: str) -> bool:
    matching: bool = await db.fetchval(
        f"SELECT to_tsvector('simple', search_spaced($1)) @@ {searching.TSQUERY.format('$2')}",
        text,
        await searching.understood(search),
    )
    return matching


@pytest.mark.parametrize(
    "search",
    [
        "watercolour harbour",
        "WATERCOLOUR",
        "harb",
        '"lighthouses above"',
        '"lighthouses above',
        "harbour -boats",
        "boats or lighthouses",
        'boats OR "a harbour"',
    ],
)
async def test_a_search_is_read_as_people_write_it(db: asyncpg.Pool, search: str) -> None:
    assert await _matches(db, search, HARBOUR)


@pytest.mark.parametrize(
    "search",
    [
        "watercolour boats",
        '"above lighthouses"',
        "harbour -watercolour",
        '-"a harbour"',
        "ha",
        "harb watercolour",
        "or",
    ],
)
async def test_what_is_not_asked_for_is_not_found(db: asyncpg.Pool, search: str) -> None:
    assert not await _matches(db, search, HARBOUR)


async def test_anything_can_be_searched_for(db: asyncpg.Pool) -> None:
    dice = random.Random(1)
    signs = "ab'\"\\|&!():*<->-  %\t\n水灯é🏮\u0301\u200b"
    searches = ["".join(dice.choices(signs, k=dice.randint(1, 20))) for _ in range(2000)]
    said = [await searching.understood(search) for search in searches]

    read = await db.fetch("SELECT to_tsquery('simple', search_spaced(said)) FROM unnest($1::text[]) AS said", said)

    assert len(read) == len(searches)


@pytest.mark.parametrize(
    "search", ["'", "''", "\\", "\\'", "a' | 'b", "(", "!!", ":*", "a:*", "<->", "ｈａｒ", "🏮", "·"]
)
async def test_no_sign_breaks_a_search(db: asyncpg.Pool, search: str) -> None:
    assert await _matches(db, search, HARBOUR) in (True, False)
    assert not await _matches(db, search + " boats", HARBOUR)


@pytest.mark.parametrize(
    "misspelt",
    [
        "harbor",
        "harbuor",
        "harbourr",
        "harbiur",
        "arbour",
        "harbou",
        "watercolor",
        "wattercolor",
        "lihgthuoses",
        "lighthouzez",
        "lighthous harbur",
        "above harbuor",
    ],
)
async def test_a_misspelt_word_is_taken_for_the_nearest(db: asyncpg.Pool, misspelt: str) -> None:
    await _learnt(db, HARBOUR)

    assert await _matches(db, misspelt, HARBOUR)


def _slips(word: str) -> set[str]:
    """Every word that is one slip away, where the letters written wrong or added are all an x."""
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    left_out = {head + tail[1:] for head, tail in cuts if tail}
    added = {f"{head}x{tail}" for head, tail in cuts}
    wrong = {f"{head}x{tail[1:]}" for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    return (left_out | added | wrong | swapped) - {word}


@pytest.mark.parametrize("word", ["boats", "harbour", "lighthouse"])
async def test_every_single_slip_is_understood(db: asyncpg.Pool, word: str) -> None:
    await _learnt(db, word)

    missed = [slip for slip in sorted(_slips(word)) if f"'{word}'" not in await searching.understood(slip)]

    assert missed == []


async def test_every_pair_of_slips_in_a_long_word_is_understood(db: asyncpg.Pool) -> None:
    await _learnt(db, "lighthouse")
    twice = sorted({second for first in _slips("lighthouse") for second in _slips(first) if len(second) >= 8})
    some = random.Random(1).sample(twice, 150)

    missed = [slips for slips in some if "'lighthouse'" not in await searching.understood(slips)]

    assert missed == []


@pytest.mark.parametrize("other", ["hrbur", "bvoee", "xx", '"harbor"', "-harbour", "harbour1", "arb"])
async def test_what_is_too_far_or_meant_as_written_is_not_widened(db: asyncpg.Pool, other: str) -> None:
    await _learnt(db, HARBOUR)
    await _learnt(db, *["abbey"] * 3)

    assert not await _matches(db, other, HARBOUR)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("fotorealistik", "photorealistic"),
        ("cinimatographie", "cinematography"),
        ("vintagelook", "vintage"),
        ("portraiture", "portrait"),
        ("акварелистами", "акварель"),
    ],
)
async def test_a_word_beyond_two_slips_is_taken_for_the_one_most_like_it(
    db: asyncpg.Pool, written: str, meant: str
) -> None:
    await _learnt(db, meant, "photograph of a cinema, portal, вода")

    said = await searching.understood(f"{written} of")

    assert said == f"('{written}' | '{meant}') & ('of')"


async def test_of_words_that_are_alike_those_almost_as_alike_are_meant_too(db: asyncpg.Pool) -> None:
    await _learnt(db, "impressionist impressionistic impressive")

    said = await searching.understood("impresionistikal style")

    assert said == "('impresionistikal' | 'impressionistic' | 'impressionist') & ('style':*)"


async def test_an_unfinished_word_is_the_beginning_of_a_known_one(db: asyncpg.Pool) -> None:
    await _learnt(db, "photorealistic photo")

    begun = await searching.understood("photoreal")
    whole = await searching.understood("photoreal lamp")

    assert begun == "('photoreal':*)"
    assert whole == "('photoreal' | 'photorealistic') & ('lamp':*)"


async def test_a_known_word_stands_for_itself(db: asyncpg.Pool) -> None:
    await _learnt(db, "boats", "goats and stoats")

    assert not await _matches(db, "boats", "goats")
    assert not await _matches(db, "goats", "stoats")


async def test_of_several_near_words_only_the_nearest_are_meant(db: asyncpg.Pool) -> None:
    await _learnt(db, "painters", "pointers")

    assert await _matches(db, "paintars", "painters")
    assert not await _matches(db, "paintars", "pointers")


async def test_a_word_that_somebody_else_misspelt_stands_for_the_usual_one_too(db: asyncpg.Pool) -> None:
    await _learnt(db, *["watercolour"] * 3, "watercolor", "watermelons", "watermelon")

    assert await _matches(db, "watercolor", "watercolour")
    assert await _matches(db, "watercolor", "watercolor")
    assert not await _matches(db, "watercolour", "watercolor")
    assert not await _matches(db, "watermelons", "watermelon")


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ("灯台", "水彩画の灯台 LoRA"),
        ("水彩 灯台", "水彩画の灯台 LoRA"),
        ("등대", "수채화등대를 그리는"),
        ("ประภาคาร", "ภาพวาดประภาคารสีน้ำ"),
        ("маяк", "Акварельный МАЯК"),
        ("φάρος", "Ένας ΦΆΡΟς"),
        ("étoile", "une Étoile"),
    ],
)
async def test_every_script_is_searched(db: asyncpg.Pool, search: str, text: str) -> None:
    assert await _matches(db, search, text)


async def test_letters_without_spaces_are_found_in_their_order_only(db: asyncpg.Pool) -> None:
    assert not await _matches(db, "台灯", "水彩画の灯台 LoRA")


async def test_the_keys_of_a_word_are_those_of_the_index(db: asyncpg.Pool) -> None:
    dice = random.Random(1)
    words = ["".join(dice.choices("abcdeéя", k=dice.randint(1, 32))) for _ in range(300)]

    indexed = await db.fetch(
        "SELECT search_keys(word) AS keys FROM unnest($1::text[]) WITH ORDINALITY AS w(word, n) ORDER BY n", words
    )

    assert [set(row["keys"]) for row in indexed] == [searching.keys(word) for word in words]


async def test_a_search_takes_two_statements_at_most_and_none_where_nothing_can_be_misspelt(db: asyncpg.Pool) -> None:
    many = " ".join(f"word{'abcdefghijklmnopqrstuvwxyz'[n]}" for n in range(20))
    await _learnt(db, HARBOUR)
    await searching.understood("warm")

    with counted(db) as far:
        await searching.understood(many)
    with counted(db) as near:
        await searching.understood("harbor watercolor")
    with counted(db) as nothing:
        await searching.understood('"a phrase" -boat 2024 cat')

    assert (len(far), len(near), len(nothing)) == (2, 1, 0)


async def test_only_words_are_learnt_and_usual_ones_are_counted_roughly(db: asyncpg.Pool) -> None:
    await _learnt(db, "a be sea sd15 2024 x@example.org see-saw 灯台 " + "e" * 40)
    await _learnt(db, "sea", *["usual"] * 500)

    uses = {row["word"]: row["uses"] for row in await db.fetch("SELECT word, uses FROM search_word")}

    assert 6 <= uses.pop("usual") <= 16  # 11 is what 500 texts come to on the average
    assert uses == {"saw": 1, "sea": 2, "see": 1}


async def test_of_a_long_text_the_first_words_are_learnt(db: asyncpg.Pool) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [f"zz{letters[n // 26]}{letters[n % 26]}" for n in range(26 * 26)]

    await _learnt(db, " ".join([*words, "aaaa"]))

    learnt = {row["word"] for row in await db.fetch("SELECT word FROM search_word")}
    assert learnt == set(words[:400])


async def test_texts_with_the_same_new_words_are_learnt_at_once(db: asyncpg.Pool) -> None:
    letters = "abcdefghijklmnop"
    words = [f"new{one}{other}" for one in letters for other in letters]

    async def learn(n: int) -> None:
        text = " ".join(words if n % 2 else reversed(words))
        async with work() as w:
            await w.execute("SELECT search_learn(to_tsvector('simple', $1))", text)

    await asyncio.gather(*(learn(n) for n in range(20)))

    assert await db.fetchval("SELECT count(*) FROM search_word WHERE uses >= 3") == len(words)
