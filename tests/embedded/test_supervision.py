"""Supervision: what dies is started again, until it is hopeless."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from countenance.embedded.child import Child
from countenance.failures import CannotStart
from countenance.supervision import Supervised


@pytest.fixture
def mortal(folder: Path) -> tuple[Callable[[], Child], list[Child]]:
    """A way to start a child that ends at once, and every child started so far."""
    started: list[Child] = []

    def start() -> Child:
        command = [sys.executable, "-c", "print('no luck today'); raise SystemExit(3)"]
        started.append(Child.start("mortal", command, log=folder / "log"))
        return started[-1]

    return start, started


def _watch(supervised: Supervised, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until() and time.monotonic() < deadline:
        supervised.watch()
        time.sleep(0.005)
    assert until()


def test_the_fifth_quick_death_is_the_last(mortal: tuple[Callable[[], Child], list[Child]], folder: Path) -> None:
    start, started = mortal
    said: list[str] = []
    supervised = Supervised("mortal", start, say=said.append, first_pause=0.01)

    with pytest.raises(CannotStart) as hopeless:
        _watch(supervised, lambda: len(started) > 5)

    assert len(started) == 5
    assert said == [
        f"mortal ended (exit code 3) and is started again in {pause:.1f} s; see {folder / 'log'}"
        for pause in (0.01, 0.02, 0.04, 0.08)
    ]
    assert str(hopeless.value) == (
        "mortal ended 5 times soon after its start, the last time with exit code 3. "
        f"It said last: no luck today. See {folder / 'log'}."
    )
    for child in started:
        child.stop()


def test_deaths_after_a_long_life_do_not_add_up(mortal: tuple[Callable[[], Child], list[Child]]) -> None:
    start, started = mortal
    said: list[str] = []
    supervised = Supervised("mortal", start, say=said.append, quick_seconds=0.0, first_pause=0.01)

    _watch(supervised, lambda: len(started) == 7)

    assert len(said) == 6
    for child in started:
        child.stop()


def test_a_child_that_runs_already_is_taken_over(folder: Path) -> None:
    running = Child.start("sleeper", ["sleep", "300"], log=folder / "log")

    supervised = Supervised("sleeper", lambda: pytest.fail("started again"), say=pytest.fail, child=running)
    supervised.watch()

    assert supervised.child is running
    running.stop()
