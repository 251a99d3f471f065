"""Files that were found to reproduce a person, and how another file is recognised as one of them.

Exact evidence is a full digest: SHA256 or BLAKE3 of the whole file, or the digest of its tensors. A short identifier
(AutoV2, CRC32 and their like) stands for more than one file now and then, so it counts only against an entry of which
nothing better is known, and only holds. Likeness of weights holds, too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.kernel.findings import Verdict
from domain.registry.weight_policy import WEIGHTS_2026_11_B, WeightPolicy
from domain.registry.weights import WIDTH, Floats, context_width, likeness, read_sketches

FULL = ("SHA256", "BLAKE3")
SHORT = ("AUTOV3", "AUTOV2", "AUTOV1", "CRC32")
"""The contract's names of identifiers; what a longer one decides, a shorter one doesn't."""


def _of_nothing(value: str) -> bool:
    """Whether a truncated SHA256 is that of no bytes at all, which files get by accident and which tells none apart."""
    return hashlib.sha256().hexdigest().startswith(value)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """All that is kept of a file to recognise it, or its near copies, without reading it again.

    `hashes` maps the contract's names of algorithms to hex. `tensors` is the digest of the tensors in any order;
    `sketch` what a LoRA changes. Each is missing where the file has none, or where it isn't known.
    """

    hashes: Mapping[str, str] = field(default_factory=dict)
    tensors: str | None = None
    sketch: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BlockedFile:
    """A file that may not stand, with the person it reproduces, if it is known whom."""

    fingerprint: Fingerprint
    person_id: UUID | None = None
    label: str = ""
    """What to call it in a report for whoever blocked it; never shown to an uploader."""


def fingerprint_in(row: Any, sha256: str) -> Fingerprint:
    """Read the columns of `domain.kernel.fingerprints.FINGERPRINT_SQL`; of a file not inspected yet only its SHA256."""
    hashes = json.loads(row["fingerprint_hashes"] or "{}")
    return Fingerprint(hashes | {"SHA256": sha256}, row["fingerprint_tensors"], row["fingerprint_sketch"])


class Exact(NamedTuple):
    """A blocked file with an identifier in common: which, and what follows."""

    file: BlockedFile
    algorithm: str
    verdict: Verdict


class Near(NamedTuple):
    """A blocked file whose weights are alike: the cosines by layers' names and by their shapes, and what follows."""

    file: BlockedFile
    by_names: float
    by_shapes: float
    verdict: Verdict


class BlockedFiles(Sequence[BlockedFile]):
    """The blocked files of a snapshot. What is needed to search them is made at the first search, once a process."""

    __slots__ = ("_bases", "_files", "_full", "_short", "_sketched", "_sketches")

    def __init__(self, files: Iterable[BlockedFile] = ()) -> None:
        self._files = tuple(files)
        self._full: dict[str, BlockedFile] | None = None
        self._short: dict[tuple[str, str], BlockedFile] = {}
        self._sketched: list[BlockedFile] | None = None
        self._sketches: Floats = np.zeros((0, WIDTH), np.float32)
        self._bases: tuple[list[int], NDArray[np.intp]] = ([], np.zeros(0, np.intp))

    def __reduce__(self) -> tuple[type["BlockedFiles"], tuple[tuple[BlockedFile, ...]]]:
        """Travel without what can be made again."""
        return BlockedFiles, (self._files,)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[BlockedFile]:
        return iter(self._files)

    def __getitem__(self, at: int) -> BlockedFile:  # type: ignore[override]  # slices are of no use here
        return self._files[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BlockedFiles) and self._files == other._files

    def __hash__(self) -> int:
        return hash(len(self._files))

    def __repr__(self) -> str:
        return f"BlockedFiles({len(self._files)})"

    def exact(self, fingerprint: Fingerprint) -> Exact | None:
        """Find a blocked file that this one is, by the strongest identifier that they share."""
        if not self._files:
            return None
        full = self._by_full()
        for algorithm in FULL:
            found = full.get(fingerprint.hashes.get(algorithm, "").lower())
            if found:
                return Exact(found, algorithm, Verdict.BLOCKED)
        if fingerprint.tensors and (found := full.get(fingerprint.tensors.lower())):
            return Exact(found, "TENSORS", Verdict.BLOCKED)
        for algorithm in SHORT:
            found = self._short.get((algorithm, fingerprint.hashes.get(algorithm, "").lower()))
            if found:
                return Exact(found, algorithm, Verdict.HELD)
        return None

    def near(self, sketch: bytes, policy: WeightPolicy = WEIGHTS_2026_11_B) -> Near | None:
        """Find the blocked file whose weights are most like this sketch's; None when there is none to compare with."""
        [found] = self.nearest([sketch], policy)
        return found

    def nearest(self, sketches: Sequence[bytes], policy: WeightPolicy = WEIGHTS_2026_11_B) -> list[Near | None]:
        """Do as `near` for many sketches at once, by one product of matrices: for sweeps over all that is stored."""
        files = self._by_sketch()
        if not files or not sketches:
            return [None] * len(sketches)
        by_names, by_shapes = likeness(read_sketches(sketches), self._sketches)
        bases, of_files = self._bases
        least = np.array([policy.least(width) for width in bases])[of_files].T
        # A copy whose updates are turned round draws the same pictures when it is used with a negative weight.
        excess = np.maximum(np.abs(by_names) / least[0], np.abs(by_shapes) / least[1])
        best = excess.argmax(axis=1)
        return [
            Near(
                files[at],
                float(by_names[row, at]),
                float(by_shapes[row, at]),
                Verdict.HELD if excess[row, at] >= 1 else Verdict.CLEAN,
            )
            for row, at in enumerate(best.tolist())
        ]

    def _by_full(self) -> dict[str, BlockedFile]:
        """Index the identifiers. Of entries for one file, one that says whom it reproduces goes first."""
        if self._full is None:
            full: dict[str, BlockedFile] = {}
            for file in sorted(self._files, key=lambda file: file.person_id is not None):
                known = file.fingerprint
                strong = [known.hashes[name] for name in FULL if known.hashes.get(name)]
                full |= {value.lower(): file for value in (*strong, known.tensors) if value}
                weak = (name for name in SHORT if not (known.tensors if name == "AUTOV3" else strong))
                short = ((name, known.hashes.get(name, "").lower()) for name in weak)
                self._short |= {(name, value): file for name, value in short if value and not _of_nothing(value)}
            self._full = full
        return self._full

    def _by_sketch(self) -> list[BlockedFile]:
        if self._sketched is None:
            files = [file for file in self._files if file.fingerprint.sketch]
            sketches = [file.fingerprint.sketch or b"" for file in files]
            self._sketches = read_sketches(sketches)
            widths, of_files = np.unique([context_width(sketch) for sketch in sketches], return_inverse=True)
            self._bases = widths.tolist(), of_files
            self._sketched = files
        return self._sketched
