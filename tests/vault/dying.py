"""A server that dies while it makes a file of an upload: `python -m tests.vault.dying STEP …`, killed at that step."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

os.environ["PICCOLO_CONF"] = "piccolo_conf"

from countenance import database
from countenance.blobs import BlobStore
from domain import resources
from domain.kernel.clock import SystemClock
from domain.kernel.ids import AccountId, SessionId, UploadId
from domain.kernel.ports import Policy
from domain.kernel.scope import Actor, Role, Scope
from domain.resources import uploads
from tests import fakes


def _die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


class _DyingBlobs(BlobStore):
    """Dies before the first byte, after some of them, or when all are stored."""

    step = ""

    async def put_stream(self, key: str, pieces: Any) -> None:
        if self.step == "before the first byte":
            _die()
        await super().put_stream(key, self._cut(pieces) if self.step == "halfway" else pieces)
        if self.step == "before the row":
            _die()

    async def _cut(self, pieces: Any) -> AsyncIterator[bytes]:
        written = 0
        async for piece in pieces:
            yield piece
            written += len(piece)
            if written > 12 * 1024**2:
                _die()


async def main(step: str, url: str, folder: Path, upload: UUID, account: UUID) -> None:
    """Finish the upload whose bytes lie in `folder`, until the step at which this process ends."""
    blobs = _DyingBlobs((folder / "blobs").as_uri(), signing_key="k" * 32, public_origin="http://test")
    blobs.step = step
    ports = fakes.ports(clock=SystemClock(), folder=folder, policy=Policy(), blobs=blobs)
    if step == "in the work":
        uploads.claim = _die  # type: ignore[assignment]
    actor = Actor(AccountId(account), "somebody", Role.MEMBER, SessionId(account))
    async with database.pool(url, min_size=1, max_size=2):
        await resources.complete_upload(Scope(ports=ports, actor=actor), UploadId(upload), folder / "spool")
    _die()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), UUID(sys.argv[4]), UUID(sys.argv[5])))
