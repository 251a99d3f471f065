"""Faces: descriptors as they are kept, how near two of them are, and what follows for a picture.

A face is near evidence: it holds a picture for a person to look at, and never blocks by itself.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from domain.kernel.findings import Finding, Signal, Verdict
from domain.registry.consent import allows
from domain.registry.face_policy import POLICY, FacePolicy
from domain.registry.snapshot import EMPTY, Person, Snapshot

LENGTH = 128
"""Numbers in a descriptor."""

BYTES = 4 * LENGTH
"""Bytes of a packed descriptor."""

IN_SAMPLE = "sample picture"
"""Where the faces of a sample stand, in the words of a finding."""

_TYPE = np.dtype("<f4")
_NORMS = (0.5, 2.5)
"""What the network gives has a norm of about 1.4 (1.27 to 1.46 measured); what lies far off is no face."""


_SLACK = 0.01


class NoDescriptor(ValueError):
    """What was given is not a face descriptor; the message is a sentence for a person."""


def packed(numbers: Sequence[float]) -> bytes:
    """Write a descriptor as it is kept: 128 little-endian 32-bit floats, 512 bytes. Raises NoDescriptor."""
    if len(numbers) != LENGTH:
        raise NoDescriptor(f"A face descriptor has {LENGTH} numbers; this one has {len(numbers)}.")
    if not all(math.isfinite(number) for number in numbers):
        raise NoDescriptor("A face descriptor has finite numbers only.")
    norm = math.hypot(*numbers)
    if not _NORMS[0] <= norm <= _NORMS[1]:
        raise NoDescriptor("These numbers are not a face descriptor of dlib's ResNet: their norm is not near 1.4.")
    return np.asarray(numbers, _TYPE).tobytes()


def distance(one: bytes, other: bytes) -> float:
    """Give the Euclidean distance of two packed descriptors: 0 for the same picture, about 0.8 for strangers."""
    return float(np.linalg.norm(np.frombuffer(one, _TYPE) - np.frombuffer(other, _TYPE)))


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """A face that is near one of a registered person's, and how near."""

    person_id: UUID
    distance: float

    @property
    def score(self) -> float:
        """How sure it is, 0 to 1."""
        return round(max(0.0, 1.0 - self.distance), 2)


class FaceIndex:
    """The enrolled faces of one registry as a matrix; made once per snapshot, then only read, from any thread."""

    def __init__(self, snapshot: Snapshot, policy: FacePolicy = POLICY) -> None:
        """Lay out the faces, 512 bytes each."""
        self.snapshot = snapshot
        self._persons: dict[UUID, Person] = {person.id: person for person in snapshot.persons}
        self._owners = [face.person_id for face in snapshot.faces]
        self._matrix = np.frombuffer(b"".join(face.descriptor for face in snapshot.faces), _TYPE).reshape(-1, LENGTH)
        self._squares = np.einsum("ij,ij->i", self._matrix, self._matrix)
        self.hold_within = policy.hold_within(len(self._owners))

    def nearest(self, descriptor: bytes) -> list[FaceMatch]:
        """Give every person who has a face near enough, each once by the nearest, the nearest first."""
        if not self._owners:
            return []
        # |a − b|² = |a|² + |b|² − 2ab is one matrix product; its rounding is mended for the few that come near.
        face = np.frombuffer(descriptor, _TYPE)
        squares = self._squares + face @ face - 2 * (self._matrix @ face)
        found: dict[UUID, float] = {}
        for at in np.flatnonzero(squares <= (self.hold_within + _SLACK) ** 2):
            owner, apart = self._owners[at], float(np.linalg.norm(self._matrix[at] - face))
            if apart <= self.hold_within:
                found[owner] = min(apart, found.get(owner, apart))
        return [FaceMatch(owner, apart) for owner, apart in sorted(found.items(), key=lambda item: item[1])]

    def forbids(self, person_id: UUID, *, account: UUID | None, mature: bool) -> bool:
        """Whether a person with an enrolled face does not allow a use; who is not known allows nothing."""
        person = self._persons.get(person_id)
        return person is None or not allows(person, account=account, mature=mature)

    def protects_anyone(self, *, account: UUID | None, mature: bool) -> bool:
        """Whether there is any enrolled face that must not be used so: if not, no picture needs to be looked at."""
        owners = dict.fromkeys(self._owners)
        return any(self.forbids(owner, account=account, mature=mature) for owner in owners)


_latest = FaceIndex(EMPTY)


def face_index(snapshot: Snapshot) -> FaceIndex:
    """Give the index of a registry, the latest of which is kept: it serves every picture until the next version."""
    global _latest  # noqa: PLW0603 - one name bound to a value that never changes, so threads see one or the other
    index = _latest
    if index.snapshot is not snapshot:
        index = _latest = FaceIndex(snapshot)
    return index


def examine_faces(
    index: FaceIndex, faces: Iterable[tuple[str, bytes]], signal: Signal, *, account: UUID | None, mature: bool
) -> list[Finding]:
    """Compare faces, pairs of where one stands and its packed descriptor, with those of the registry.

    Gives one finding for each person at each place who does not allow the use, HELD. The detail tells neither who
    it is nor any number of a descriptor.
    """
    return [
        Finding(
            signal,
            Verdict.HELD,
            f"{where}: it resembles an enrolled face, and a person must look",
            match.score,
            match.person_id,
        )
        for where, descriptor in faces
        for match in index.nearest(descriptor)
        if index.forbids(match.person_id, account=account, mature=mature)
    ]


def not_compared(signal: Signal, where: str, *, hold: bool) -> Finding:
    """Say that faces were not looked for because the signal could not run; policy decides whether that holds."""
    detail = f"{where}: faces were not compared, because the face models are not installed here"
    return Finding(signal, Verdict.HELD if hold else Verdict.CLEAN, detail)
