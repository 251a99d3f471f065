"""An operator has the logs of all cases proved, on the command line."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain import moderation
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import NotAllowed
from tests.actions.bounties import some_moderator
from tests.actions.cases import case_of_entry, claimed
from tests.workers.test_operator import countenance, environment

__all__ = ["environment"]  # a fixture


async def test_a_changed_log_is_named_and_whole_ones_are_counted(
    environment: Mapping[str, str], ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    of = await case_of_entry(replace(ports, policy=Policy(signup_grant=0)), tmp_path)
    await claimed(ports, of.case.id)

    whole = await countenance(environment, "cases", "verify")
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # as somebody with the database's keys
        await connection.execute("UPDATE case_event SET detail = 'for ever' WHERE kind = 'CLAIMED'")
    changed = await countenance(environment, "cases", "verify")

    assert whole[:2] == (0, "1 log was proved; nothing was changed.")
    assert changed == (
        1,
        f"case_{of.case.id.hex}: its log is not what was written, from event 2 on",
        "countenance: 1 log was proved; 1 of them changed.",
    )


async def test_nobody_but_the_operator_has_all_logs_proved(ports: Ports) -> None:
    with pytest.raises(NotAllowed):
        await moderation.verify_all(await some_moderator(ports))
