"""How words are found again when they are misspelt, and how scripts without spaces are cut into words."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "keys of search words, and spaces between letters that are written without any"

STATEMENTS = (
    # Han, kana, hangul, Thai, Lao, Khmer and Burmese have no space between words: each letter becomes a word, and what
    # is searched for a phrase of them, so that every part of a text can be found.
    r"""
    CREATE FUNCTION search_spaced(body text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN
        regexp_replace(
            body,
            '([\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2E80-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\U00020000-\U0003FFFF])',
            ' \1 ',
            'g'
        )
    """,
    # Two words that differ by one slip (a letter left out, doubled, wrong, or two swapped) are equal when the right
    # letter is left out of each; by two slips, when two are. So what is near has a key in common, and is found by
    # equality. Seven letters are enough to tell words apart, and keep the keys few: 29 at most.
    """
    CREATE FUNCTION search_keys(word text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT COST 1000 RETURN
        ARRAY(
            WITH head AS (SELECT left(word, 7) AS key),
            once AS (
                SELECT left(key, n - 1) || substr(key, n + 1) AS key
                FROM head, generate_series(1, length(key)) AS n WHERE length(word) >= 4
            )
            SELECT key FROM head
            UNION SELECT key FROM once
            UNION SELECT left(key, n - 1) || substr(key, n + 1)
            FROM once, generate_series(1, length(key)) AS n WHERE length(word) >= 8
        )
    """,
    "CREATE INDEX search_word_keys ON search_word USING gin (search_keys(word)) WITH (fastupdate = off)",
    # Words that a misspelt one may be meant for: of a text's first 400, those of 3 to 32 letters. Uses are counted up to
    # three, and then by chance, each time half as often: on the average 3, 4, 5 … stand for 3, 5, 9 … texts (Morris,
    # Counting Large Numbers of Events in Small Registers, 1978). So the rows of usual words are hardly ever locked, and
    # those of others are in one order: nobody waits in a circle.
    r"""
    CREATE FUNCTION search_learn(words tsvector) RETURNS void LANGUAGE sql AS $$
        WITH found AS (
            SELECT lexeme AS word FROM unnest(words)
            WHERE lexeme ~ '^[[:alpha:]]{3,32}$' AND search_spaced(lexeme) = lexeme
            ORDER BY positions[1] LIMIT 400
        )
        INSERT INTO search_word (word, uses)
        SELECT word, 1 FROM found
        WHERE NOT EXISTS (
            SELECT FROM search_word known
            WHERE known.word = found.word AND known.uses >= 3 AND random() >= 2.0 ^ (2 - known.uses)
        )
        ORDER BY word
        ON CONFLICT (word) DO UPDATE SET uses = search_word.uses + 1
    $$
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kernel", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
