"""`countenance inspect`: files through the very inspector that guards uploads, without a server."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from countenance.failures import CannotStart
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import Inspection, SourceUnreachable
from domain.registry.blocked import BlockedFile, BlockedFiles, Fingerprint
from domain.registry.snapshot import Person, Snapshot
from gpu_cluster.inspector import Inspector

_OF_FILES = frozenset({Signal.FILE_HASH, Signal.TENSOR_HASH, Signal.WEIGHT_SIMILARITY})


def inspect_files(
    files: Sequence[str], persons: Sequence[Person], blocked: Sequence[Path], warn: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Give an answer for each file, in their order, by a registry of these persons and blocked files.

    A file that can't be read, or is not as it should be, has an `error` and the verdict FAILED, and the others are
    answered all the same. Raises CannotStart when a blocked file can't be read, or is not as it should be: compared
    with fewer files than were named, CLEAN would be said too often. `warn` is told of those that have no sketch.
    """
    blocked_files = BlockedFiles([_blocked(path, warn) for path in blocked])
    inspector = Inspector(Snapshot(version=1, persons=tuple(persons), blocked_files=blocked_files))
    names = {person.id: person.name for person in persons}
    for file in files:
        began = time.perf_counter()
        try:
            inspection = inspector.inspect_path(Path(file))
        except SourceUnreachable as unreachable:
            yield _unreadable(file, str(unreachable), time.perf_counter() - began)
            continue
        matches = [_match(finding, inspection, blocked_files, names) for finding in inspection.findings]
        yield _answer(file, inspection, matches)


def _blocked(path: Path, warn: Callable[[str], None]) -> BlockedFile:
    try:
        inspection = Inspector().inspect_path(path)
    except SourceUnreachable as unreachable:
        raise CannotStart(f"{path}, which was named as blocked: {unreachable}") from None
    if inspection.size_bytes == 0:
        raise CannotStart(f"{path}, which was named as blocked, is empty: every empty file would be one.")
    if inspection.error:
        raise CannotStart(f"{path}, which was named as blocked: {inspection.error}")
    if inspection.sketch is None:
        warn(f"{path}, which was named as blocked, has no sketch of weights: only identical copies of it are found.")
    return BlockedFile(fingerprint_of(inspection), label=str(path))


def fingerprint_of(inspection: Inspection) -> Fingerprint:
    """Give what an inspected file is recognised by."""
    return Fingerprint(inspection.hashes, inspection.tensor_digest, inspection.sketch)


def _match(finding: Finding, inspection: Inspection, blocked: BlockedFiles, names: dict[Any, str]) -> str | None:
    """Name the person, or the blocked file, that a finding is about."""
    if finding.person_id is not None:
        return names.get(finding.person_id)
    if finding.verdict is Verdict.CLEAN or finding.signal not in _OF_FILES:
        return None
    if finding.signal is Signal.WEIGHT_SIMILARITY and finding.score is None:
        return None
    if finding.signal is Signal.WEIGHT_SIMILARITY:
        near = blocked.near(inspection.sketch) if inspection.sketch else None
        return near.file.label if near else None
    exact = blocked.exact(fingerprint_of(inspection))
    return exact.file.label if exact else None


def _answer(file: str, inspection: Inspection, matches: list[str | None]) -> dict[str, Any]:
    findings = [
        {key: value for key, value in dataclasses.asdict(finding).items() if key != "person_id"} | {"match": match}
        for finding, match in zip(inspection.findings, matches, strict=True)
    ]
    return {
        "file": file,
        "verdict": inspection.verdict,
        "format": inspection.format,
        "hashes": dict(inspection.hashes),
        "findings": findings,
        "seconds": round(inspection.seconds, 4),
        "error": inspection.error,
    }


def _unreadable(file: str, error: str, seconds: float) -> dict[str, Any]:
    empty: dict[str, Any] = {"format": None, "hashes": {}, "findings": []}
    return {"file": file, "verdict": Verdict.FAILED, **empty, "seconds": round(seconds, 4), "error": error}


def greedy(arguments: Sequence[str], option: str) -> list[str]:
    """Let an option that stands behind the files take all that follows, up to the next option.

    `FILE… --blocked ONE TWO` is what people write; the parser wants `--blocked` before each. Where no file stands
    before it, nothing is changed: `--blocked ONE FILE` has one blocked file.
    """
    if option not in arguments or not _has_file(arguments[: arguments.index(option)]):
        return list(arguments)
    written: list[str] = []
    taking = False
    for at, argument in enumerate(arguments):
        if argument == "--":
            return [*written, *arguments[at:]]
        if argument.startswith("-"):
            taking = argument == option
        elif taking and written[-1] != option:
            written.append(option)
        written.append(argument)
    return written


def _has_file(arguments: Sequence[str]) -> bool:
    """Whether there is an argument that is neither an option nor the value of one."""
    return any(
        not argument.startswith("-") and (at == 0 or not arguments[at - 1].startswith("--") or "=" in arguments[at - 1])
        for at, argument in enumerate(arguments)
    )
