"""The inspector: identifiers, names in metadata, claims, blocked files; one pass, whatever the file is."""

import hashlib
import json
import subprocess
import sys
import threading
import tracemalloc
import zlib
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from blake3 import blake3
from safetensors.numpy import save_file

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import MetadataText, SourceUnreachable
from domain.registry.snapshot import Consent, Person, Snapshot
from gpu_cluster.hashing import FileHasher
from gpu_cluster.inspector import Inspector
from tests.cluster.model_files import framed, safetensors_bytes, small_lora, written
from tests.cluster.storage import Storage

ALDEBARAN = UUID(int=1)
PERSON = Person(ALDEBARAN, "Test Person Aldebaran", aliases=("Aldy Baran", "Béa Star"))
REGISTRY = Snapshot(version=7, persons=(PERSON,))


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    """An inspector that holds a registry of one person."""
    return Inspector(REGISTRY)


def test_a_clean_lora_is_clean_with_every_identifier(inspector: Inspector, tmp_path: Path) -> None:
    content = safetensors_bytes({"ss_output_name": "stars"}, small_lora(3 * 1024**2))
    path = written(tmp_path, content)
    header_end = 8 + int.from_bytes(content[:8], "little")

    inspection = inspector.inspect_path(path)

    assert (inspection.verdict, inspection.error, inspection.findings) == (Verdict.CLEAN, None, ())
    assert (inspection.format, inspection.size_bytes) == ("safetensors", len(content))
    assert inspection.registry_version == 7
    assert inspection.texts == (
        MetadataText("file name", "stars.safetensors"),
        MetadataText("ss_output_name", "stars"),
    )
    sha256 = hashlib.sha256(content).hexdigest()
    assert inspection.hashes == {
        "SHA256": sha256,
        "AUTOV1": hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8],
        "AUTOV2": sha256[:10],
        "AUTOV3": hashlib.sha256(content[header_end:]).hexdigest()[:12],
        "CRC32": f"{zlib.crc32(content):08x}",
        "BLAKE3": blake3(content).hexdigest(),
    }


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("sizes", [[11], [1, 4, 6], [1024**2] * 3 + [5]])
def test_identifiers_do_not_depend_on_threads_or_chunks(threads: int, sizes: list[int]) -> None:
    chunks = [bytes([at % 256]) * size for at, size in enumerate(sizes)]
    whole = b"".join(chunks)

    with FileHasher(7, threads=threads) as hasher:
        for chunk in chunks:
            hasher.update(chunk)
    digests = hasher.digests()

    assert digests.sha256 == hashlib.sha256(whole).hexdigest()
    assert digests.tensors_sha256 == hashlib.sha256(whole[7:]).hexdigest()
    assert digests.crc32 == f"{zlib.crc32(whole):08x}"
    assert digests.blake3 == blake3(whole).hexdigest()


def test_identifiers_of_known_bytes_are_those_that_everybody_prints() -> None:
    with FileHasher() as hasher:
        hasher.update(b"hello ")
        hasher.update(b"world")
    digests = hasher.digests()

    assert digests.by_name() == {
        "SHA256": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        "AUTOV2": "b94d27b993",
        "CRC32": "0d4a1185",
        "BLAKE3": "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24",
    }


@pytest.mark.parametrize(("size", "has_autov1"), [(2 * 1024**2 - 1, False), (2 * 1024**2, True)])
def test_autov1_needs_two_mebibytes(size: int, has_autov1: bool) -> None:
    content = bytes(at % 253 for at in range(size))

    with FileHasher() as hasher:
        for at in range(0, size, 700_001):
            hasher.update(content[at : at + 700_001])
    autov1 = hasher.digests().autov1

    assert autov1 == (hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8] if has_autov1 else None)


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"ss_output_name": "aldy_baran-v3"}, "ss_output_name: a registered name at characters 1–10"),
        ({"modelspec.title": "Portraits of Aldy Baran"}, "modelspec.title: a registered name at characters 14–23"),
        (
            {"modelspec.trigger_phrase": "ohwx AldyBaran"},
            "modelspec.trigger_phrase: a registered name at characters 6–14",
        ),
        ({"ss_training_comment": "bea star, 2026"}, "ss_training_comment: a registered name at characters 1–8"),
        (
            {"ss_tag_frequency": json.dumps({"img": {"10_aldy baran": {"smile": 3}}})},
            "ss_tag_frequency: a registered name at characters 4–13",
        ),
        (
            {"ss_tag_frequency": json.dumps({"img": {"5_ohwx": {"béa star": 40, "hat": 2}}})},
            "ss_tag_frequency: a registered name at characters 1–8",
        ),
        (
            {"ss_tag_frequency": '{"img": {"a": {"aldy baran": 1}, "a": {"hat": 1}}}'},
            "ss_tag_frequency: a registered name at characters 1–10",
        ),
        (
            {"ss_dataset_dirs": json.dumps({"10_aldybaran": {"n_repeats": 10, "img_count": 20}})},
            "ss_dataset_dirs: a registered name at characters 4–12",
        ),
        (
            {"ss_datasets": json.dumps([{"subsets": [{"class_tokens": "Test Person Aldebaran woman"}]}])},
            "ss_datasets: a registered name at characters 1–21",
        ),
        (
            {"ss_datasets": json.dumps([json.dumps({"class_tokens": "B\u00e9a Star"})])},
            "ss_datasets: a registered name at characters 1–8",
        ),
        ({"ss_tag_frequency": '{"aldy baran": {'}, "ss_tag_frequency: a registered name at characters 3–12"),
        ({"my notes": "aldy baran"}, "other metadata: a registered name at characters 1–10"),
        ({"Aldy Baran": "x"}, "metadata key: a registered name at characters 1–10"),
    ],
)
def test_a_registered_name_in_metadata_blocks_and_is_not_repeated(
    inspector: Inspector, tmp_path: Path, metadata: dict[str, str], place: str
) -> None:
    path = written(tmp_path, safetensors_bytes(metadata))

    inspection = inspector.inspect_path(path)

    assert inspection.verdict is Verdict.BLOCKED
    assert inspection.findings == (Finding(Signal.NAME_IN_METADATA, Verdict.BLOCKED, place, None, ALDEBARAN),)
    assert inspection.error is None


def test_tags_beside_each_other_make_no_name(inspector: Inspector, tmp_path: Path) -> None:
    tags = json.dumps({"img": {"10_style": {"aldy": 3, "baran": 4, "test person": 1, "aldebaran": 2}}})
    path = written(tmp_path, safetensors_bytes({"ss_tag_frequency": tags}))

    inspection = inspector.inspect_path(path)

    assert (inspection.verdict, inspection.findings) == (Verdict.CLEAN, ())


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        pytest.param(
            {"ss_title": r'{"a": "Aldy B\u0061ran", }'}, "ss_title: a registered name at characters 8–17", id="cut"
        ),
        pytest.param(
            {"ss_title": "\ufeff" + r'["Aldy B\u0061ran"]'}, "ss_title: a registered name at characters 1–10", id="BOM"
        ),
        pytest.param(
            {"ss_title": json.dumps([json.dumps([json.dumps([json.dumps(["Aldy Barán"])])])])},
            "ss_title: a registered name at characters 3–12",
            id="deep",
        ),
        pytest.param({"ss_aldy_baran": "1"}, "metadata key: a registered name at characters 4–13", id="a key"),
        pytest.param(
            {"modelspec.thumbnail": "data:aldy/baran;base64,AAAA"},
            "modelspec.thumbnail: a registered name at characters 1–10",
            id="a media type",
        ),
    ],
)
def test_a_name_is_read_however_it_is_written_into_the_metadata(
    inspector: Inspector, tmp_path: Path, metadata: dict[str, str], place: str
) -> None:
    path = written(tmp_path, safetensors_bytes(metadata))

    inspection = inspector.inspect_path(path)

    assert [finding.detail for finding in inspection.findings] == [place]


def test_the_tensors_of_a_lora_may_name_nobody_either(inspector: Inspector, tmp_path: Path) -> None:
    named = {"lora_unet_aldy_baran_attn1_to_q.lora_down.weight": ("F16", [4], bytes(8))}
    path = written(tmp_path, safetensors_bytes({}, small_lora() | named))

    inspection = inspector.inspect_path(path)

    [finding] = [finding for finding in inspection.findings if finding.signal is Signal.NAME_IN_METADATA]
    assert (finding.verdict, finding.detail) == (
        Verdict.BLOCKED,
        "tensor name: a registered name at characters 1–10",
    )
    assert [text.text for text in inspection.texts if text.key == "tensor name"] == ["aldy_baran"]


def test_what_trainers_write_and_parts_are_called_gives_no_text(inspector: Inspector, tmp_path: Path) -> None:
    path = written(
        tmp_path, safetensors_bytes({"ss_multires_noise_iterations": "6", "modelspec.sai_model_spec": "1.0.0"})
    )

    texts = inspector.inspect_path(path).texts

    assert texts[1:] == (
        MetadataText("ss_multires_noise_iterations", "6"),
        MetadataText("modelspec.sai_model_spec", "1.0.0"),
    )


def test_a_thumbnail_is_not_read_as_text(inspector: Inspector, tmp_path: Path) -> None:
    path = written(tmp_path, safetensors_bytes({"modelspec.thumbnail": "data:image/png;base64,AldyBaran+Aldy/Baran=="}))

    inspection = inspector.inspect_path(path)

    assert inspection.texts == (MetadataText("file name", "stars.safetensors"),)


def test_the_token_of_a_textual_inversion_is_read(inspector: Inspector, tmp_path: Path) -> None:
    embedding = {"<aldy-baran>": ("F16", [2, 768], bytes(3072))}
    path = written(tmp_path, safetensors_bytes({}, embedding))

    inspection = inspector.inspect_path(path)

    assert [(finding.signal, finding.verdict, finding.detail) for finding in inspection.findings] == [
        (Signal.NAME_IN_METADATA, Verdict.BLOCKED, "tensor name: a registered name at characters 2–11"),
        (
            Signal.WEIGHT_SIMILARITY,
            Verdict.CLEAN,
            "weights: not compared, as this is a textual inversion; only LoRAs are compared by weights",
        ),
    ]


def test_the_file_name_is_read(inspector: Inspector, tmp_path: Path) -> None:
    path = written(tmp_path, safetensors_bytes(), "AldyBaran_v2.safetensors")

    inspection = inspector.inspect_path(path)

    assert [finding.detail for finding in inspection.findings] == ["file name: a registered name at characters 1–9"]


@pytest.mark.parametrize("consent", list(Consent))
def test_consent_is_read_in_the_strictest_way(tmp_path: Path, consent: Consent) -> None:
    person = Person(ALDEBARAN, "Aldy Baran", consent=consent, creators=(UUID(int=11),))
    path = written(tmp_path, safetensors_bytes({"ss_output_name": "aldy_baran"}))

    inspection = Inspector(Snapshot(1, (person,))).inspect_path(path)

    assert inspection.verdict is Verdict.BLOCKED


def test_texts_are_storable_bounded_and_each_given_once(inspector: Inspector, tmp_path: Path) -> None:
    tags = {f"tag {at}": 1 for at in range(20_010)}
    odd = '{"a": ["x\\u0000y\\ud800", "again", "again"]}'
    path = written(tmp_path, safetensors_bytes({"ss_title": odd, "ss_tag_frequency": json.dumps(tags)}))

    texts = inspector.inspect_path(path).texts

    assert len(texts) == 1 + 20_000 + 1
    assert texts[1:4] == (
        MetadataText("ss_title", "a"),
        MetadataText("ss_title", "xy"),
        MetadataText("ss_title", "again"),
    )
    assert texts[-1].key == "other metadata"
    assert texts[-1].text.splitlines()[-1] == "tag 20009"


def test_hashes_that_a_file_claims_are_kept_and_told_when_false(inspector: Inspector, tmp_path: Path) -> None:
    truth = hashlib.sha256(b"".join(content for _, _, content in small_lora().values())).hexdigest()
    false = "0x" + "12" * 32
    claims = {
        "sshs_model_hash": false,
        "sshs_legacy_hash": "e3b0c442",
        "modelspec.hash_sha256": "0x" + truth.upper(),
    }
    path = written(tmp_path, safetensors_bytes(claims))

    inspection = inspector.inspect_path(path)

    assert inspection.claimed_hashes == claims
    assert inspection.verdict is Verdict.CLEAN
    assert inspection.findings == (
        Finding(
            Signal.TENSOR_HASH,
            Verdict.CLEAN,
            f"sshs_model_hash: the file claims {false}, but the SHA256 of its tensors is {truth}",
        ),
    )


@pytest.mark.parametrize("claim", ["by Aldy Baran", "", "12ab"])
def test_a_claim_that_is_no_hash_is_false_and_free_text_is_not_repeated(
    inspector: Inspector, tmp_path: Path, claim: str
) -> None:
    path = written(tmp_path, safetensors_bytes({"sshs_model_hash": claim}))

    findings = inspector.inspect_path(path).findings

    told = [finding.detail for finding in findings if finding.signal is Signal.TENSOR_HASH]
    shown = claim if claim == "12ab" else "something that is no hash"
    assert len(told) == 1
    assert told[0].startswith(f"sshs_model_hash: the file claims {shown}, but the SHA256 of its tensors is ")


def test_the_hash_that_trainers_claim_is_the_hash_of_the_tensors(inspector: Inspector, tmp_path: Path) -> None:
    tensors = {"b.alpha": np.arange(5, dtype=np.float16), "a.weight": np.ones((3, 4), dtype=np.float32)}
    plain, claiming = tmp_path / "plain.safetensors", tmp_path / "claiming.safetensors"
    save_file(tensors, plain, {"ss_output_name": "stars"})
    content = plain.read_bytes()
    claim = hashlib.sha256(content[8 + int.from_bytes(content[:8], "little") :]).hexdigest()
    save_file(tensors, claiming, {"ss_output_name": "stars", "sshs_model_hash": claim})

    inspections = [inspector.inspect_path(path) for path in (plain, claiming)]

    told = [finding for inspection in inspections for finding in inspection.findings]
    assert [finding for finding in told if finding.signal is Signal.TENSOR_HASH] == []
    assert {inspection.hashes["AUTOV3"] for inspection in inspections} == {claim[:12]}
    assert inspections[0].hashes["SHA256"] != inspections[1].hashes["SHA256"]


def test_a_blocked_file_is_recognised_whatever_it_is_called(tmp_path: Path) -> None:
    content = safetensors_bytes()
    path = written(tmp_path, content, "innocent.safetensors")
    blocked = Snapshot(9, blocked_sha256=((hashlib.sha256(content).hexdigest().upper(), ALDEBARAN),))

    inspection = Inspector(blocked).inspect_path(path)

    assert inspection.verdict is Verdict.BLOCKED
    assert [(finding.signal, finding.person_id) for finding in inspection.findings] == [(Signal.FILE_HASH, ALDEBARAN)]


def test_a_newer_registry_is_adopted_and_an_older_one_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, safetensors_bytes({"ss_output_name": "aldy_baran"}))
    inspector = Inspector()

    before = inspector.inspect_path(path)
    inspector.adopt(REGISTRY)
    inspector.adopt(Snapshot(version=6))
    after = inspector.inspect_path(path)

    assert (before.verdict, before.registry_version) == (Verdict.CLEAN, 0)
    assert (after.verdict, after.registry_version, inspector.version) == (Verdict.BLOCKED, 7, 7)


def test_an_inspector_that_is_behind_holds_what_it_reads_until_it_is_confirmed(storage: Storage) -> None:
    order = storage.to_inspect("stars.safetensors", safetensors_bytes(), registry_version=7)
    inspector = Inspector(REGISTRY, patience=60)

    behind = inspector.inspect(order)
    inspector.confirm(8, 0.0)  # there is a newer one
    still_behind = inspector.inspect(order)
    inspector.confirm(7, 0.0)
    confirmed = inspector.inspect(order)

    assert [each.verdict for each in (behind, still_behind, confirmed)] == [
        Verdict.HELD,
        Verdict.HELD,
        Verdict.CLEAN,
    ]
    [finding] = behind.findings
    assert finding.detail == (
        "file: the likeness registry held here has not been known to be the newest for more than 5 seconds"
    )


def test_a_file_that_is_not_there_is_a_source_that_cannot_be_read(inspector: Inspector, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable) as unreachable:
        inspector.inspect_path(tmp_path / "missing.safetensors")

    assert str(unreachable.value) == "The file cannot be read: No such file or directory."


def test_memory_does_not_grow_with_the_file_and_no_thread_stays(inspector: Inspector, tmp_path: Path) -> None:
    size = 96 * 1024**2
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.write(framed(json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()))
        file.truncate(file.tell() + size)
    threads = threading.active_count()

    tracemalloc.start()
    try:
        inspection = inspector.inspect_path(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert inspection.verdict is Verdict.CLEAN
    assert peak < 24 * 1024**2
    assert threading.active_count() == threads


def test_the_inspector_loads_no_machine_learning_library_and_no_database() -> None:
    program = (
        "import sys, gpu_cluster.inspector\n"
        "heavy = {'torch', 'scipy', 'diffusers', 'transformers', 'ray', 'piccolo', 'redis', 'pydantic_settings'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed == "[]\n"
