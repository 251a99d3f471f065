"""The local Ray: two on one host, on loopback only, each gone when it is told to go."""

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
@pytest.mark.timeout(400)  # two clusters start at once, on two cores
def test_two_run_side_by_side_and_outlive_each_other_and_their_own_death(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    first, second = (LocalRay(folder / name, log=folder / f"{name}.log", token=name * 32) for name in ("aa", "b" * 70))
    for ray in (first, second):
        ray.start()
    for ray in (first, second):
        ray.wait()
    assert first.child is not None
    assert second.child is not None
    below_first, below_second = descendants(first.child.pid), descendants(second.child.pid)
    addresses = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in (*below_first, *below_second)
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }

    both = (_drive(first), _drive(second))
    first.stop()
    left = await_gone(below_first, seconds=1)
    next(process for process in below_second if process.name() == "raylet").kill()
    ended = not second.child.wait_until(lambda: False, seconds=20)
    second.child.stop()
    second.start()
    second.wait()
    after = _drive(second)
    below_second += descendants(second.child.pid)
    second.stop()

    assert addresses == {"127.0.0.1"}
    assert both == ("42 False False", "42 False False")
    assert left == []
    assert ended
    assert after == "42 False False"
    assert await_gone(below_second, seconds=1) == []


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
