"""An operator's deeds on the command line, each a process of its own against the tests' database."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from domain import accounts, likeness, resources
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Ports
from domain.kernel.scope import Role, Scope
from schema.node import global_id


@pytest.fixture
def environment(db: asyncpg.Pool, database_url: str, redis_url: str, tmp_path: Path) -> Mapping[str, str]:
    """What leads the command line to the tests' services."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RAY_ADDRESS": "127.0.0.1:1",
        "BLOB_URL": f"file://{tmp_path}/blobs",
        "SIGNING_KEY": "a signing key for tests, 32 chars",
        "COUNTENANCE_HOME": str(tmp_path / "home"),
    }


async def countenance(environment: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run a command; give its exit code, what it printed, and its last line on standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "countenance.cli", *arguments, env=environment, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    last = err.decode().strip().splitlines()[-1:] or [""]
    return process.returncode or 0, out.decode().strip(), last[0]


async def test_an_account_of_any_role_is_made_and_its_token_printed(
    environment: Mapping[str, str], ports: Ports
) -> None:
    made = ("accounts", "create", "--handle", "justice", "--email", "justice@example.org", "--role", "moderator")

    code, token, _ = await countenance(environment, *made)
    again, _, sentence = await countenance(environment, *made)

    actor = await accounts.authenticate(ports, token)
    assert code == 0
    assert actor is not None
    assert (actor.handle, actor.role) == ("justice", Role.MODERATOR)
    assert again == 1
    assert sentence.startswith("countenance: ")


async def test_a_role_that_is_none_is_one_sentence(environment: Mapping[str, str]) -> None:
    made = ("accounts", "create", "--handle", "king", "--email", "king@example.org", "--role", "king")

    code, out, sentence = await countenance(environment, *made)

    assert (code, out) == (1, "")
    assert sentence == ("countenance: There is no role 'king': choose MEMBER, TRUSTED_FLAGGER, MODERATOR, ADMIN.")


async def test_persons_are_registered_listed_and_withdrawn(environment: Mapping[str, str], system: Scope) -> None:
    name = "Test Person Betelgeuse"

    _, person, _ = await countenance(environment, "registry", "add", name, "--alias", "T. P. Betelgeuse")
    _, listed, _ = await countenance(environment, "registry", "list")
    withdrawn, _, _ = await countenance(environment, "registry", "withdraw", person)
    wrong, _, sentence = await countenance(environment, "registry", "withdraw", "somebody")

    assert listed.split(maxsplit=2) == [person, "DENY_ALL", f"{name}, T. P. Betelgeuse"]
    assert withdrawn == 0
    assert await likeness.list_persons(system) == []
    assert (wrong, sentence) == (1, "countenance: This is not a person's id: `countenance registry list` shows them.")


async def test_what_the_operator_has_registered_is_changed_and_a_file_is_blocked(
    environment: Mapping[str, str], system: Scope
) -> None:
    _, person, _ = await countenance(environment, "registry", "add", "Test Person Betelgeuse")
    changes = ("--alias", "T. P. Betelgeuse", "--consent", "safe-for-work-only")

    changed, _, _ = await countenance(environment, "registry", "change", person, *changes)
    blocked, _, _ = await countenance(environment, "registry", "block", person, "AB" * 32)
    again, _, sentence = await countenance(environment, "registry", "block", person, "ab" * 32)

    snapshot = await likeness.load_snapshot()
    assert (changed, blocked, again) == (0, 0, 1)
    assert [(one.name, one.aliases, one.consent) for one in snapshot.persons] == [
        ("Test Person Betelgeuse", ("T. P. Betelgeuse",), "SAFE_FOR_WORK_ONLY")
    ]
    assert snapshot.blocked_sha256 == (("ab" * 32, UUID(person)),)
    assert sentence == "countenance: This file is blocked already."


async def test_a_checkpoint_is_published_in_place_once(
    environment: Mapping[str, str], system: Scope, tmp_path: Path
) -> None:
    folder = tmp_path / "my-checkpoint"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")

    _, first, _ = await countenance(environment, "resources", "add-checkpoint", str(folder), "--title", "Mine")
    _, second, _ = await countenance(environment, "resources", "add-checkpoint", str(folder), "--title", "Mine, again")
    (folder / "model_index.json").rename(folder / "other.json")
    code, _, sentence = await countenance(environment, "resources", "add-checkpoint", str(folder))

    assert first == second
    [found] = await published(system, first)
    assert (found.title, found.status, found.in_place) == ("Mine, again", "PUBLISHED", True)
    assert code == 1
    assert "is no checkpoint" in sentence


async def published(system: Scope, printed: str) -> list[resources.Resource]:
    """Read the resource whose id was printed."""
    listed = await resources.list_resources(system, resources.ResourceFilter(), PageAsk(10))
    return [each for each in listed.items if global_id("resource", each.id) == printed]
