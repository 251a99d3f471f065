"""The worker's own address: that it lives, and the counters of its relay, which no API process has."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from countenance import workers
from countenance.composition import compose
from countenance.embedded.ports import free_port
from countenance.workers.figures import tell_for_ever
from domain.kernel.ports import Ports
from tests import serving
from tests.realtime import world
from tests.stopping import stopped


@contextlib.asynccontextmanager
async def telling(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A worker's part that tells, and a client of it."""
    running = asyncio.create_task(tell_for_ever("127.0.0.1", port))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            yield http
    finally:
        await stopped(running)


async def answered(http: httpx.AsyncClient, path: str) -> str:
    """Ask until the address answers."""
    async with asyncio.timeout(5):
        while True:
            try:
                return (await http.get(path)).text
            except httpx.ConnectError:
                await asyncio.sleep(0.02)


def relayed(figures: str) -> float:
    """Read how many facts this process numbered."""
    found = re.search(r"^countenance_facts_relayed_total (\S+)$", figures, re.MULTILINE)
    assert found, figures
    return float(found[1])


async def test_what_was_relayed_is_counted_where_the_worker_is_asked(
    ports: Ports, database_url: str, redis_url: str
) -> None:
    bounty = await world.open_bounty(ports)
    async with telling(free_port()) as http:
        before = relayed(await answered(http, "/metrics"))
        async with serving.relaying(ports, database_url, redis_url):
            await world.tell(bounty, 3)
            last_no = await world.relayed()
        after = await answered(http, "/metrics")

    assert relayed(after) - before == last_no >= 3
    assert "countenance_facts_unrelayed 0.0" in after
    assert "countenance_http_requests_total" not in after


@pytest.mark.usefixtures("db")
async def test_a_worker_that_answers_lives_and_ends_when_it_is_told() -> None:
    port = free_port()

    async with telling(port) as http:
        said = await answered(http, "/health")

    assert said == "ok"
    with socket.create_server(("127.0.0.1", port)) as again:
        assert again.getsockname()[1] == port


async def test_a_port_that_is_taken_is_said_and_ends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder, capture_logs() as logs:
        running = asyncio.create_task(tell_for_ever(*holder.getsockname()))
        await asyncio.sleep(0.05)
        ended = running.done()
        await stopped(running)

    assert not ended
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        (
            "warning",
            "the worker can't give its figures here; COUNTENANCE_WORK_PORT chooses another port, empty for none",
        )
    ]


async def test_an_empty_setting_switches_it_off(database_url: str, redis_url: str, tmp_path: Path) -> None:
    names = []
    for port in ("9001", ""):
        composed = compose(serving.settings(database_url, redis_url, tmp_path, work_port=port))
        parts = workers.parts_of(composed, composed.ports, workers.ray_cluster(composed.settings))
        names.append("figures" in parts)
        await composed.limiter.close()
        await composed.redis.aclose()

    assert names == [True, False]
