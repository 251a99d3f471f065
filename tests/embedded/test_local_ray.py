"""The local Ray: on loopback only, without secrets, back after a death, gone when it is told to go."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from countenance.embedded.local_ray import LocalRay
from countenance.failures import CannotStart
from tests.embedded.conftest import await_gone, descendants

_DRIVER = """
import os, ray
ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False, logging_level="error")
known = ray.get(ray.remote(lambda: sorted(os.environ)).remote())
print(ray.get(ray.remote(lambda: 6 * 7).remote()), "DATABASE_URL" in known, "SIGNING_KEY" in known)
"""


def _drive(ray: LocalRay) -> str:
    """Run a task there, in a process that knows a secret."""
    environment = {**os.environ, **ray.driver_environment, "DATABASE_URL": "secret", "SIGNING_KEY": "secret"}
    done = subprocess.run([sys.executable, "-c", _DRIVER], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.cluster
@pytest.mark.slow
def test_it_stays_on_loopback_and_outlives_its_own_death(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    ray = LocalRay(folder / ("a folder, " * 10).strip(), log=folder / "log", token="x" * 64)
    child = ray.start()
    ray.wait()
    below = descendants(child.pid)
    addresses = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in below
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }

    first = _drive(ray)
    next(process for process in below if process.name() == "raylet").kill()
    ended = not child.wait_until(lambda: False, seconds=20)
    left = await_gone(below, seconds=5)
    child.stop()
    child = ray.start()
    ray.wait()
    second = _drive(ray)
    below = descendants(child.pid)
    ray.stop()

    assert addresses == {"127.0.0.1"}
    assert (first, second) == ("42 False False", "42 False False")
    assert (ended, child.exit_code, left) == (True, 0, [])
    assert await_gone(below, seconds=1) == []


def test_a_ray_that_does_not_start_is_told_in_its_own_words(folder: Path) -> None:
    ray = LocalRay(folder / "ray", log=folder / "log", token="x" * 32)
    ray.cpus = -1.0

    ray.start()
    with pytest.raises(CannotStart) as refused:
        ray.wait()

    assert str(refused.value).startswith("The local Ray does not start. It said last: ")
    assert f"See {folder / 'log'}" in str(refused.value)
    assert ray.child is not None
    assert ray.child.exit_code == 1
