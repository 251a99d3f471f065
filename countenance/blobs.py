"""Files by key: a local folder by default; S3, Google Cloud Storage or Azure by URL. Implements the `Blobs` port.

Whoever holds a signed URL may read one blob until it expires. A URL with an audience also demands that the caller is
signed in as that account, which an object store can't check: such URLs lead to our own endpoint, and so do all
URLs of a local folder. Only URLs of an object store without an audience go there directly.
"""

import asyncio
import contextlib
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from countenance.failures import CannotStart
from countenance.settings import Settings

_CHUNK = 4 * 1024 * 1024
_UNFINISHED_SECONDS = 24 * 3600.0
_UNFINISHED = re.compile(r".*#[0-9]+")
"""How the store names what it writes in a folder before it has it whole."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a signed URL allows: reading `key`, until `expires` (Unix seconds), by `audience` if it names an account."""

    key: str
    expires: int
    audience: str = ""
    name: str = ""

    def signature(self, key: bytes) -> str:
        """Sign this pass: HMAC-SHA256 over its fields, each with its length, so none can run into the next."""
        fields = (self.key, str(self.expires), self.audience, self.name)
        message = b"".join(len(raw := field.encode()).to_bytes(4, "big") + raw for field in fields)
        return hmac.new(key, message, hashlib.sha256).hexdigest()


class BlobStore:
    """Blobs in one place, and the passes to them."""

    def __init__(self, url: str, *, signing_key: str, public_origin: str, cluster_origin: str | None = None) -> None:
        """Open the store at `url`; a local folder is made when it is missing. Raises CannotStart."""
        self._key = hmac.new(signing_key.encode(), b"countenance blob url 1", hashlib.sha256).digest()
        self._public_origin, self._cluster_origin = public_origin, cluster_origin or public_origin
        parts = urlsplit(url)
        self.folder: Path | None = Path(unquote(parts.path)) if parts.scheme == "file" else None
        """The local folder, or None for an object store."""
        try:
            self._store: ObjectStore = from_url(url) if self.folder is None else LocalStore(self.folder, mkdir=True)
        except (BaseError, ValueError, OSError) as error:
            said = str(error).splitlines()[0]
            raise CannotStart(f"BLOB_URL {url} can't be opened: {said}. Check the URL and its credentials.") from None

    @classmethod
    def of(cls, settings: Settings) -> "BlobStore":
        """Open the store that the settings name."""
        return cls(
            settings.blob_url,
            signing_key=settings.signing_key.get_secret_value(),
            public_origin=settings.public_url,
            cluster_origin=settings.cluster_origin,
        )

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all; an existing blob is replaced."""
        await obstore.put_async(self._store, key, data)

    async def put_file(self, key: str, path: str) -> None:
        """Store the local file at `path` under `key`, in parts that are never all in memory."""
        await obstore.put_async(self._store, key, Path(path), chunk_size=8 * 1024 * 1024, max_concurrency=4)

    async def put_stream(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store what `pieces` give under `key`, whole or, when they raise, not at all; an existing blob is replaced."""
        await obstore.put_async(self._store, key, pieces, chunk_size=8 * 1024 * 1024, max_concurrency=4)

    async def get(self, key: str) -> bytes:
        """Read a small blob whole. Raises FileNotFoundError."""
        found = await obstore.get_async(self._store, key)
        return bytes(await found.bytes_async())

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Read bytes `start` to `end` (exclusive) in chunks of some MB. Raises FileNotFoundError on the first one."""
        size = await self.size(key)
        if size is None:
            raise FileNotFoundError(key)
        end = size if end is None else min(end, size)
        if start >= end:
            return
        found = await obstore.get_async(self._store, key, options={"range": (start, end)})
        async for chunk in found.stream(min_chunk_size=_CHUNK):
            yield bytes(chunk)

    async def size(self, key: str) -> int | None:
        """Give the size in bytes, or None when there is no such blob."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete blobs; a key that is not there is no error."""

        async def one(key: str) -> None:
            with contextlib.suppress(FileNotFoundError):
                await obstore.delete_async(self._store, key)

        await asyncio.gather(*map(one, keys))

    async def sweep_unfinished(self, *, older_than: float = _UNFINISHED_SECONDS) -> int:
        """Delete what writers that died left half written in a local folder; give their number.

        An object store keeps such parts out of sight, and deletes them by its own lifecycle rule.
        """
        return 0 if self.folder is None else await asyncio.to_thread(_sweep, self.folder, time.time() - older_than)

    async def sweep_for_ever(self, every: float = 3600.0) -> None:
        """Sweep now and then."""
        while True:
            await self.sweep_unfinished()
            await asyncio.sleep(every)

    async def signed_url(self, key: str, *, seconds: int, file_name: str | None = None, audience: str = "") -> str:
        """Make a URL that reads this blob without further rights and expires after `seconds`.

        `audience` binds it to an account id; without one the URL is for the cluster.
        """
        if isinstance(self._store, S3Store | GCSStore | AzureStore) and not audience:
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))
        ticket = Pass(key, int(time.time()) + seconds, audience, file_name or "")
        query = {
            "expires": ticket.expires,
            "audience": audience,
            "name": ticket.name,
            "sig": ticket.signature(self._key),
        }
        origin = self._public_origin if audience else self._cluster_origin
        return f"{origin}/blobs/{quote(key)}?{urlencode({name: value for name, value in query.items() if value})}"

    def verify(self, ticket: Pass, signature: str) -> bool:
        """Say whether we signed this pass and it still holds."""
        genuine = hmac.compare_digest(ticket.signature(self._key).encode(), signature.encode())
        return genuine and ticket.expires > time.time()


def _sweep(folder: Path, before: float) -> int:
    found = [path for path in folder.rglob("*#*") if _UNFINISHED.fullmatch(path.name)]
    stale = [path for path in found if path.stat().st_mtime < before]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
