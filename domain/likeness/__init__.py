"""The likeness registry: who is protected, under which names, and what they allow, at a version that only grows."""

from domain.likeness.actions import block_file, change, register, withdraw
from domain.likeness.facts import RegistryChanged
from domain.likeness.reads import list_persons, load_snapshot, persons_by_ids, registry_version
from domain.likeness.values import Registered

__all__ = [
    "Registered",
    "RegistryChanged",
    "block_file",
    "change",
    "list_persons",
    "load_snapshot",
    "persons_by_ids",
    "register",
    "registry_version",
    "withdraw",
]
