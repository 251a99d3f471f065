"""The top level that must stand, and the face that every context must have."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTEXTS = ("accounts", "ledger", "reasons", "resources", "likeness", "bounties", "reports", "generation", "moderation")


@pytest.mark.parametrize(
    "place",
    ["schema", "resolvers", "domain", "gpu_cluster", "migrations", "tests", "pyproject.toml", "ray_cluster.yaml"],
)
def test_the_top_level_stands(place: str) -> None:
    assert (ROOT / place).exists()


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_context_has_its_tables_and_a_face(context: str) -> None:
    folder = ROOT / "domain" / context

    assert (folder / "tables.py").exists()
    assert (folder / "__init__.py").read_text().startswith('"""')


def test_no_migration_folder_holds_anything_but_migrations() -> None:
    strangers = [
        path
        for path in (ROOT / "migrations").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "__init__.py" and "_20" not in path.name
    ]

    assert strangers == []
