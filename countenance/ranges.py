"""Range requests: which bytes of something a reader asks for (RFC 9110, section 14; one range at most)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` to `end` (exclusive) of `size`; `asked` says that they were asked for as a part."""

    start: int
    end: int
    size: int
    asked: bool = False

    @property
    def status(self) -> int:
        """The status that an answer with this part has."""
        return 206 if self.asked else 200

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it."""
        said = {"Accept-Ranges": "bytes", "Content-Length": str(self.end - self.start)}
        if self.asked:
            said["Content-Range"] = f"bytes {self.start}-{self.end - 1}/{self.size}"
        return said


def part_asked(headers: Mapping[str, str], size: int, *, etag: str = "") -> Part | None:
    """Read what is asked for of `size` bytes; None where there is no such part.

    Everything is given where no range is asked for, or several, or one that can't be read, and where `If-Range` names
    another version than this `etag`.
    """
    whole = Part(0, size, size)
    asked = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if asked is None or not any(asked.groups()) or headers.get("if-range", etag) != etag:
        return whole
    first, last = asked.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return whole
    return Part(start, end, size, asked=True) if start < end else None


def no_such_part(size: int) -> dict[str, str]:
    """Give the headers of a refusal with status 416."""
    return {"Content-Range": f"bytes */{size}"}
