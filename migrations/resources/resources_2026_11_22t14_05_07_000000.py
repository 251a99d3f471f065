"""The words of a resource are found in every script, and when they are misspelt."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T14:05:07:000000"
VERSION = "1.38.0"
DESCRIPTION = "text search of resources in every script, and with misspellings"

STATEMENTS = (
    "ALTER TABLE resource DROP COLUMN words",
    "DROP FUNCTION resource_words(text, text, text[])",
    """
    CREATE FUNCTION resource_words(title text, description text, trigger_words text[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        setweight(to_tsvector('simple', search_spaced(title)), 'A')
        || setweight(to_tsvector('simple', search_spaced(array_to_string(trigger_words, ' '))), 'B')
        || setweight(to_tsvector('simple', search_spaced(description)), 'C')
    """,
    """
    ALTER TABLE resource ADD COLUMN words tsvector
        GENERATED ALWAYS AS (resource_words(title, description, trigger_words)) STORED
    """,
    "CREATE INDEX resource_words ON resource USING gin (words)",
    # What is public already; later resources are learnt from when they are published.
    "SELECT search_learn(words) FROM resource WHERE status = 'PUBLISHED' ORDER BY id",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
