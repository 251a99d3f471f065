"""Random histories of bounties against the real database: after every step no credit is lost or made, no pot is paid
out twice, and an outcome opens for nobody but the initiator who bought it. `make chaos` lives through 10,000."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from domain.kernel.clock import HandClock
from domain.kernel.ports import Policy, Ports
from domain.kernel.work import pool
from tests.actions.bounty_life import BountyLife, World

CHUNK = 60
"""How many histories follow each other in one database."""
STEPS = 20
EVERY = {"OPEN", "CHANGE", "PLEDGE", "SUBMIT", "CLOSE", "AWARD", "SPLIT", "CANCEL", "REFUND", "HOLD"}
"""The steps that the first chunk takes; without them it would prove little."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each chunk of the histories that are asked for."""
    if "chunk" in metafunc.fixturenames:
        asked = int(metafunc.config.getoption("--histories"))
        metafunc.parametrize("chunk", range(-(-asked // CHUNK)))


@pytest.mark.usefixtures("db")
@pytest.mark.timeout(600)
async def test_every_promise_is_kept_in_every_history(
    ports: Ports, clock: HandClock, tmp_path: Path, histories: int, chunk: int
) -> None:
    quiet = replace(ports, policy=replace(Policy(), signup_grant=0))
    living = World(asyncio.get_running_loop(), quiet, clock, tmp_path)
    await living.settle()
    some = min(CHUNK, histories - chunk * CHUNK)
    few = settings(
        max_examples=some,
        stateful_step_count=STEPS,
        deadline=timedelta(seconds=60),
        database=None,
        phases=[Phase.generate],  # to look for the shortest failing history would take minutes
        suppress_health_check=list(HealthCheck),
    )
    life = seed(chunk)(type("Life", (BountyLife,), {"world": living}))

    await asyncio.to_thread(run_state_machine_as_test, life, settings=few)

    assert living.histories >= some
    if chunk == 0:  # by its seed it is always the same, and long enough
        rows = await pool().fetch("SELECT DISTINCT step FROM bounty_step")
        assert {row["step"] for row in rows} >= EVERY
