"""`countenance vault …`: the keys in use, and a new master key; each command a process against the tests' database."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain.kernel.ports import Policy, Ports
from tests.actions.bounties import accepted, opened, somebody
from tests.fakes import VAULT_KEYS
from tests.workers.test_operator import countenance, environment

__all__ = ["environment"]

_TWO = f"2:{'22' * 32}"


@pytest.fixture
async def key_ids(ports: Ports, db: asyncpg.Pool, tmp_path: Path) -> list[str]:
    """The keys of two entries, under the tests' first master key."""
    ports = replace(ports, policy=Policy(signup_grant=0))
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    for _ in range(2):
        await accepted(author, bounty, tmp_path)
    return [str(row["id"]) for row in await db.fetch("SELECT id FROM vault_key ORDER BY id")]


async def test_a_new_master_key_takes_over(
    environment: Mapping[str, str],
    key_ids: list[str],
) -> None:
    both, new = {**environment, "VAULT_KEYS": f"{_TWO},{VAULT_KEYS}"}, {**environment, "VAULT_KEYS": _TWO}

    early, _, said = await countenance(new, "vault", "check")
    rotated = await countenance(both, "vault", "rotate")

    assert len(key_ids) == 2
    assert (early, said) == (1, "countenance: 2 keys can't be opened: put the master keys they name back.")
    assert rotated[:2] == (0, "2 wrapped anew; 2 under master key 2.")


async def test_a_key_that_does_not_open_is_named_and_the_others_are_done(
    environment: Mapping[str, str],
    key_ids: list[str],
    db: asyncpg.Pool,
) -> None:
    await db.execute("UPDATE vault_key SET wrapped = 'spoilt' WHERE id = $1::uuid", key_ids[0])

    code, out, said = await countenance({**environment, "VAULT_KEYS": f"{_TWO},{VAULT_KEYS}"}, "vault", "rotate")

    assert (code, out) == (1, "1 wrapped anew; 1 under master key 1, 1 under master key 2.")
    assert said == "countenance: 1 key can't be opened: put the master keys they name back."
