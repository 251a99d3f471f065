"""The gate: words and files are judged by the newest registry, and pictures only where somebody looks at them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from PIL import Image

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import ClusterUnavailable, LoraUse, ModelRef, RenderOrder
from domain.registry.snapshot import Consent, Person, Snapshot
from gpu_cluster.gate import Gate, Refused
from tests.cluster.orders import render_order

ALDEBARAN = Person(UUID(int=1), "Test Person Aldebaran", aliases=("Albaran Testname",))
REGISTRY = Snapshot(version=4, persons=(ALDEBARAN,), blocked_sha256=(("f" * 64, ALDEBARAN.id),))
CHECKPOINT = ModelRef(UUID(int=10), "", "a" * 64, 10, "safetensors")
LORA = ModelRef(UUID(int=11), "", "b" * 64, 10, "safetensors")


def order(**changes: object) -> RenderOrder:
    return render_order(CHECKPOINT, registry_version=4, **changes)


def test_an_order_that_names_nobody_passes() -> None:
    gate = Gate(REGISTRY)

    judged_by = gate.admit(order(resources=(LoraUse(LORA, 1.0, trigger_words=("clay",)),)))

    assert judged_by == 4


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"prompt": "a photo of test person aldebaran"}, "prompt: a registered name at characters 12–32"),
        ({"negative_prompt": "Albaran_Testname"}, "negative prompt: a registered name at characters 1–16"),
        (
            {"resources": (LoraUse(LORA, 1.0, trigger_words=("TestPersonAldebaran",)),)},
            "trigger word: a registered name at characters 1–19",
        ),
    ],
)
def test_a_registered_name_anywhere_is_refused(changes: dict[str, object], where: str) -> None:
    gate = Gate(REGISTRY)

    with pytest.raises(Refused) as refusal:
        gate.admit(order(**changes))

    assert refusal.value.findings == (Finding(Signal.NAME_IN_TEXT, Verdict.BLOCKED, where, None, ALDEBARAN.id),)
    assert refusal.value.registry_version == 4


@pytest.mark.parametrize("where", ["checkpoint", "resource"])
def test_a_blocked_file_is_refused(where: str) -> None:
    gate = Gate(REGISTRY)
    blocked = replace(LORA, sha256="F" * 64)
    given = replace(order(), checkpoint=blocked) if where == "checkpoint" else order(resources=(LoraUse(blocked, 1.0),))

    with pytest.raises(Refused) as refusal:
        gate.admit(given)

    [finding] = refusal.value.findings
    assert (finding.signal, finding.verdict, finding.person_id) == (Signal.FILE_HASH, Verdict.BLOCKED, ALDEBARAN.id)
    assert finding.detail.startswith(f"resource {LORA.resource_id}, file: ")


def test_consent_is_read_for_the_orders_account_and_maturity() -> None:
    creator = uuid4()
    consenting = replace(ALDEBARAN, consent=Consent.NAMED_CREATORS, creators=(creator,))
    gate = Gate(Snapshot(version=4, persons=(consenting,)))
    named = order(prompt="Test Person Aldebaran", account_id=creator)

    judged_by = gate.admit(named)

    assert judged_by == 4
    for refused in (replace(named, account_id=uuid4()), replace(named, account_id=None), replace(named, mature=True)):
        with pytest.raises(Refused):
            gate.admit(refused)


def test_an_order_of_a_newer_registry_is_not_judged_by_an_older_one() -> None:
    gate = Gate(REGISTRY)

    with pytest.raises(ClusterUnavailable, match="holds registry version 4 and the order needs version 5"):
        gate.admit(replace(order(), registry_version=5))


def test_adopting_replaces_the_registry_and_never_goes_back() -> None:
    gate = Gate(Snapshot(version=3))
    named = order(
        prompt="Test Person Aldebaran",
    )

    versions = [gate.adopt(REGISTRY), gate.adopt(Snapshot(version=2)), gate.version]

    assert versions == [4, 4, 4]
    with pytest.raises(Refused):
        gate.admit(named)


def test_a_gate_that_is_behind_lets_nothing_pass_until_it_is_confirmed() -> None:
    gate = Gate(REGISTRY, patience=60)

    for judge in (gate.admit, lambda order: gate.release(Image.new("RGB", (8, 8)), order)):
        with pytest.raises(ClusterUnavailable, match="has not been known to be the newest for more than 5 seconds"):
            judge(order())
    gate.confirm(4, 0.0)

    assert gate.admit(order()) == 4


def test_without_a_picture_check_no_picture_is_examined_and_it_says_so() -> None:
    gate = Gate(REGISTRY)

    released = gate.release(Image.new("RGB", (8, 8)), order())

    assert released == 4
    assert gate.examines_pictures is False


def test_a_picture_check_decides_about_the_picture() -> None:
    class Strict:
        def examine(self, picture: Image.Image, order: RenderOrder, snapshot: Snapshot) -> Sequence[Finding]:
            detail = f"{picture.width} pixels wide, registry {snapshot.version}"
            return [Finding(Signal.MATURE_CONTENT, Verdict.HELD, detail, 0.9)]

        def may_show(self, preview: Image.Image, order: RenderOrder, snapshot: Snapshot) -> bool:
            return preview.width < 8

    gate = Gate(REGISTRY, Strict())

    with pytest.raises(Refused) as refusal:
        gate.release(Image.new("RGB", (8, 8)), order())

    assert gate.examines_pictures is True
    assert [finding.detail for finding in refusal.value.findings] == ["8 pixels wide, registry 4"]
    assert [gate.may_show(Image.new("RGB", (width, 8)), order()) for width in (7, 8)] == [True, False]
