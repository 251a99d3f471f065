"""Short, plain names for folders: a unix socket's path holds 107 bytes, and a person can choose any folder."""

import os
import re
import shutil
import tempfile
from pathlib import Path

LONGEST_SOCKET = 107
_NOTE = "short-path"
_PLAIN = re.compile(r"[\w/.+~-]+", re.ASCII)


class ShortPath:
    """A path to `folder` of at most `longest` bytes: its own, or one through a link in the temporary folder.

    A path with a space or a comma is taken for a list by Ray, by Postgres or by asyncpg, so it gets a link, too.
    """

    def __init__(self, folder: Path, longest: int) -> None:
        """Make the link if one is needed; a link that a killed run left behind is removed first."""
        self._note = folder / _NOTE
        self._forget()
        self.path = folder.absolute()
        if len(os.fsencode(self.path)) > longest or not _PLAIN.fullmatch(str(self.path)):
            place = Path(tempfile.mkdtemp(prefix="cnt-", dir="/tmp"))
            place.chmod(0o711)  # the link is no secret; the folder behind it keeps its own rights
            self._note.write_text(str(place))
            (place / "h").symlink_to(self.path)
            self.path = place / "h"

    def release(self) -> None:
        """Remove the link."""
        self._forget()

    def _forget(self) -> None:
        """Remove what the note names, if it is a link to this very folder."""
        if not self._note.exists():
            return
        place = Path(self._note.read_text())
        link = place / "h"
        if link.is_symlink() and link.readlink() == self._note.parent.absolute():
            shutil.rmtree(place, ignore_errors=True)
        self._note.unlink()
