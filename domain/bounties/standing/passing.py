"""What a moderator has looked at and let pass: findings that hold an entry until a person has looked. Pure.

Each finding is let pass for itself, where it was found. One that is new, or of other bytes, holds the entry again; what
blocks is never let pass.
"""

import hashlib
import json
from collections.abc import Collection, Sequence

from domain.kernel.findings import Finding, Verdict
from domain.resources import StoredFile

_NOTE = "note"


def marks_of(noted: Sequence[Finding], files: Sequence[StoredFile]) -> list[str]:
    """Name everything that holds an entry now: what stands against its note, and what was found in its files."""
    on_note = [_mark(_NOTE, finding) for finding in noted]
    in_files = [_mark(_bytes(file), finding) for file in files if _is_held(file) for finding in _holding(file)]
    return sorted({*on_note, *in_files})


def verdict_of(file: StoredFile, let_pass: Collection[str]) -> Verdict:
    """Give what validation says of a file, where what a moderator let pass counts for nothing."""
    passed = _is_held(file) and all(_mark(_bytes(file), finding) in let_pass for finding in _holding(file))
    return Verdict.CLEAN if passed else file.verdict


def still_against(noted: Sequence[Finding], let_pass: Collection[str]) -> list[Finding]:
    """Give what stands against a note and was not let pass."""
    return [finding for finding in noted if _mark(_NOTE, finding) not in let_pass]


def marks_in(stored: str) -> frozenset[str]:
    """Read marks as they are stored."""
    return frozenset(json.loads(stored))


def _is_held(file: StoredFile) -> bool:
    """Tell whether the very bytes that are stored are held, for something that can be named."""
    return file.scan.verdict is Verdict.HELD and file.scan.sha256 == file.sha256 and bool(_holding(file))


def _holding(file: StoredFile) -> list[Finding]:
    return [finding for finding in file.scan.findings if finding.verdict is not Verdict.CLEAN]


def _bytes(file: StoredFile) -> str:
    return f"{file.id.hex}:{file.sha256}"


def _mark(where: str, finding: Finding) -> str:
    """Name a finding: where it was found, and all that it says."""
    said = json.dumps([where, finding.to_json()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()
