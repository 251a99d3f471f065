"""What an operator does with the vault's keys: wrap all by a new master key, and see which master keys are in use."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from countenance.operator import opened
from countenance.settings import Settings
from domain import resources


@dataclass(frozen=True, slots=True)
class Report:
    """What a command prints, and the keys that no master key of the settings opens, a line each."""

    summary: str
    unopened: tuple[str, ...]


async def rotate(settings: Settings) -> Report:
    """Wrap every data key by the first of VAULT_KEYS. Raises Conflict where there is none."""
    async with opened(settings) as scope:
        result = await resources.rewrap_keys(scope)
        checked = await resources.check_keys(scope)
    return Report(f"{result.rewrapped} wrapped anew; {_in_use(checked.by_master)}.", _lines(result.unopened))


async def check(settings: Settings) -> Report:
    """Try to open every data key. Raises Conflict where there is no vault."""
    async with opened(settings) as scope:
        checked = await resources.check_keys(scope)
    return Report(f"{_in_use(checked.by_master)}.", _lines(checked.unopened))


def _in_use(by_master: Mapping[int, int]) -> str:
    return ", ".join(f"{count} under master key {master}" for master, count in sorted(by_master.items())) or "no keys"


def _lines(unopened: Mapping[UUID, str]) -> tuple[str, ...]:
    return tuple(f"{key_id}  {why}" for key_id, why in unopened.items())
