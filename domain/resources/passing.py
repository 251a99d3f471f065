"""What a moderator has looked at and let pass: findings that hold something until a person has looked. Pure.

Each finding is let pass for itself, where it was found: in these bytes, or in these words. One that is new, or stands
in others, holds again; what blocks is never let pass.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence

from domain.kernel.findings import Finding, Verdict
from domain.resources.values import Resource, StoredFile


def mark(where: str, finding: Finding) -> str:
    """Name a finding: where it was found, and all that it says."""
    said = json.dumps([where, finding.to_json()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def marks_in(stored: str) -> frozenset[str]:
    """Read marks as they are stored."""
    return frozenset(json.loads(stored))


def marks_of_files(files: Iterable[StoredFile]) -> set[str]:
    """Name everything that holds files until a person has looked."""
    return {mark(_bytes(file), finding) for file in files if _can_pass(file) for finding in _against(file)}


def passed(file: StoredFile, let_pass: Collection[str]) -> bool:
    """Tell whether a file is held, and everything that holds it was let pass."""
    return _can_pass(file) and all(mark(_bytes(file), finding) in let_pass for finding in _against(file))


def unexamined(file: StoredFile) -> bool:
    """Tell whether a file is held for nothing that can be named: nobody knows what is in it."""
    return file.scan.verdict is Verdict.HELD and not _can_pass(file)


def marks_of(resource: Resource, files: Iterable[StoredFile]) -> list[str]:
    """Name everything that holds a resource until a person has looked, and was not let pass yet."""
    in_words = {mark(_words(resource), finding) for finding in resource.findings if finding.verdict is Verdict.HELD}
    return sorted((in_words | marks_of_files(files)) - resource.let_pass)


def against_words(resource: Resource) -> tuple[Finding, ...]:
    """Give what stands against the words of a resource and was not let pass."""
    where = _words(resource)
    return tuple(
        finding
        for finding in resource.findings
        if finding.verdict is Verdict.BLOCKED or mark(where, finding) not in resource.let_pass
    )


def verdict_of(file: StoredFile, resource: Resource) -> Verdict:
    """Give what validation says of a file of a resource, where what was let pass counts for nothing."""
    return Verdict.CLEAN if passed(file, resource.let_pass) else file.scan.verdict


def against_file(file: StoredFile, resource: Resource) -> tuple[Finding, ...]:
    """Give what stands against a file of a resource, nothing where all of it was let pass."""
    return () if passed(file, resource.let_pass) else tuple(_against(file))


def _can_pass(file: StoredFile) -> bool:
    """Tell whether the very bytes that are stored are held, for something that can be named."""
    return file.scan.verdict is Verdict.HELD and file.scan.sha256 == file.sha256 and bool(_against(file))


def _against(file: StoredFile) -> Sequence[Finding]:
    return [finding for finding in file.scan.findings if finding.verdict is not Verdict.CLEAN]


def _bytes(file: StoredFile) -> str:
    return f"{file.id.hex}:{file.sha256}"


def _words(resource: Resource) -> str:
    """Name the very words of a resource."""
    words = json.dumps([resource.title, resource.description, resource.trigger_words])
    return f"words:{hashlib.sha256(words.encode()).hexdigest()}"
