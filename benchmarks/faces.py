"""Faces: how far distortions move a face, how far apart strangers are, and what looking for faces costs."""

from itertools import combinations
from uuid import UUID

import numpy as np

from benchmarks.harness import Figure, median_seconds
from domain.registry.face_policy import POLICY
from domain.registry.faces import FaceIndex, distance, packed
from domain.registry.snapshot import EnrolledFace, Snapshot
from gpu_cluster.faces import FaceReader, face_reader
from tests.portraits import DISTORTIONS, landscape, portrait

_PORTRAITS = ("astronaut", "hopper")


def run(short: bool) -> list[Figure]:
    """Measure on the two portraits of the tests, and on made-up registries; nothing without the extra `faces`."""
    reader = face_reader()
    if reader is None:
        return []
    return [*_errors(reader), *_costs(reader, runs=3 if short else 9), _lookup(10_000 if short else 100_000)]


def _errors(reader: FaceReader) -> list[Figure]:
    own = {name: reader.read(portrait(name))[0].descriptor for name in _PORTRAITS}
    apart = []
    for name in _PORTRAITS:
        for distort in DISTORTIONS.values():
            found = reader.read(distort(portrait(name)))
            apart.append(distance(found[0].descriptor, own[name]) if found else np.inf)
    strangers = [distance(own[one], own[other]) for one, other in combinations(_PORTRAITS, 2)]
    missed = sum(each > POLICY.beyond for each in apart)
    note = f"{len(apart)} pairs; farthest {max(apart):.2f}; strictest threshold {POLICY.beyond}"
    return [
        Figure("faces: distorted pictures not recognised", missed, "pairs", target="0", met=missed == 0, note=note),
        Figure(
            "faces: distance of strangers",
            min(strangers),
            "",
            beside="the widest threshold",
            yardstick=POLICY.hold_within(0),
            target="above it",
            met=min(strangers) > POLICY.hold_within(0),
            note=f"{len(strangers)} pair; see domain/registry/face_policy.py for larger sets",
        ),
    ]


def _costs(reader: FaceReader, *, runs: int) -> list[Figure]:
    empty, one = landscape().resize((512, 512)), portrait("astronaut").resize((512, 512))
    nobody = median_seconds(lambda: reader.read(empty), runs=runs)
    somebody = median_seconds(lambda: reader.read(one), runs=runs)
    return [
        Figure("faces: a 512 × 512 picture with a face", somebody, "s", beside="without one", yardstick=nobody),
    ]


def _lookup(enrolled: int) -> Figure:
    rows = np.random.default_rng(1).normal(size=(enrolled, 128))
    rows *= 1.4 / np.linalg.norm(rows, axis=1, keepdims=True)
    faces = tuple(EnrolledFace(UUID(int=number), packed(row.tolist())) for number, row in enumerate(rows))
    index = FaceIndex(Snapshot(version=1, faces=faces))
    seconds = median_seconds(lambda: index.nearest(faces[7].descriptor), runs=9)
    return Figure(f"faces: one face among {enrolled:,} enrolled", seconds * 1000, "ms")
