"""A local Ray, all of it on loopback, with its own ports, folder and token, so that several can run on one host."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from countenance.embedded.child import Child
from countenance.embedded.paths import LONGEST_SOCKET, ShortPath
from countenance.embedded.ports import free_ports
from countenance.failures import CannotStart

_LONGEST_FOLDER = LONGEST_SOCKET - len("/session_2000-01-01_00-00-00_000000_4194304/sockets/plasma_store") - 4
_OBJECT_STORE_BYTES = 512 * 1024 * 1024
_START_SECONDS = 120.0
_NOT_FOR_ACTORS = ("DATABASE_URL", "REDIS_URL", "BLOB_URL", "SIGNING_KEY", "PUBLIC_URL", "RAY_ADDRESS")


class LocalRay:
    """A Ray head on this machine; `address` is what drivers connect to, the same after a restart."""

    name = "Ray"

    def __init__(self, folder: Path, *, log: Path, token: str, held: Sequence[int] = ()) -> None:
        """Say where it lives and choose its ports."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._log, self._held = folder, log, held
        self._ready = folder / "ready"
        self._short = ShortPath(folder, _LONGEST_FOLDER - len("/now"))
        self._token = token
        self._port, *self._metrics = free_ports(3)
        self.address = f"127.0.0.1:{self._port}"
        self.child: Child | None = None
        self.cpus: float = os.cpu_count() or 1
        """What Ray may hand out; it only counts, so it can be more than the machine has."""

    @property
    def driver_environment(self) -> Mapping[str, str]:
        """What a process needs in its environment, before it imports ray, to connect."""
        return {
            "RAY_ADDRESS": self.address,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self._token,
            "RAY_USAGE_STATS_ENABLED": "0",
            # A cluster of one machine: Ray then uses 127.0.0.1 for itself and listens nowhere else.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        }

    def start(self) -> Child:
        """Start the head. Returns before it takes work; see `wait`. The last run's logs are kept, older ones not."""
        now, before = self._folder / "now", self._folder / "before"
        if now.exists():
            shutil.rmtree(before, ignore_errors=True)
            now.rename(before)
        now.mkdir(mode=0o700)
        self._ready.unlink(missing_ok=True)
        inherited = {
            key: value
            for key, value in os.environ.items()
            if key not in _NOT_FOR_ACTORS and not key.startswith("COUNTENANCE_")
        }
        ports = {
            "RAY_GCS_SERVER_PORT": str(self._port),
            "AUTOSCALER_METRIC_PORT": str(self._metrics[0]),
            "DASHBOARD_METRIC_PORT": str(self._metrics[1]),
        }
        environment = inherited | ports | dict(self.driver_environment)
        del environment["RAY_ADDRESS"]  # it would connect instead of starting
        command: list[str | Path] = [sys.executable, "-m", "countenance.embedded.ray_head", "--ready", self._ready]
        command += ["--folder", self._short.path / "now"]
        command += ["--cpus", str(self.cpus), "--object-store-bytes", str(_OBJECT_STORE_BYTES)]
        self.child = Child.start(self.name, command, log=self._log, env=environment, grace=3.0, held=self._held)
        return self.child

    def wait(self) -> None:
        """Return when it takes work. Raises CannotStart with what it said last."""
        if self.child is None or not self.child.wait_until(self._ready.exists, seconds=_START_SECONDS):
            said = self.child.tail(1) if self.child else ""
            self.stop()
            raise CannotStart(
                f"The local Ray does not start. It said last: {said or 'nothing'}. "
                f"See {self._log} and {self._folder / 'now'}; try again, or set RAY_ADDRESS and use `serve` and `work`."
            )

    def stop(self) -> None:
        """Shut it down, with its workers."""
        if self.child is not None:
            self.child.stop()
        self._short.release()
