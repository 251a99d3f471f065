"""The real clients of the protocols: graphql-http's audit, graphql-ws and graphql-sse, each from npm."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from countenance.relay import Relay
from domain.kernel.ids import BountyId
from tests import factories
from tests.npm import NODE, install
from tests.realtime import world
from tests.serving import Api

CLIENTS = Path(__file__).parents[1] / "clients" / "graphql"
QUERY = "subscription { bountyFeed { cursor kind bounty { title } } }"
EVENT = {"kind": "PLEDGED", "bounty": {"title": "A harbour at dawn"}}


@pytest.fixture(scope="session")
async def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm clients, installed from their lock file into a folder of the session's own."""
    return await install(CLIENTS, tmp_path_factory.mktemp("graphql-clients"))


@contextlib.asynccontextmanager
async def running(folder: Path, *arguments: str) -> AsyncIterator[AsyncIterator[Any]]:
    """Run a script with node, and give the lines that it prints, as JSON."""
    process = await asyncio.create_subprocess_exec(NODE, *arguments, cwd=folder, stdout=PIPE)
    try:
        yield lines(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def lines(process: Process) -> AsyncIterator[Any]:
    assert process.stdout is not None
    while line := await asyncio.wait_for(process.stdout.readline(), 30):
        yield orjson.loads(line)


async def test_graphql_over_http_passes_every_audit(url: str, npm: Path) -> None:
    async with running(npm, "audit.mjs", f"{url}/graphql") as said:
        results = [line async for line in said]

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ("ws.mjs", ["Cannot query field 'nothing' on type 'Query'."]),
        ("sse.mjs", 400),
    ],
)
@pytest.mark.usefixtures("relay")
async def test_a_real_client_asks_is_refused_and_follows(
    url: str, npm: Path, bounty: BountyId, script: str, refused: Any
) -> None:
    await world.relayed()
    someone = await factories.signed_in("aldebaran")
    address = f"{url.replace('http', script[:2], 1) if script == 'ws.mjs' else url}/graphql"
    async with running(npm, script, address, someone.token, QUERY, "3") as said:
        viewer, wrong = await anext(said), await anext(said)
        while "listening" not in (await anext(said)):
            pass
        await subscribed()

        await world.tell(bounty, 3)

        events = [(await anext(said))["event"]["bountyFeed"] for _ in range(3)]
        ended = await anext(said)

    assert viewer == {"viewer": {"handle": "aldebaran"}}
    assert wrong == {"errors": refused}
    assert [{"kind": event["kind"], "bounty": event["bounty"]} for event in events] == [EVENT] * 3
    assert [world.number(event) for event in events] == sorted({world.number(event) for event in events})
    assert ended == {"ended": True}


async def test_graphql_ws_sees_why_its_session_ended(url: str, npm: Path, relay: Relay, client: Api) -> None:
    someone = await factories.signed_in()
    address = f"{url.replace('http', 'ws', 1)}/graphql"
    async with running(npm, "ws.mjs", address, someone.token, QUERY, "3") as said:
        while "listening" not in (await anext(said)):
            pass
        await subscribed()

        await client.data("mutation { signOut { __typename } }", token=someone.token)

        rest = [line async for line in said]

    assert {"closed": 4403, "reason": "Session ended"} in rest
    assert rest[-1] == {"failed": 4403}


async def subscribed() -> None:
    """Wait until somebody runs a subscription; a client of a library can't tell by itself that it has begun."""
    from countenance import metrics

    async with asyncio.timeout(5):
        while metrics.ROOMS._value.get() < 1:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
