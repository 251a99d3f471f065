"""A child and its keeper: nothing outlives its starter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from countenance.embedded.child import Child
from tests.embedded.conftest import await_gone, descendants

_SLEEPER = "import time; print('up', flush=True); time.sleep(300)"

# Starts a sleeper in a session of its own and leaves it without a parent, as a daemon would.
_DAEMON_MAKER = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)
os.wait()
print('up', flush=True)
time.sleep(300)
"""

_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(300)
"""


def _start(code: str, folder: Path, *, grace: float = 5.0) -> Child:
    child = Child.start("sample", [sys.executable, "-c", code], log=folder / "log", grace=grace)
    assert child.wait_until(lambda: child.tail() == "up", seconds=10)
    return child


def test_a_childs_exit_code_and_words_are_known(folder: Path) -> None:
    child = Child.start("sample", [sys.executable, "-c", "print('so long'); raise SystemExit(7)"], log=folder / "log")

    served = child.wait_until(lambda: False, seconds=10)

    assert not served
    assert child.exit_code == 7
    assert child.tail() == "so long"
    assert child.stop() == 7


def test_a_program_that_is_not_there_is_said(folder: Path) -> None:
    child = Child.start("sample", ["/no/such/program"], log=folder / "log")

    child.wait_until(lambda: False, seconds=10)

    assert child.stop() == 127
    assert child.tail() == "cannot run /no/such/program: No such file or directory"


def test_stop_ends_also_what_lost_its_parent(folder: Path) -> None:
    child = _start(_DAEMON_MAKER, folder)
    below = descendants(child.pid)
    assert len(below) == 2

    child.stop()

    assert await_gone(below, seconds=0.5) == []


def test_a_child_that_does_not_listen_is_killed_after_its_grace(folder: Path) -> None:
    child = _start(_STUBBORN, folder, grace=0.3)
    below = descendants(child.pid)
    began = time.monotonic()

    code = child.stop()

    assert code == 128 + signal.SIGKILL
    assert 0.3 <= time.monotonic() - began < 2.0
    assert await_gone(below, seconds=0.5) == []


def test_what_a_child_leaves_behind_at_its_own_end_is_swept(folder: Path) -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '300'], start_new_session=True); print('up', flush=True)"

    child = Child.start("sample", [sys.executable, "-c", code], log=folder / "log")
    child.wait_until(lambda: False, seconds=10)

    assert child.exit_code == 0
    assert [one for one in psutil.process_iter() if one.ppid() == child.pid] == []
    child.stop()


def test_children_die_with_a_starter_that_is_killed(folder: Path) -> None:
    starter = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from countenance.embedded.child import Child\n"
        f"child = Child.start('sample', [sys.executable, '-c', {_DAEMON_MAKER!r}], log=Path({str(folder / 'log')!r}))\n"
        "assert child.wait_until(lambda: child.tail() == 'up', seconds=10)\n"
        "print('started', flush=True)\n"
        "time.sleep(300)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        below = descendants(process.pid)
        assert len(below) == 3  # keeper, child, and the child's orphan below the keeper

        process.send_signal(signal.SIGKILL)

        assert await_gone(below, seconds=5) == []


def test_a_child_dies_even_with_its_keeper(folder: Path) -> None:
    child = _start(_STUBBORN, folder)
    below = descendants(child.pid)
    assert len(below) == 1

    os.kill(child.pid, signal.SIGKILL)

    assert await_gone(below, seconds=2) == []
    child.stop()
