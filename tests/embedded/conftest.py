"""What the tests of embedded services share: a short folder of their own, and a way to count what is left running."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, so that unix sockets fit; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="cnt-") as place:
        yield Path(place)


def descendants(pid: int) -> list[psutil.Process]:
    """Every process below this one."""
    return psutil.Process(pid).children(recursive=True)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False  # it ended between the two questions


def await_gone(processes: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Wait until none of them runs; give those that still do when the time is over."""
    deadline = time.monotonic() + seconds
    left = processes
    while left and time.monotonic() < deadline:
        left = [one for one in left if _runs(one)]
        time.sleep(0.02)
    return left
