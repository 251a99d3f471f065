"""Defects: the caller gets an id, the log gets the rest, and development gets it all."""

import asyncio
from typing import Any

import pytest
import structlog

from countenance import graphql
from countenance.execution import Executor
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from resolvers import nodes
from schema.context import Context
from tests.serving import Api

QUERY = '{ nodes(ids: ["x"]) { id } __typename }'


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver with a defect."""

    async def load_nodes(*_: Any) -> Any:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(nodes, "load_nodes", load_nodes)


async def test_a_defect_is_masked_and_its_id_is_in_the_log(client: Api, broken: None) -> None:
    with structlog.testing.capture_logs() as logged:
        response = await client.post({"query": QUERY})

    [error] = response.json()["errors"]
    reference = error["extensions"]["id"]
    assert response.status_code == 200
    assert "hunter2" not in response.text
    assert error["message"] == f"Something went wrong on our side; if you report it, quote {reference}."
    assert error["extensions"] == {"code": "INTERNAL", "id": reference}
    assert error["path"] == ["nodes"]
    [line] = [line for line in logged if line.get("error_id") == reference]
    assert str(line["exc_info"]) == "the password is hunter2"


async def test_development_shows_it(ports: Ports, broken: None) -> None:
    executor = Executor(graphql.schema(), masks=False)

    answer = await run(executor, ports)

    assert answer.errors[0]["message"] == "RuntimeError: the password is hunter2"


async def test_an_operation_that_takes_too_long_is_stopped(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []

    async def load_nodes(*_: Any) -> Any:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    monkeypatch.setattr(nodes, "load_nodes", load_nodes)
    executor = Executor(graphql.schema(), masks=True, seconds=0.05)

    answer = await run(executor, ports)

    assert answer.data is None
    assert answer.errors[0]["message"].startswith("This took longer than 0.05 seconds and was stopped")
    assert stopped == [True]


async def run(executor: Executor, ports: Ports) -> Any:
    """Run the query."""
    operation = executor.documents.operation(QUERY, None)
    return await executor.run(operation, None, Context(Scope(ports), None))  # type: ignore[arg-type]
