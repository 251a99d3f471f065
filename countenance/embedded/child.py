"""One service as a child process, with its log, watched over by a keeper."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_KEEPER = Path(__file__).with_name("keeper.py")
_BEYOND_GRACE = 3.0
"""How long a keeper may take beyond the service's own grace: it asks what is left, then kills, within two seconds."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a service runs as when its starter is root; `reach` lets it pass folders that are closed to it."""

    uid: int
    reach: bool


class Child:
    """A running service. It ends when `stop` is called or when this process dies, however it dies."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, grace: float) -> None:
        self.name, self.log = name, log
        self._process, self._grace = process, grace

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 5.0,
        identity: Identity | None = None,
        held: Sequence[int] = (),
    ) -> Self:
        """Start `command` with its output appended to `log`.

        `env` replaces the environment when given; `held` are file descriptors, such as the home's lock, that the
        keeper keeps open until nothing of the service is left.
        """
        keeper = [
            sys.executable,
            "-I",
            "-S",
            str(_KEEPER),
            "--stop-signal",
            str(int(stop_signal)),
            "--grace",
            str(grace),
        ]
        if identity is not None:
            keeper += ["--uid", str(identity.uid), *(["--reach"] if identity.reach else [])]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*keeper, "--", *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=None if env is None else dict(env),
                pass_fds=tuple(held),
                start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in our order
            )
        return cls(name, process, log, grace)

    @property
    def pid(self) -> int:
        """The keeper's process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the service ended, or None while it runs."""
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Poll `ready` until it holds; False when the service ends or the time is over before."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.exit_code is not None:
                return False
            if ready():
                return True
            time.sleep(0.02)
        return False

    def ask_to_stop(self) -> None:
        """Tell the service to end and return at once; several can be told before any is waited for."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def stop(self) -> int:
        """End the service and everything it started; give its exit code."""
        self.ask_to_stop()
        try:
            return self._process.wait(self._grace + _BEYOND_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def tail(self, lines: int = 3) -> str:
        """Give the last lines of the service's log, for a sentence about its failure."""
        return tail(self.log, lines)


def tail(log: Path, lines: int = 3) -> str:
    """Give the last lines of a log that say something, joined into one."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(said[-lines:])
