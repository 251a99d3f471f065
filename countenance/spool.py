"""Where the bytes of unfinished uploads lie: one file each, whose length is the upload's offset.

The length survives a crash of the process, so an upload goes on at the byte where it was cut, whoever serves it then.
A lock on the file lets one request at a time write, also across processes that share the folder.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

_DATA = ".part"
_MARK = ".unverified"


class SpoolBusy(Exception):
    """Another request is writing to this upload."""


class Spool:
    """A folder of unfinished uploads."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made for this user alone if it isn't there."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, upload_id: UUID) -> Path:
        """Say where the bytes of an upload lie."""
        return self._folder / f"{upload_id.hex}{_DATA}"

    def offset(self, upload_id: UUID) -> int:
        """Give the number of bytes that have arrived and count."""
        verified = self._verified(upload_id)
        if verified is not None:
            return verified
        try:
            return self.path(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def free_bytes(self) -> int:
        """Give the room that is left for uploads."""
        return shutil.disk_usage(self._folder).free

    @contextlib.contextmanager
    def writing(self, upload_id: UUID) -> Iterator[BinaryIO]:
        """Hold the upload's file, open at its end. Raises SpoolBusy.

        Bytes of a body that was to be verified and whose request did not live to do it are cut off first.
        """
        with self.path(upload_id).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SpoolBusy from None
            if os.fstat(file.fileno()).st_nlink == 0:
                raise SpoolBusy  # whoever held it has just finished the upload and deleted the bytes
            verified = self._verified(upload_id)
            if verified is not None:
                self.cut(file, upload_id, verified)
            yield file

    def distrust(self, upload_id: UUID, offset: int) -> None:
        """Note that nothing after `offset` counts until `trust` or `cut` is called."""
        fresh = self._mark(upload_id).with_suffix(".new")
        fresh.write_text(str(offset))
        fresh.replace(self._mark(upload_id))

    def trust(self, upload_id: UUID) -> None:
        """Let everything that has been written count."""
        self._mark(upload_id).unlink(missing_ok=True)

    def cut(self, file: BinaryIO, upload_id: UUID, offset: int) -> None:
        """Drop what was written after `offset`."""
        file.flush()
        os.ftruncate(file.fileno(), offset)
        self.trust(upload_id)

    def discard(self, upload_id: UUID) -> None:
        """Delete the bytes of an upload that is over."""
        self.path(upload_id).unlink(missing_ok=True)
        self._mark(upload_id).unlink(missing_ok=True)

    def ids(self) -> set[UUID]:
        """Give every upload that has bytes here."""
        return {UUID(hex=path.name.removesuffix(_DATA)) for path in self._folder.glob(f"{'[0-9a-f]' * 32}{_DATA}")}

    def _mark(self, upload_id: UUID) -> Path:
        return self._folder / f"{upload_id.hex}{_MARK}"

    def _verified(self, upload_id: UUID) -> int | None:
        """Read the mark of an upload; None when everything counts."""
        try:
            return int(self._mark(upload_id).read_text())
        except FileNotFoundError:
            return None
