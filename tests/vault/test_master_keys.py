"""Master keys: read from settings without a trace, and each data key opens for its holder alone."""

from dataclasses import replace
from uuid import UUID

import pytest

from countenance.vault.master_keys import MasterKeys
from domain.kernel.vault import Damaged, KeyMissing, VaultKey

_ONE = f"1:{'11' * 32}"
_TWO = f"2:{'22' * 32}"
_KEY, _ENTRY, _OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def _made(keys: MasterKeys) -> VaultKey:
    master, wrapped = keys.make(_KEY.bytes, _ENTRY.bytes)
    return VaultKey(_KEY, _ENTRY, master, wrapped)


def test_the_first_is_the_present_one() -> None:
    assert MasterKeys.read(f"{_TWO}, {_ONE}").current == 2
    assert MasterKeys.read(_ONE).current == 1


@pytest.mark.parametrize(
    "text", ["", "opensesame", _ONE[:-1], f"{_ONE},", f"{_ONE},{_ONE}", f"0:{'11' * 32}", f"-1:{'11' * 32}"]
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits") as refused:
        MasterKeys.read(text)

    assert "11111" not in str(refused.value)
    assert "opensesame" not in str(refused.value)


def test_a_data_key_opens_under_its_master_key_for_its_row_and_holder() -> None:
    keys = MasterKeys.read(_ONE)
    key = _made(keys)

    assert len(keys.unwrap(key)) == 32
    assert keys.unwrap(_made(keys)) != keys.unwrap(key)
    for moved in (
        replace(key, id=_OTHER),
        replace(key, holder_id=_OTHER),
        replace(key, wrapped=key.wrapped[:-1] + bytes([key.wrapped[-1] ^ 1])),
        replace(key, wrapped=b""),
    ):
        with pytest.raises(Damaged):
            keys.unwrap(moved)
    with pytest.raises(Damaged):
        MasterKeys.read(f"1:{'33' * 32}").unwrap(key)


def test_rewrapping_keeps_the_data_key_and_needs_the_old_master_key_once_more() -> None:
    old, both, new = MasterKeys.read(_ONE), MasterKeys.read(f"{_TWO},{_ONE}"), MasterKeys.read(_TWO)
    key = _made(old)

    master, wrapped = both.rewrap(key)

    moved = VaultKey(_KEY, _ENTRY, master, wrapped)
    assert master == 2
    assert new.unwrap(moved) == old.unwrap(key)
    with pytest.raises(KeyMissing, match="master key 1, which VAULT_KEYS lacks"):
        new.rewrap(key)


def test_nothing_that_is_printed_holds_a_key() -> None:
    key = _made(MasterKeys.read(_ONE))

    assert key.wrapped.hex() not in repr(key)
    assert repr(key.wrapped)[2:-1] not in repr(key)
