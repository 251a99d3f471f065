"""Stand-ins for unit tests. Each says loudly when it is asked for something that it only pretends."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from countenance.vault.master_keys import MasterKeys
from countenance.vault.store import SealedStore
from domain.kernel.ports import Blobs, Clock, Policy, Ports
from domain.kernel.wire import (
    ClusterState,
    ClusterUnavailable,
    Inspection,
    InspectOrder,
    RenderEvent,
    RenderFinished,
    RenderOrder,
)
from domain.registry.matching import NameMatch
from domain.registry.names import NameMatcher
from domain.registry.snapshot import EMPTY, Snapshot

VAULT_KEYS = f"1:{'11' * 32}"
"""The master key of the tests."""


class FolderBlobs:
    """Blobs as plain files; its signed URLs are not servable and say so by their scheme."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, key: str) -> Path:
        return self._folder / key.replace("/", "__")

    async def put(self, key: str, data: bytes) -> None:
        self._path(key).write_bytes(data)

    async def put_file(self, key: str, path: str) -> None:
        await asyncio.to_thread(shutil.copyfile, path, self._path(key))

    async def put_stream(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        gathered = b"".join([piece async for piece in pieces])
        self._path(key).write_bytes(gathered)

    async def get(self, key: str) -> bytes:
        return self._path(key).read_bytes()

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        yield self._path(key).read_bytes()[start:end]

    async def size(self, key: str) -> int | None:
        return self._path(key).stat().st_size if self._path(key).exists() else None

    async def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    async def signed_url(self, key: str, *, seconds: int, file_name: str | None = None, audience: str = "") -> str:
        return f"fake-blob:{key}?seconds={seconds}&audience={audience}"


class NoCluster:
    """A cluster that isn't there: whatever needs it fails as it does in production when Ray is gone."""

    async def inspect(self, order: InspectOrder) -> Inspection:
        raise ClusterUnavailable("This test has no cluster.")

    async def render(self, order: RenderOrder) -> AsyncIterator[RenderEvent]:
        raise ClusterUnavailable("This test has no cluster.")
        yield

    async def cancel(self, job_id: UUID) -> None:
        raise ClusterUnavailable("This test has no cluster.")

    async def adopt(self, snapshot: Snapshot) -> None:
        raise ClusterUnavailable("This test has no cluster.")

    async def status(self) -> ClusterState:
        raise ClusterUnavailable("This test has no cluster.")


class NoLimits:
    """A limiter that counts and never refuses."""

    def __init__(self) -> None:
        self.hits: list[tuple[str, str]] = []

    async def hit(self, rule: str, key: str) -> int | None:
        self.hits.append((rule, key))
        return None

    async def wait(self, rule: str, key: str) -> int | None:
        return None


class WatchedMatcher(NameMatcher):
    """A matcher that notes which texts it is asked about, each with the thread's name; `then` is done at the first."""

    def __init__(self, snapshot: Snapshot = EMPTY, *, then: Callable[[], None] = lambda: None) -> None:
        super().__init__(snapshot)
        self.asked: list[tuple[str, str]] = []
        self._then = then

    @property
    def texts(self) -> list[str]:
        """The texts, in order."""
        return [text for text, _ in self.asked]

    def match(self, text: str) -> list[NameMatch]:
        self.asked.append((text, threading.current_thread().name))
        if len(self.asked) == 1:
            self._then()
        return super().match(text)


class HeldRegistry:
    """A registry that a test sets by hand."""

    def __init__(self, snapshot: Snapshot = EMPTY) -> None:
        self.matcher: NameMatcher = NameMatcher(snapshot)

    @property
    def version(self) -> int:
        return self.matcher.snapshot.version

    async def reach(self, version: int) -> bool:
        return self.version >= version

    def adopt(self, snapshot: Snapshot) -> None:
        self.matcher = NameMatcher(snapshot)


def ports(*, clock: Clock, folder: Path, policy: Policy, blobs: Blobs | None = None) -> Ports:
    """Ports made of stand-ins; the vault is the real one, with a key for tests."""
    blobs = blobs or FolderBlobs(folder)
    return Ports(
        clock=clock,
        blobs=blobs,
        cluster=NoCluster(),
        limiter=NoLimits(),
        registry=HeldRegistry(),
        policy=policy,
        vault=a_vault(blobs),
    )


def a_vault(blobs: Blobs, keys: str = VAULT_KEYS) -> SealedStore:
    """A vault over these blobs; its URLs lead to the application that the tests of the API serve."""
    return SealedStore(blobs, MasterKeys.read(keys), signing_key="k" * 32, public_origin="http://testserver")


def finished(job_id: UUID, attempt: int) -> RenderFinished:
    """The last word of an artist who drew everything."""
    return RenderFinished(job_id, attempt, registry_version=0, seconds=1.0)


def at(text: str) -> datetime:
    """Read a time, for short tests."""
    return datetime.fromisoformat(text)
