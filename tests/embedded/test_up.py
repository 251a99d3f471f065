"""`countenance up` as a person sees it: one line when it serves, one sentence when it can't, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from countenance.embedded.home import Home, Secrets
from countenance.embedded.ports import free_ports
from tests.embedded.conftest import await_gone, descendants

_UP = (sys.executable, "-m", "countenance.cli", "up", "--no-demo-data")


def _refused(*arguments: str, **environment: str) -> str:
    """Run `up` where it can't, and give the sentence."""
    done = subprocess.run(
        [*_UP, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line.startswith("countenance: ")]
    assert len(said) == 1
    assert "Traceback" not in done.stderr
    return said[0].removeprefix("countenance: ")


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    return free_ports(1)[0]


def test_a_port_that_is_taken_is_said_before_anything_starts(folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        said = _refused("--home", str(folder / "home"), "--port", str(port))

    assert said == (
        f"Port {port} on 127.0.0.1 can't be used (address already in use); "
        "stop the program that holds it, or choose another with --port."
    )
    assert not (folder / "home").exists()


def test_a_full_disk_is_said_before_anything_starts(folder: Path, port: int) -> None:
    said = _refused("--home", str(folder / "home"), "--port", str(port), "--min-free-mib", str(2**40))

    assert said.startswith("Only ")
    assert said.endswith("make room, or choose another --home.")
    assert not (folder / "home" / "postgres").exists()


def test_a_home_in_use_is_said(folder: Path, port: int) -> None:
    home = Home.open(folder / "home")

    said = _refused("--home", str(folder / "home"), "--port", str(port))

    home.close()
    assert said == (
        f"Another Countenance already runs in {folder / 'home'} (process {os.getpid()}); "
        "stop it, or choose another --home and --port."
    )
    assert not (folder / "home" / "postgres").exists()


def test_a_wrong_setting_is_said_before_anything_starts(folder: Path, port: int) -> None:
    said = _refused("--home", str(folder / "home"), "--port", str(port), COUNTENANCE_ARTISTS="many")

    assert said.startswith("These settings are missing or wrong: COUNTENANCE_ARTISTS: ")
    assert not (folder / "home" / "postgres" / "data").exists()


def test_a_broken_data_folder_is_said_and_what_had_started_is_stopped(folder: Path, port: int) -> None:
    home = folder / "home"
    (home / "postgres" / "data").mkdir(parents=True)
    (home / "postgres" / "data" / "diary.txt").write_text("mine")
    (home / "secrets.json").write_text(json.dumps(asdict(Secrets.fresh())))

    said = _refused("--home", str(home), "--port", str(port))

    assert said.startswith(f"{home / 'postgres' / 'data'} is not empty and not a Postgres data folder")
    assert _mentioning(str(home)) == []


def _mentioning(text: str) -> list[str]:
    """The command lines of every process that has to do with a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if text in line:
            found.append(line)
    return found


class _Instance:
    """A running `up` in a home of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.log = home.with_suffix(".log").open("wb")
        self.process = subprocess.Popen(
            [*_UP, "--home", str(home), "--port", str(port)], stdout=subprocess.PIPE, stderr=self.log
        )

    def first_line(self) -> str:
        """Wait for the first line on standard output."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line, self.home.with_suffix(".log").read_text()
        return line

    def is_ready(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready?all", timeout=5) as answer:
            return bool(answer.status == 200)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=30)
        self.log.close()


@pytest.fixture
def instances(folder: Path) -> Iterator[tuple[_Instance, _Instance]]:
    """Two instances that start at the same time."""
    first, second = (_Instance(folder / name, port) for name, port in zip("ab", free_ports(2), strict=True))
    yield first, second
    first.close()
    second.close()


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.timeout(400)  # two of everything start at once, on two cores
def test_two_instances_run_side_by_side_and_leave_nothing(instances: tuple[_Instance, _Instance]) -> None:
    first, second = instances
    lines = (first.first_line(), second.first_line())
    below_first, below_second = descendants(first.process.pid), descendants(second.process.pid)
    assert len(below_first) > 10

    began = time.monotonic()
    first.process.send_signal(signal.SIGTERM)
    rest, _ = first.process.communicate(timeout=30)
    took = time.monotonic() - began
    left = await_gone(below_first, seconds=0.5)
    other_lives = second.is_ready()
    second.process.send_signal(signal.SIGKILL)
    second.process.wait(5)

    assert lines == (f"ready http://127.0.0.1:{first.port}\n", f"ready http://127.0.0.1:{second.port}\n")
    assert rest == b""
    assert (first.process.returncode, left) == (0, [])
    assert took < 10
    assert other_lives
    assert await_gone(below_second, seconds=10) == []
    assert _mentioning(str(first.home)) == []
    assert _mentioning(str(second.home)) == []
