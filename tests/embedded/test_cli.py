"""The command line: light to load, and an operator's deeds in words."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

_CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in {"DATABASE_URL", "REDIS_URL", "RAY_ADDRESS", "BLOB_URL", "SIGNING_KEY"}
    and not name.startswith("COUNTENANCE_")
}


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "countenance.cli", *arguments],
        env={**_CLEAN, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def world(database_url: str, redis_url: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a running instance, as an operator's shell in production has it."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RAY_ADDRESS": "127.0.0.1:1",
        "BLOB_URL": (tmp_path / "blobs").as_uri(),
        "SIGNING_KEY": "k" * 32,
    }


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, countenance.cli; print(sorted({'ray', 'torch', 'piccolo', 'strawberry'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("closed", [True, False])
def test_intake_without_a_message_is_one_sentence(tmp_path: Path, closed: bool) -> None:
    shell = 'exec "$0" -m countenance.cli intake ' + ("<&-" if closed else "</dev/null")

    done = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable],
        env={**_CLEAN, "COUNTENANCE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("countenance: There is no message on standard input: `countenance intake < message.eml`.\n")


@pytest.mark.parametrize("command", ["serve", "work", "migrate"])
def test_a_command_without_its_settings_is_one_sentence(command: str, tmp_path: Path) -> None:
    done = _run(command, COUNTENANCE_HOME=str(tmp_path))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "countenance: These settings are missing or wrong: DATABASE_URL: Field required; REDIS_URL: Field required; "
        "RAY_ADDRESS: Field required; BLOB_URL: Field required; SIGNING_KEY: Field required. "
        "Set them in the environment, or use `countenance up`.\n"
    )


async def test_an_account_is_made_and_its_token_alone_is_printed(world: Mapping[str, str], db: asyncpg.Pool) -> None:
    done = _run(
        "accounts", "create", "--handle", "bellatrix", "--email", "b@example.org", "--role", "moderator", **world
    )

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 1
    assert await db.fetchval("SELECT role FROM account WHERE handle = 'bellatrix'") == "MODERATOR"
    assert await db.fetchval("SELECT count(*) FROM account") == 1


async def test_a_refusal_is_one_sentence_and_changes_nothing(world: Mapping[str, str], db: asyncpg.Pool) -> None:
    done = _run("accounts", "create", "--handle", "bellatrix", "--email", "b@example.org", "--role", "queen", **world)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "countenance: There is no role 'queen': choose MEMBER, TRUSTED_FLAGGER, MODERATOR, ADMIN."
    )
    assert await db.fetchval("SELECT count(*) FROM account") == 0


async def test_a_person_is_registered_listed_and_withdrawn(world: Mapping[str, str], db: asyncpg.Pool) -> None:
    added = _run("registry", "add", "Test Person Aldebaran", "--alias", "T. P. Aldebaran", **world)
    listed = _run("registry", "list", **world)
    withdrawn = _run("registry", "withdraw", added.stdout.strip(), **world)
    after = _run("registry", "list", **world)

    assert added.returncode == 0, added.stderr
    person = UUID(added.stdout.strip())
    assert listed.stdout.split(maxsplit=2) == [str(person), "DENY_ALL", "Test Person Aldebaran, T. P. Aldebaran\n"]
    assert (withdrawn.returncode, withdrawn.stdout) == (0, "")
    assert after.stdout == ""


async def test_an_operator_finds_the_instance_that_up_runs(
    world: Mapping[str, str], db: asyncpg.Pool, tmp_path: Path
) -> None:
    (tmp_path / "running.json").write_text(json.dumps(dict(world)))

    done = _run("registry", "list", COUNTENANCE_HOME=str(tmp_path))

    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_server_that_is_gone_is_one_sentence(world: Mapping[str, str]) -> None:
    gone = {**world, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}

    done = _run("registry", "list", **gone)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("countenance: A server that the environment names doesn't answer")
    assert "Traceback" not in done.stderr


def test_a_server_that_refuses_us_is_one_sentence(world: Mapping[str, str]) -> None:
    stranger = {**world, "DATABASE_URL": re.sub(r":\w+@", ":guess@", world["DATABASE_URL"])}

    done = _run("registry", "add", "Test Person Aldebaran", **stranger)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("countenance: A server that the environment names refuses")
    assert "Traceback" not in done.stderr


def test_migrating_a_migrated_database_changes_nothing(world: Mapping[str, str]) -> None:
    done = _run("migrate", **world)

    assert (done.returncode, done.stdout) == (0, ""), done.stderr
