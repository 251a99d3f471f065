"""The whole product as a person starts it: `countenance up`, then the demonstration, then the worst that can happen."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from countenance.demo import documents
from countenance.demo.client import Client
from countenance.demo.stage import Player, join, upload
from gpu_cluster.starter import STARTER_TITLE, build_demo_lora

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(240)]

_STOP_SECONDS = 10.0


class Machine:
    """One `countenance up` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home.parent / "up.log"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait for its one line."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "countenance.cli", "up", "--home", str(self.home), "--port", str(self.port)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == f"ready {self.url}\n", self.log.read_text()[-2000:]

    def command(self, *arguments: str) -> None:
        """Run an operator's command against it."""
        command = [sys.executable, "-m", "countenance.cli", *arguments]
        subprocess.run(command, env={**os.environ, "COUNTENANCE_HOME": str(self.home)}, check=True, capture_output=True)

    @property
    def family(self) -> list[psutil.Process]:
        """Everything that it started and that runs now."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> None:
        """Kill it without a warning, and wait until all that it started is gone with it."""
        assert self.process is not None
        family = self.family
        with self.process:
            self.process.kill()
        _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
        assert alive == []

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does, and make sure that nothing is left."""
        assert self.process is not None
        family, began = self.family, time.monotonic()
        with self.process:
            self.process.terminate()
            self.process.wait(_STOP_SECONDS)
        _, alive = psutil.wait_procs(family, timeout=max(0.1, _STOP_SECONDS - (time.monotonic() - began)))
        assert alive == []

    def kill_ray(self) -> None:
        """Kill every process of Ray, as when its machine goes away."""
        for process in self.family:
            if "/ray/" in _command(process) or _command(process).startswith("ray::"):
                process.kill()

    def validator(self) -> psutil.Process:
        """The process that scans."""
        [found] = [process for process in self.family if "ValidatorActor" in _command(process)]
        return found


def _command(process: psutil.Process) -> str:
    """The command line of a process; empty for one that has just ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A running instance with its demonstration world."""
    started = Machine(tmp_path_factory.mktemp("whole") / "home")
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def guest(machine: Machine) -> AsyncIterator[Client]:
    """Somebody at the API who is not signed in."""
    async with httpx.AsyncClient(timeout=30) as http:
        yield Client(machine.url, http)


async def test_the_demonstration_passes(machine: Machine, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "countenance.cli", "demo", "--url", machine.url, "--out", str(tmp_path),
        "--accounts", str(machine.home / "demo-accounts.json"), stdout=-1, stderr=-1,
    )  # fmt: skip

    out, err = await process.communicate()

    assert process.returncode == 0, err.decode()[-2000:]
    assert out.decode().count("✓") == 6
    assert len(await asyncio.to_thread(lambda: list(tmp_path.glob("*.png")))) == 1


async def test_a_demonstration_without_a_server_fails_with_one_sentence(machine: Machine, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "countenance.cli", "demo", "--url", "http://127.0.0.1:1", "--out", str(tmp_path),
        "--accounts", str(machine.home / "demo-accounts.json"), stdout=-1, stderr=-1,
    )  # fmt: skip

    _, err = await process.communicate()

    assert process.returncode == 1
    assert err.decode().strip().splitlines() == [
        "countenance: No server answers at http://127.0.0.1:1 (ConnectError); start one with `make up`."
    ]


async def test_a_picture_that_is_drawn_is_cancelled_within_a_step_or_so(guest: Client) -> None:
    maker = await join(guest, "maker")
    before = await maker.purse()
    job_id = await ask_for_a_picture_that_takes_long(maker)
    document = "mutation ($id: ID!) { generationCancel(jobId: $id) { __typename ... on UserError { message } } }"

    async with maker.client.follow(documents.JOB_LIVE, id=job_id) as live:
        await maker.client.deed(document, id=job_id)
        events = await live.until(lambda event: event["job"]["status"] not in ("VALIDATING", "RUNNING"), seconds=10)

    assert (events[-1]["job"]["status"], events[-1]["job"]["charged"]) == ("CANCELLED", 0)
    assert await maker.purse() == before


async def test_a_person_who_is_registered_now_stops_the_picture_that_is_drawn_now(
    machine: Machine, guest: Client
) -> None:
    name = "Test Person Canopus"
    maker = await join(guest, "maker")
    before = await maker.purse()
    job_id = await ask_for_a_picture_that_takes_long(maker, prompt=f"portrait of {name}", steps=150)

    async with maker.client.follow(documents.JOB_LIVE, id=job_id) as live:
        await asyncio.to_thread(machine.command, "registry", "add", name)
        events = await live.until(lambda event: event["job"]["status"] not in ("VALIDATING", "RUNNING"), seconds=10)

    assert (events[-1]["job"]["status"], events[-1]["job"]["charged"]) == ("REFUSED", 0)
    assert await maker.purse() == before


async def test_a_killed_server_finishes_its_scan_and_its_picture_when_it_is_back(
    machine: Machine, guest: Client, tmp_path: Path
) -> None:
    maker = await join(guest, "maker")
    before = (await maker.purse())["available"]
    resource_id = await submit_a_scan_that_does_not_end(machine, maker, tmp_path)
    job_id = await ask_for_a_picture_that_takes_long(maker)

    machine.kill()
    machine.start()
    job = await finished_job(maker, job_id)
    resource = await settled_resource(maker, resource_id)

    assert (job["status"], len(job["images"]), job["error"]) == ("SUCCEEDED", 1, None)
    assert resource["status"] == "PUBLISHED"
    assert resource["files"][0]["scan"]["verdict"] == "CLEAN"
    assert before - (await maker.purse())["available"] == job["charged"] > 0
    assert (await maker.purse())["escrowed"] == 0
    await maker.client.download(job["images"][0]["url"], sha256=job["images"][0]["sha256"])


async def test_a_killed_ray_costs_a_picture_nothing_but_time(machine: Machine, guest: Client) -> None:
    maker = await join(guest, "maker")
    before = (await maker.purse())["available"]
    job_id = await ask_for_a_picture_that_takes_long(maker)

    machine.kill_ray()
    job = await finished_job(maker, job_id)

    assert (job["status"], len(job["images"]), job["error"]) == ("SUCCEEDED", 1, None)
    assert before - (await maker.purse())["available"] == job["charged"] > 0


async def submit_a_scan_that_does_not_end(machine: Machine, maker: Player, folder: Path) -> str:
    """Freeze the validator, submit a LoRA, and wait until its scan is at work; give the resource's id."""
    file = folder / "plain.safetensors"
    await asyncio.to_thread(build_demo_lora, file, seed=21, metadata={"ss_output_name": "plain"})
    drafted = await maker.client.deed(documents.DRAFT, input={"kind": "LORA", "title": "Plain"})
    resource_id: str = drafted["resource"]["id"]
    await upload(maker, file, resourceId=resource_id)
    machine.validator().suspend()
    await maker.client.deed(documents.SUBMIT, id=resource_id)
    document = "query ($id: ID!) { resource(id: $id) { status files { scan { verdict startedAt } } } }"
    for _ in range(600):
        found = (await maker.client.ask(document, id=resource_id))["resource"]
        if found["files"][0]["scan"]["startedAt"] is not None:
            assert found["files"][0]["scan"]["verdict"] == "PENDING"
            return resource_id
        await asyncio.sleep(0.05)
    raise AssertionError("the scan did not begin")


async def ask_for_a_picture_that_takes_long(maker: Player, *, prompt: str = "a lighthouse", steps: int = 50) -> str:
    """Request many steps and wait until some are done; give the job's id."""
    found = await maker.client.ask(documents.CHECKPOINTS, search=STARTER_TITLE.split()[0])
    wish = {
        "checkpointId": found["resources"]["edges"][0]["node"]["id"],
        "prompt": prompt,
        "width": 256,
        "height": 256,
        "steps": steps,
        "seed": 5,
    }
    async with maker.client.connected() as live:
        job = (await maker.client.deed(documents.REQUEST, input=wish))["job"]
        await live.subscribe(documents.JOB_LIVE, id=job["id"])
        events = await live.until(lambda event: (event["job"]["progress"] or {"step": 0})["step"] >= 3, seconds=90)
    assert events[-1]["job"]["status"] == "RUNNING"
    job_id: str = job["id"]
    return job_id


async def finished_job(maker: Player, job_id: str) -> Any:
    """Wait for a job's end."""
    document = """
    query ($id: ID!) { generationJob(id: $id) { status error charged images { url sha256 } finishedAt } }
    """
    for _ in range(1500):
        job = (await maker.client.ask(document, id=job_id))["generationJob"]
        if job["finishedAt"]:
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(job)


async def settled_resource(maker: Player, resource_id: str) -> Any:
    """Wait for a resource's verdict."""
    document = "query ($id: ID!) { resource(id: $id) { status files { scan { verdict } } } }"
    for _ in range(600):
        found = (await maker.client.ask(document, id=resource_id))["resource"]
        if found["status"] != "SCANNING":
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(found)
