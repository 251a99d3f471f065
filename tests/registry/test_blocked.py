"""Blocked files: what identifies exactly, what only holds, and which likeness of weights is told."""

import pickle
from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.registry.blocked import BlockedFile, BlockedFiles, Fingerprint
from domain.registry.gates import examine_file, examine_fingerprint, revise
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Snapshot
from domain.registry.tensors import TensorDigest, digest_of_tensors
from domain.registry.weight_policy import WEIGHTS_2026_11_B
from domain.registry.weights import SIDE, Update, channels, sketch_of

ALDEBARAN = UUID(int=1)
SHA256, BLAKE3, TENSORS = "ab" * 32, "cd" * 32, "ef" * 32


def updates(seed: int, *, layers: int = 24, width: int = 320) -> list[Update]:
    """Make random updates of layers that have the same names for every seed."""
    chance = np.random.default_rng(seed)
    return [
        Update(f"layer_{at}_attn2_to_k", (width, width), chance.standard_normal((SIDE, SIDE)).astype(np.float32))
        for at in range(layers)
    ]


def sketched(seed: int) -> bytes:
    sketch = sketch_of(updates(seed))
    assert sketch is not None
    return sketch


def matcher_of(*files: BlockedFile) -> NameMatcher:
    """Make a matcher of a registry with these blocked files."""
    return NameMatcher(Snapshot(version=1, blocked_files=BlockedFiles(files)))


def test_full_digests_and_the_tensors_block() -> None:
    file = BlockedFile(Fingerprint({"SHA256": SHA256.upper(), "BLAKE3": BLAKE3}, TENSORS), ALDEBARAN)
    matcher = matcher_of(file)

    by_sha256 = examine_fingerprint(matcher, Fingerprint({"SHA256": SHA256}))
    by_blake3 = examine_fingerprint(matcher, Fingerprint({"BLAKE3": BLAKE3.upper()}))
    by_tensors = examine_fingerprint(matcher, Fingerprint({"SHA256": "00" * 32}, TENSORS))
    other = examine_fingerprint(matcher, Fingerprint({"SHA256": "00" * 32, "BLAKE3": "00" * 32}, "00" * 32))

    reason = "one which reproduces a registered person"
    assert by_sha256 == [
        Finding(Signal.FILE_HASH, Verdict.BLOCKED, f"file: its SHA256 is that of {reason}", None, ALDEBARAN)
    ]
    assert by_blake3 == [
        Finding(Signal.FILE_HASH, Verdict.BLOCKED, f"file: its BLAKE3 is that of {reason}", None, ALDEBARAN)
    ]
    assert by_tensors == [
        Finding(Signal.TENSOR_HASH, Verdict.BLOCKED, f"file: it holds the same tensors as {reason}", None, ALDEBARAN)
    ]
    assert other == []
    assert examine_file(matcher, [SHA256]) == by_sha256


def test_a_short_identifier_holds_and_only_where_nothing_better_is_known() -> None:
    bare = BlockedFile(Fingerprint({"AUTOV2": "AB" * 5, "AUTOV3": "12" * 6}))
    full = BlockedFile(Fingerprint({"SHA256": SHA256, "AUTOV2": "34" * 5, "AUTOV3": "56" * 6}))
    matcher = matcher_of(bare, full)

    def found(**hashes: str) -> list[tuple[Signal, Verdict]]:
        return [
            (finding.signal, finding.verdict) for finding in examine_fingerprint(matcher, Fingerprint(dict(hashes)))
        ]

    assert found(AUTOV2="ab" * 5) == [(Signal.FILE_HASH, Verdict.HELD)]
    assert found(AUTOV3="12" * 6) == [(Signal.FILE_HASH, Verdict.HELD)]
    assert found(AUTOV2="34" * 5) == []
    assert found(AUTOV3="56" * 6) == [(Signal.FILE_HASH, Verdict.HELD)]


def test_alike_weights_hold_and_never_block() -> None:
    matcher = matcher_of(
        BlockedFile(Fingerprint(sketch=sketched(1)), ALDEBARAN), BlockedFile(Fingerprint(sketch=sketched(2)))
    )

    same = examine_fingerprint(matcher, Fingerprint(sketch=sketched(1)))
    stranger = examine_fingerprint(matcher, Fingerprint(sketch=sketched(3)))

    assert same == [
        Finding(
            Signal.WEIGHT_SIMILARITY,
            Verdict.HELD,
            "weights: they resemble those of a file which reproduces a registered person (cosine 1.00)",
            1.0,
            ALDEBARAN,
        )
    ]
    assert stranger == []


def test_many_are_compared_as_one_is() -> None:
    files = BlockedFiles(BlockedFile(Fingerprint(sketch=sketched(seed)), UUID(int=seed)) for seed in range(5))

    together = files.nearest([sketched(3), sketched(9), b"of another version"])

    assert [near and near.verdict for near in together] == [Verdict.HELD, Verdict.CLEAN, Verdict.CLEAN]
    alone = files.near(sketched(3))
    assert together[0] is not None
    assert alone is not None
    assert together[0].file.person_id == alone.file.person_id == UUID(int=3)
    assert together[0].by_names == pytest.approx(alone.by_names)
    assert BlockedFiles().nearest([sketched(1)]) == [None]


def test_a_copy_that_is_turned_round_is_held() -> None:
    turned = sketch_of([Update(update.name, update.shape, -update.core) for update in updates(1)])
    matcher = matcher_of(BlockedFile(Fingerprint(sketch=sketched(1)), ALDEBARAN))
    assert turned is not None

    [finding] = examine_fingerprint(matcher, Fingerprint(sketch=turned))

    assert (finding.verdict, finding.score, finding.person_id) == (Verdict.HELD, 1.0, ALDEBARAN)


def test_a_base_that_is_not_known_needs_more() -> None:
    assert WEIGHTS_2026_11_B.least(768) == (WEIGHTS_2026_11_B.unknown_base_from,) * 2
    assert WEIGHTS_2026_11_B.least(64) == (WEIGHTS_2026_11_B.by_names_from, WEIGHTS_2026_11_B.by_shapes_from)
    assert WEIGHTS_2026_11_B.unknown_base_from > WEIGHTS_2026_11_B.by_names_from


def test_a_loud_layer_does_not_drown_the_others() -> None:
    plain = updates(1)
    loud = [*plain, Update("junk", (8, 8), 1e6 * np.ones((SIDE, SIDE), np.float32))]
    sketch = sketch_of(loud)
    assert sketch is not None

    near = BlockedFiles([BlockedFile(Fingerprint(sketch=sketched(1)))]).near(sketch)

    assert near is not None
    assert near.by_names > 0.95


def test_layers_of_no_module_do_not_count_by_names_nor_many_of_one_shape_by_shapes() -> None:
    real = [
        Update(f"up_blocks_{at % 4}_attentions_{at // 4 % 3}_proj_in", (320, 320 + at), update.core)
        for at, update in enumerate(updates(1, layers=12))
    ]
    decoys = [Update(f"zz{at}", (64, 64), 1e6 * np.ones((SIDE, SIDE), np.float32)) for at in range(300)]
    original, disguised = sketch_of(real), sketch_of([*real, *decoys])
    assert original is not None
    assert disguised is not None

    near = BlockedFiles([BlockedFile(Fingerprint(sketch=original))]).near(disguised)

    assert near is not None
    assert near.by_names == pytest.approx(1.0, abs=0.001)
    assert near.by_shapes == pytest.approx((12 / 312) ** 0.5, abs=0.05)


@pytest.mark.parametrize(
    ("width", "read", "ranges"),
    [(1, 1, 1), (64, 64, 1), (639, 639, 1), (640, 320, 5), (768, 384, 6), (1280, 320, 5), (32768, 384, 6)],
)
def test_wide_layers_are_read_in_part_and_evenly(width: int, read: int, ranges: int) -> None:
    found = channels(width)

    assert (sum(last - first for first, last in found), len(found)) == (read, ranges)
    assert all(0 <= first < last <= width for first, last in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_updates_that_change_nothing_have_no_sketch() -> None:
    nothing = Update("a", (8, 8), np.zeros((SIDE, SIDE), np.float32))
    broken = Update("b", (8, 8), np.full((SIDE, SIDE), np.inf, np.float32))

    assert sketch_of([]) is None
    assert sketch_of([nothing, broken]) is None


def test_a_newer_registry_judges_a_stored_fingerprint() -> None:
    held = Finding(Signal.WEIGHT_SIMILARITY, Verdict.HELD, "weights: …", 0.9, ALDEBARAN)
    told = Finding(Signal.WEIGHT_SIMILARITY, Verdict.CLEAN, "weights: not compared: a LoHa's factors")
    known = Fingerprint({"SHA256": SHA256}, TENSORS, sketched(1))
    blocking = matcher_of(BlockedFile(Fingerprint(tensors=TENSORS), ALDEBARAN))

    def revised(matcher: NameMatcher) -> list[tuple[Signal, Verdict]]:
        findings = revise([held, told], matcher, texts=[], sha256=SHA256, account=None, mature=False, fingerprint=known)
        return [(finding.signal, finding.verdict) for finding in findings]

    assert revised(matcher_of()) == [(Signal.WEIGHT_SIMILARITY, Verdict.CLEAN)]
    assert revised(blocking) == [(Signal.WEIGHT_SIMILARITY, Verdict.CLEAN), (Signal.TENSOR_HASH, Verdict.BLOCKED)]


def test_a_snapshot_travels_with_its_files_and_without_what_can_be_made_again() -> None:
    files = BlockedFiles([BlockedFile(Fingerprint({"SHA256": SHA256}, sketch=sketched(1)), ALDEBARAN)])
    size = len(pickle.dumps(files))

    before = files.near(sketched(1))
    copy = pickle.loads(pickle.dumps(files))  # noqa: S301 - our own bytes

    assert copy == files
    assert len(pickle.dumps(files)) == size
    assert copy.near(sketched(1)) == before  # by the same arithmetic


def test_the_digest_of_tensors_knows_no_order_and_nothing_of_trivial_ones_alone() -> None:
    one, two, trivial = TensorDigest(b"1" * 16, False), TensorDigest(b"2" * 16, False), TensorDigest(b"0" * 16, True)

    digest = digest_of_tensors([one, two, trivial])

    assert digest == digest_of_tensors([trivial, two, one])
    assert digest == digest_of_tensors([one, two])
    assert digest != digest_of_tensors([one, two, two, trivial])
    assert digest_of_tensors([trivial, trivial]) is None
    assert digest_of_tensors([]) is None
