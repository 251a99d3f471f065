"""Weights on a node: downloaded once, checked by SHA256, kept within a bound, least recently used first out.

Several artists of one node share a folder. A lock file per model makes one of them download while the others wait,
and keeps a model from being evicted while it is loaded.
"""

import fcntl
import hashlib
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Protocol

from domain.kernel.wire import ModelRef, RenderFailed
from gpu_cluster.sources import read_path, read_url

_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle")


class _Writer(Protocol):
    """What a tar is written to."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""
        ...


class ModelCache:
    """A folder of weights by their SHA256, at most `max_bytes` large (in-use models excepted).

    Files lie in `<sha256>.safetensors`, unpacked pipelines in `<sha256>/`. Whatever has such a name is whole and was
    verified: it was renamed into place.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 100 * 1024**3, timeout: float = 60.0) -> None:
        """Use `folder`, made if it isn't there; `timeout` is the seconds a source may stay silent."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._in_place: dict[str, tuple[str, str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def hold(self, model: ModelRef) -> Iterator[Path]:
        """Give the local path of a model, downloading it if need be; it is not evicted inside the `with`.

        Raises SourceUnreachable when the URL can't be read, RenderFailed when what it gives is not the model that was
        registered or can't be used.
        """
        if model.source_path is not None:
            yield self._verified_in_place(model, Path(model.source_path))
            return
        path = self._folder / (f"{model.sha256}.safetensors" if model.format == "safetensors" else model.sha256)
        while True:
            with self._lock(model.sha256, fcntl.LOCK_SH):
                if path.exists():
                    os.utime(path)
                    yield path
                    return
            with self._lock(model.sha256, fcntl.LOCK_EX):
                if not path.exists():  # another artist may have been quicker
                    self._download(model, path)
                    self._evict(keep=model.sha256)

    @contextmanager
    def _lock(self, sha256: str, kind: int) -> Iterator[None]:
        """Hold the lock file of a model, shared or exclusive, against other processes and threads."""
        with (self._folder / f"{sha256}.lock").open("ab") as handle:
            fcntl.flock(handle, kind)
            yield

    def _download(self, model: ModelRef, path: Path) -> None:
        """Fetch a model beside its place, verify it, and rename it into place."""
        part = self._folder / f"{model.sha256}.{os.getpid()}.{threading.get_ident()}.part"
        unpacked = part.with_suffix(".folder")
        try:
            with part.open("wb") as file:
                sha256 = self._fetch(model, file)
            if sha256 != model.sha256.lower():
                raise RenderFailed(_different(model))
            if model.format == "safetensors":
                part.replace(path)
            else:
                unpack(part, unpacked)
                unpacked.rename(path)
        finally:
            part.unlink(missing_ok=True)
            shutil.rmtree(unpacked, ignore_errors=True)

    def _fetch(self, model: ModelRef, file: IO[bytes]) -> str:
        """Stream the URL into `file` and give the SHA256 of what came, never more than the order announced."""
        sink = _Digest()
        with closing(read_url(model.url, timeout=self._timeout)) as chunks:
            for chunk in chunks:
                if sink.size + len(chunk) > model.size_bytes:
                    raise RenderFailed(_different(model))
                sink.write(chunk)
                file.write(chunk)
        return sink.sha256.hexdigest()

    def _verified_in_place(self, model: ModelRef, path: Path) -> Path:
        """Check an operator's own folder or file, once for as long as no file in it changes."""
        if not path.exists():
            raise RenderFailed(f"The checkpoint {path.name} is not on this node; copy it there or add it again.")
        state = _fingerprint(path)
        known = self._in_place.get(str(path))
        sha256 = known[1] if known and known[0] == state else digest_of(path)[0]
        self._in_place[str(path)] = (state, sha256)
        if sha256 != model.sha256.lower():
            raise RenderFailed(_different(model))
        return path

    def _evict(self, *, keep: str) -> None:
        """Delete models, least recently used first, until the folder is within its bound."""
        entries = [entry for entry in self._folder.iterdir() if entry.suffix not in (".lock", ".part", ".folder")]
        sizes = {entry: _size(entry) for entry in entries}
        total = sum(sizes.values())
        for entry in sorted(entries, key=_last_used):
            if total <= self._max_bytes:
                return
            sha256 = entry.name.removesuffix(".safetensors")
            if sha256 != keep and self._delete(entry, sha256):
                total -= sizes[entry]

    def _delete(self, entry: Path, sha256: str) -> bool:
        """Delete one model unless somebody holds it."""
        with (self._folder / f"{sha256}.lock").open("ab") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
            return True


def pack(folder: Path, out: _Writer) -> None:
    """Write a folder as an uncompressed tar that depends on names and contents only; links are followed."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for path in _files(folder):
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            info.size = path.stat().st_size
            info.mode = 0o644
            with path.open("rb") as file:
                tar.addfile(info, file)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar of plain files into a new folder. Raises RenderFailed for links, escapes and pickles."""
    try:
        with tarfile.open(archive, mode="r:") as tar:
            for member in tar:
                if not (member.isfile() or member.isdir()) or member.name.lower().endswith(_PICKLES):
                    raise RenderFailed(f"The checkpoint holds {member.name!r}, which may not be in one.")
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise RenderFailed("The checkpoint's archive can't be unpacked.") from error


def digest_of(path: Path) -> tuple[str, int]:
    """Give the SHA256 and size that a `ModelRef` of this file, or of this folder packed, must carry."""
    sink = _Digest()
    if path.is_dir():
        pack(path, sink)
    else:
        for chunk in read_path(path):
            sink.write(chunk)
    return sink.sha256.hexdigest(), sink.size


class _Digest:
    """A writer that keeps nothing but the hash and the length."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def _files(folder: Path) -> list[Path]:
    """List the files of a pipeline folder in a fixed order, without hidden ones such as a hub's bookkeeping."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        (path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def _fingerprint(path: Path) -> str:
    """Say in short whether anything under `path` may have changed."""
    parts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in _files(path) or [path]]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _size(entry: Path) -> int:
    return sum(file.stat().st_size for file in (entry.rglob("*") if entry.is_dir() else [entry]) if file.is_file())


def _last_used(entry: Path) -> float:
    return entry.stat().st_mtime


def _different(model: ModelRef) -> str:
    return f"The file of model {model.resource_id} is not the one that was registered: its SHA256 differs."
