"""A server that is killed while it seals an upload: afterwards the upload is finished, or nothing of it is left."""

import asyncio
import hashlib
import os
import signal
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import asyncpg

from countenance.blobs import BlobStore
from domain import bounties, resources
from domain.bounties import BountyEntry
from domain.kernel.clock import HandClock
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.resources import Upload
from tests.actions.bounties import opened, somebody
from tests.fakes import a_vault
from tests.vault.world import sealed_file_of

STEPS = ["before the first byte", "halfway", "before the row", "in the work", "after the row"]
DATA = os.urandom(1024) * (30 * 1024)


@dataclass(frozen=True)
class Killed:
    """What a killed server leaves: the upload, the bytes that had arrived, and the blobs."""

    entry: BountyEntry
    author: Scope
    upload: Upload
    folder: Path
    blobs: BlobStore

    @property
    def files(self) -> list[Path]:
        """What lies in the blob folder."""
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]


async def _killed(ports: Ports, database_url: str, folder: Path, step: str) -> Killed:
    """Have another process finish an upload, and be killed at a step."""
    blobs = BlobStore((folder / "blobs").as_uri(), signing_key="k" * 32, public_origin="http://test")
    ports = replace(ports, blobs=blobs, vault=a_vault(blobs))
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(author, bounty.id)
    upload = await bounties.begin_upload(author, entry.id, file_name="a.safetensors", size_bytes=len(DATA))
    (folder / "spool").write_bytes(DATA)
    arguments = (step, database_url, str(folder), str(upload.id), str(author.account_id))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.vault.dying", *arguments, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    return Killed(entry, author, upload, folder, blobs)


async def test_a_killed_server_leaves_an_upload_that_is_finished_or_nothing(
    ports: Ports, clock: HandClock, db: asyncpg.Pool, database_url: str, tmp_path: Path
) -> None:
    killed = await asyncio.gather(
        *(_killed(ports, database_url, tmp_path / step.replace(" ", "-"), step) for step in STEPS)
    )
    finished, given_up = dict(zip(STEPS, killed, strict=True)), killed[1]

    for step, left in finished.items():
        rows = await db.fetchval("SELECT count(*) FROM stored_file WHERE holder_id = $1", left.entry.id)
        assert rows == (step == "after the row"), step
        assert not any(DATA[:1024] in path.read_bytes() for path in left.files), step
        if left is given_up:
            continue
        await resources.complete_upload(left.author, left.upload.id, left.folder / "spool")
        await left.blobs.sweep_unfinished(older_than=-1)
        file = await sealed_file_of(left.entry)
        vault = left.author.ports.vault
        assert vault is not None
        digest = hashlib.sha256()
        async for piece in vault.open(file):
            digest.update(piece)
        assert digest.digest() == hashlib.sha256(DATA).digest(), step
        assert [path.name for path in left.files] == [left.upload.id.hex], step

    clock.turn(timedelta(days=1, minutes=5))  # the clock of those who died was a little ahead of ours
    await resources.delete_doomed(given_up.author)
    await given_up.blobs.sweep_unfinished(older_than=-1)
    assert given_up.files == []
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 0
