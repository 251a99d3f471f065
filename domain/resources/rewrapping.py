"""A new master key: every data key is wrapped by it, in batches; files stay as they lie."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.vault import Damaged, KeyMissing, Vault, VaultKey
from domain.kernel.work import work
from domain.resources.vault import the_vault

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What came of it: keys that were wrapped anew, keys that no master key here opens, and why."""

    rewrapped: int
    unopened: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """How many keys each master key wraps, and the keys that no master key here opens, and why."""

    by_master: Mapping[int, int]
    unopened: Mapping[UUID, str]


async def rewrap_keys(scope: Scope) -> Rewrapped:
    """Wrap every data key by the present master key. Raises Conflict where there is no vault.

    Each batch is a work of its own, so it can be cut and begun again, and several may run. A key that can't be opened
    is left as it is, and holds up none of the others.
    """
    vault, done, unopened = the_vault(scope.ports), 0, dict[UUID, str]()
    async for keys in _keys(not_master=vault.master):
        fresh, failed = await asyncio.to_thread(_rewrapped, vault, keys)
        unopened |= failed
        async with work(scope.now) as w:
            rows = await w.fetch(
                """
                UPDATE vault_key SET master = new.master, wrapped = new.wrapped
                FROM unnest($1::uuid[], $2::int[], $3::bytea[]) AS new(id, master, wrapped)
                WHERE vault_key.id = new.id AND vault_key.destroyed_at IS NULL AND vault_key.master <> new.master
                RETURNING vault_key.id
                """,
                [key.id for key in fresh],
                [key.master for key in fresh],
                [key.wrapped for key in fresh],
            )
        done += len(rows)
    return Rewrapped(done, unopened)


async def check_keys(scope: Scope) -> Checked:
    """Try to open every data key, and change nothing. Raises Conflict where there is no vault."""
    vault, by_master, unopened = the_vault(scope.ports), Counter[int](), dict[UUID, str]()
    async for keys in _keys():
        by_master.update(key.master for key in keys)
        unopened |= (await asyncio.to_thread(_rewrapped, vault, keys))[1]
    return Checked(by_master, unopened)


def _rewrapped(vault: Vault, keys: Sequence[VaultKey]) -> tuple[list[VaultKey], dict[UUID, str]]:
    """Wrap keys by the present master key; give those that could be opened, and why the others could not."""
    fresh, unopened = [], {}
    for key in keys:
        try:
            fresh.append(vault.rewrap(key))
        except (KeyMissing, Damaged) as fault:
            unopened[key.id] = str(fault)
    return fresh, unopened


async def _keys(*, not_master: int = 0) -> AsyncIterator[list[VaultKey]]:
    """Read the keys that were not destroyed, in bounded pieces."""
    last = UUID(int=0)
    while rows := await fetch(
        "SELECT id, holder_id, master, wrapped FROM vault_key"
        " WHERE destroyed_at IS NULL AND id > $1 AND master <> $2 ORDER BY id LIMIT $3",
        last,
        not_master,
        _AT_ONCE,
    ):
        last = rows[-1]["id"]
        yield [VaultKey(row["id"], row["holder_id"], row["master"], row["wrapped"]) for row in rows]
