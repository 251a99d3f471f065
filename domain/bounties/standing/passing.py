"""What a moderator has looked at and let pass of an entry: of its note, and of its files. Pure.

Each finding is let pass for itself, where it was found. One that is new, or of other bytes, holds the entry again; what
blocks is never let pass.
"""

from collections.abc import Collection, Sequence

from domain import resources
from domain.kernel.findings import Finding, Verdict
from domain.resources import StoredFile

_NOTE = "note"


def marks_of(noted: Sequence[Finding], files: Sequence[StoredFile]) -> list[str]:
    """Name everything that holds an entry now: what stands against its note, and what was found in its files."""
    on_note = {resources.mark(_NOTE, finding) for finding in noted}
    return sorted(on_note | resources.marks_of_files(files))


def verdict_of(file: StoredFile, let_pass: Collection[str]) -> Verdict:
    """Give what validation says of a file, where what a moderator let pass counts for nothing."""
    return Verdict.CLEAN if resources.passed(file, let_pass) else file.verdict


def still_against(noted: Sequence[Finding], let_pass: Collection[str]) -> list[Finding]:
    """Give what stands against a note and was not let pass."""
    return [finding for finding in noted if resources.mark(_NOTE, finding) not in let_pass]
