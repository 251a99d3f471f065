"""The folder that one embedded instance lives in: its lock, its secrets, its logs and its data."""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self

import psutil

from countenance.failures import CannotStart

MIN_FREE_BYTES = 2 * 1024**3
"""The space that a first start needs with some to spare; below it nothing is started."""

RUNNING = "running.json"
"""The file in a home that tells other commands of the same user how to reach the running services."""

_ENDING_SECONDS = 15.0

_LATER = ("biometrics_key", "intake_secret", "vault_key")
"""Secrets that the first release did not have."""


def default_folder() -> Path:
    """Give the folder used without `--home`: `$COUNTENANCE_HOME`, else `~/.countenance`."""
    chosen = os.environ.get("COUNTENANCE_HOME")
    return Path(chosen) if chosen else Path.home() / ".countenance"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the parts of one instance tell each other to be let in; made once and kept in the home."""

    database_password: str = field(repr=False)
    redis_password: str = field(repr=False)
    ray_token: str = field(repr=False)
    signing_key: str = field(repr=False)
    biometrics_key: str = field(repr=False)
    intake_secret: str = field(repr=False)
    vault_key: str = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Make new ones, 256 bits each."""
        return cls(**{part.name: secrets.token_hex(32) for part in fields(cls)})


class Home:
    """An opened home. Whoever holds one is alone in it; `close` or the end of the process gives it free."""

    def __init__(self, folder: Path, lock: int, known: Secrets) -> None:
        self.folder, self.lock, self.secrets = folder, lock, known

    @classmethod
    def open(cls, folder: Path, *, min_free_bytes: int = MIN_FREE_BYTES) -> Self:
        """Make or open the home and check what can be checked before anything starts. Raises CannotStart."""
        folder = folder.expanduser().absolute()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _demand_ours(folder)
            lock = _lock(folder)
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise CannotStart(
                f"The home {folder} can't be used ({said}); choose another with --home, or correct its rights."
            ) from None
        try:
            free = shutil.disk_usage(folder).free
            if free < min_free_bytes:
                raise CannotStart(
                    f"Only {free / 1024**3:.1f} GiB are free on the disk of {folder}, and "
                    f"{min_free_bytes / 1024**3:.1f} GiB are needed; make room, or choose another --home."
                )
            for part in ("logs", "blobs", "uploads"):
                (folder / part).mkdir(mode=0o700, exist_ok=True)  # whatever the home's own rights
            return cls(folder, lock, _secrets(folder))
        except BaseException:
            os.close(lock)
            raise

    def log(self, name: str) -> Path:
        """Give the log file of a part; the one of the run before is kept beside it."""
        log = self.folder / "logs" / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".before.log"))
        return log

    def announce(self, environment: Mapping[str, str]) -> None:
        """Write down how to reach what runs here, for the owner only."""
        _write_private(self.folder / RUNNING, environment)

    def close(self) -> None:
        """Give the home free."""
        (self.folder / RUNNING).unlink(missing_ok=True)
        os.close(self.lock)


def _demand_ours(folder: Path) -> None:
    """Refuse a folder that holds something else, so that a mistyped --home harms nothing."""
    foreign = {entry.name for entry in folder.iterdir()} - {"lock"}
    if foreign and not (folder / "secrets.json").exists():
        raise CannotStart(
            f"{folder} is not empty and no home of Countenance (it has no secrets.json); choose an empty or new folder "
            "with --home, or restore secrets.json from a backup."
        )


def _lock(folder: Path) -> int:
    """Lock the home; wait while a run that was killed is still ending, refuse while one runs."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _ENDING_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
            if (holder.isdigit() and psutil.pid_exists(int(holder))) or time.monotonic() > deadline:
                os.close(lock)
                raise CannotStart(
                    f"Another Countenance already runs in {folder} (process {holder or 'unknown'}); "
                    "stop it, or choose another --home and --port."
                ) from None
            time.sleep(0.1)
        else:
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            return lock


def _secrets(folder: Path) -> Secrets:
    """Read the secrets of this home, or make them; only the owner can read the file."""
    file = folder / "secrets.json"
    if file.exists():
        try:
            return _completed(file, json.loads(file.read_text()))
        except (ValueError, TypeError):
            raise CannotStart(
                f"{file} is damaged, and the database's password is in it; "
                "restore it from a backup, or choose another --home."
            ) from None
    made = Secrets.fresh()
    _write_private(file, asdict(made))
    return made


def _completed(file: Path, kept: dict[str, str]) -> Secrets:
    """Add what a later release needs to the secrets of a home that an earlier one made. Raises TypeError."""
    missing = {name: secrets.token_hex(32) for name in _LATER if name not in kept}
    known = Secrets(**kept, **missing)
    if missing:
        _write_private(file, asdict(known))
    return known


def _write_private(file: Path, content: Mapping[str, str]) -> None:
    """Write a JSON file that only its owner can read, whole or not at all."""
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as output:
        json.dump(dict(content), output)
        output.flush()
        os.fsync(output.fileno())
    partial.replace(file)
