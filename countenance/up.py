"""`countenance up`: everything on one machine, kept running, and gone without a trace when it ends."""

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from countenance.embedded.child import Child
from countenance.embedded.home import MIN_FREE_BYTES, Home
from countenance.embedded.ports import demand_free, free_port
from countenance.embedded.services import Services
from countenance.failures import CannotStart
from countenance.settings import load
from countenance.supervision import Supervised

_PREPARE_SECONDS = 300.0
_READY_SECONDS = 180.0
_GRACE = 5.0
_OURS = ("DATABASE_URL", "REDIS_URL", "RAY_ADDRESS", "BLOB_URL")
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Options:
    """What a person can choose on the command line."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8000
    demo_data: bool = True
    min_free_bytes: int = MIN_FREE_BYTES

    @property
    def origin(self) -> str:
        """Where this machine reaches the server; a server on every address is reached on loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def up(options: Options) -> None:
    """Run everything until a signal comes. Prints one line, `ready <url>`, on standard output. Raises CannotStart."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _signals_raise():
        try:
            demand_free(options.host, options.port)
            home = Home.open(options.home, min_free_bytes=options.min_free_bytes)
            try:
                _Machine(options, home, console).run()
            finally:
                home.close()
        except _Asked:
            console.print("stopped")


class _Asked(BaseException):
    """A signal asked us to stop; not an Exception, so that nothing takes it for a failure."""


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Turn the first stopping signal into an exception, wherever we are, and ignore those after it."""

    def ask(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        raise _Asked

    before = {number: signal.signal(number, ask) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Machine:
    """One running instance: services, then the database's schema, then the API and the workers."""

    def __init__(self, options: Options, home: Home, console: Console) -> None:
        self._options, self._home, self._console = options, home, console
        self._services = Services(home)
        self._work_port = os.environ.get("COUNTENANCE_WORK_PORT", str(free_port()))
        self._environment = {**os.environ, **self._told()}
        self._logs = {name: home.log(name) for name in ("prepare", "serve", "work")}
        self._children: list[Child] = []
        self._watched: list[Supervised] = []
        self._step_began = time.monotonic()

    def run(self) -> NoReturn:
        """Start in order, say so, keep alive; stop everything on the way out, whatever the way."""
        try:
            self._check_settings()
            self._console.print(f"home {self._home.folder} (logs in {self._home.folder / 'logs'})")
            ignored = [name for name in _OURS if name in os.environ]
            if ignored:
                self._console.print(f"{', '.join(ignored)} ignored: `up` brings its own; `serve` and `work` use them")
            self._start_services()
            with self._console.status("starting the API and the workers"):
                self._watched = [
                    Supervised(service.name, service.start, say=self._console.print, child=service.child)
                    for service in self._services.all
                ]
                for name in ("serve", "work"):
                    self._watched.append(Supervised(name, partial(self._start, name), say=self._console.print))
                self._await_ready()
            if self._work_port:
                self._console.print(
                    f"figures: {self._options.origin}/metrics, and of the worker: port {self._work_port}"
                )
            print(f"ready {self._options.origin}", flush=True)
            while True:
                self._watch()
        finally:
            self._stop()

    def _told(self) -> Mapping[str, str]:
        """Give the settings that `up` decides."""
        return {
            "COUNTENANCE_ENVIRONMENT": os.environ.get("COUNTENANCE_ENVIRONMENT", "development"),
            "COUNTENANCE_HOST": self._options.host,
            "COUNTENANCE_PORT": str(self._options.port),
            "COUNTENANCE_WORK_PORT": self._work_port,
            "COUNTENANCE_INTERNAL_URL": self._options.origin,
            "PUBLIC_URL": os.environ.get("PUBLIC_URL", self._options.origin),
            "PYTHONUNBUFFERED": "1",
            **self._services.environment(),
        }

    def _check_settings(self) -> None:
        """Refuse wrong settings before anything starts, and give Ray the CPUs that the actors will ask for."""
        told = self._told()
        settings = load(
            database_url=told["DATABASE_URL"],
            redis_url=told["REDIS_URL"],
            ray_address=told["RAY_ADDRESS"],
            blob_url=told["BLOB_URL"],
            signing_key=told["SIGNING_KEY"],
            public_url=told["PUBLIC_URL"],
        )
        wanted = settings.artists * settings.artist_cpus + settings.validators * settings.validator_cpus
        self._services.ray.cpus = max(float(os.cpu_count() or 1), wanted)

    def _start(self, name: str, *arguments: str) -> Child:
        """Start one of our own commands."""
        child = Child.start(
            name,
            [sys.executable, "-m", "countenance.cli", name, *arguments],
            log=self._logs.get(name, self._logs["prepare"]),
            env=self._environment,
            grace=_GRACE,
            held=(self._home.lock,),
        )
        self._children.append(child)
        return child

    def _start_services(self) -> None:
        """Start the services; while Ray takes its time, prepare the database."""
        with self._console.status("starting Valkey and Postgres"):
            self._services.start()
            for service in (self._services.valkey, self._services.postgres):
                service.wait()
                self._done(service.name)
        self._home.announce(self._told())
        world = self._options.demo_data
        what = "the database and the demonstration world" if world else "the database"
        preparing = self._start("migrate", *(["--demo-data"] if world else []))
        with self._console.status(f"starting Ray, preparing {what}"):
            self._services.ray.wait()
            self._done(self._services.ray.name)
            preparing.wait_until(lambda: False, seconds=_PREPARE_SECONDS)
        if preparing.exit_code != 0:
            raise CannotStart(f"Preparing {what} failed: {preparing.tail(1) or 'no word why.'} See {preparing.log}.")
        self._done(what)

    def _done(self, what: str) -> None:
        """Say that a step is done and how long it took."""
        now = time.monotonic()
        self._console.print(f"[green]✓[/] {what} [dim]{now - self._step_began:.1f} s[/]")
        self._step_began = now

    def _watch(self) -> None:
        """Look after every child once, then pause a little."""
        for supervised in self._watched:
            supervised.watch()
        time.sleep(0.1)

    def _await_ready(self) -> None:
        """Wait until the server says that everything serves, the workers and the cluster, too."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The server was not ready after {_READY_SECONDS:.0f} s; "
                    f"see {self._logs['serve']} and {self._logs['work']}, then try again."
                )
            self._watch()
        self._done("the API and the workers")

    def _is_ready(self) -> bool:
        """Ask the server's own readiness check."""
        try:
            with urllib.request.urlopen(f"{self._options.origin}/ready?all", timeout=5) as answer:  # noqa: S310  # http only
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _stop(self) -> None:
        """Stop the API and the workers first, then what they stand on."""
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        with self._console.status("stopping"):
            for child in self._children:
                child.ask_to_stop()
            for child in self._children:
                child.stop()
            self._services.stop()
