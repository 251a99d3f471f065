"""The rules of resources: drafts, files, what follows from scans, hashes as people write them."""

import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.refusals import Conflict, InvalidInput, PolicyRefused
from domain.resources import rules
from domain.resources.values import Cause, HashAlgorithm, ResourceDraft, ResourceKind, ResourceStatus

DRAFT = ResourceStatus.DRAFT
SCANNING = ResourceStatus.SCANNING
PUBLISHED = ResourceStatus.PUBLISHED
BLOCKED = ResourceStatus.BLOCKED
HELD = ResourceStatus.HELD
REMOVED = ResourceStatus.REMOVED


def draft(**given: object) -> ResourceDraft:
    return ResourceDraft(kind=ResourceKind.LORA, **{"title": "Watercolour", **given})  # type: ignore[arg-type]


def test_a_draft_is_cleaned_of_white_space_around_its_texts() -> None:
    given = draft(title="  Watercolour ", trigger_words=(" wash ",))

    cleaned = rules.checked_draft(given)

    assert (cleaned.title, cleaned.trigger_words) == ("Watercolour", ("wash",))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": ""}, "input.title"),
        ({"title": "x" * 201}, "input.title"),
        ({"title": "a\0b"}, "input.title"),
        ({"description": "x" * 20_001}, "input.description"),
        ({"description": "\ud800"}, "input.description"),
        ({"trigger_words": ("x",) * 51}, "input.triggerWords"),
        ({"trigger_words": ("x" * 101,)}, "input.triggerWords"),
        ({"trigger_words": (" ",)}, "input.triggerWords"),
    ],
)
def test_a_draft_out_of_bounds_names_the_field(given: dict[str, object], field: str) -> None:
    asked = draft(**given)

    with pytest.raises(InvalidInput) as refused:
        rules.checked_draft(asked)

    assert refused.value.field == field


def test_a_real_person_may_not_be_mature() -> None:
    asked = draft(mature=True, depicts_real_person=True)

    with pytest.raises(PolicyRefused) as refused:
        rules.checked_draft(asked)

    assert refused.value.policy == "real-person-mature/1"


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a\\b", "a\nb", "a\0b", "x" * 256, "a\u202eb"])
def test_a_file_name_is_a_plain_one(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.checked_file_name(name)

    assert refused.value.field == "input.fileName"


@pytest.mark.parametrize("size", [0, -1, 0.5, 101, float("nan"), float("inf"), 1e300])
def test_a_size_is_a_whole_number_within_the_limit(size: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.checked_size(size, most=100)

    assert refused.value.field == "input.sizeBytes"


@pytest.mark.parametrize(
    ("status", "cause", "verdicts", "then"),
    [
        (SCANNING, None, [Verdict.CLEAN, Verdict.CLEAN], PUBLISHED),
        (SCANNING, None, [Verdict.CLEAN, Verdict.PENDING], SCANNING),
        (SCANNING, None, [Verdict.BLOCKED, Verdict.PENDING], SCANNING),
        (SCANNING, None, [Verdict.CLEAN, Verdict.HELD], HELD),
        (SCANNING, None, [Verdict.CLEAN, Verdict.BLOCKED, Verdict.FAILED], BLOCKED),
        (SCANNING, None, [Verdict.CLEAN, Verdict.FAILED], DRAFT),
        (PUBLISHED, None, [Verdict.BLOCKED], BLOCKED),
        (BLOCKED, Cause.SCAN, [Verdict.CLEAN], PUBLISHED),
        (HELD, Cause.SCAN, [Verdict.CLEAN], PUBLISHED),
        (BLOCKED, Cause.MODERATOR, [Verdict.CLEAN], BLOCKED),
        (HELD, Cause.MODERATOR, [Verdict.BLOCKED], HELD),
        (REMOVED, Cause.OWNER, [Verdict.CLEAN], REMOVED),
        (DRAFT, None, [Verdict.CLEAN], DRAFT),
    ],
)
def test_what_follows_from_the_scans(
    status: ResourceStatus, cause: Cause | None, verdicts: list[Verdict], then: ResourceStatus
) -> None:
    assert rules.settled(status, cause, verdicts) is then


@pytest.mark.parametrize("status", [SCANNING, HELD, PUBLISHED, BLOCKED, REMOVED])
def test_only_a_draft_takes_files_and_is_submitted(status: ResourceStatus) -> None:
    with pytest.raises(Conflict) as adding:
        rules.check_takes_files(status, 0)
    with pytest.raises(Conflict) as submitting:
        rules.check_submit(status, 1)

    assert adding.value.state == submitting.value.state == status


def test_a_draft_without_a_file_is_not_submitted() -> None:
    with pytest.raises(Conflict) as refused:
        rules.check_submit(DRAFT, 0)

    assert refused.value.state == "DRAFT"


def test_a_finding_for_information_does_not_stand_against_anything() -> None:
    told = Finding(Signal.TENSOR_HASH, Verdict.CLEAN, "the file claims another hash than it has")
    against = Finding(Signal.NAME_IN_METADATA, Verdict.BLOCKED, "ss_output_name: a registered name")

    assert rules.standing([told, against]) == (against,)


@pytest.mark.parametrize(
    ("algorithm", "written", "candidates"),
    [
        (HashAlgorithm.SHA256, "AB" * 32, ("ab" * 32,)),
        (HashAlgorithm.SHA256, "sha256:" + "ab" * 32, ("ab" * 32,)),
        (HashAlgorithm.AUTOV2, " 0xABCDEF0123 ", ("abcdef0123",)),
        (HashAlgorithm.AUTOV3, "abcdef012345", ("abcdef012345",)),
        (HashAlgorithm.AUTOV3, "0x" + "abcdef012345" + "0" * 52, ("abcdef012345",)),
        (HashAlgorithm.CRC32, "85114A0D", ("85114a0d", "0d4a1185")),
        (HashAlgorithm.CRC32, "0D4A1185", ("0d4a1185", "85114a0d")),
        (HashAlgorithm.CRC32, "abcdcdab", ("abcdcdab",)),
        (HashAlgorithm.BLAKE3, "blake3:" + "cd" * 32, ("cd" * 32,)),
        (HashAlgorithm.AUTOV1, "e3b0c442", ()),
        (HashAlgorithm.AUTOV3, "e3b0c44298fc", ()),
        (HashAlgorithm.SHA256, "ab" * 31, ()),
        (HashAlgorithm.AUTOV2, "not a hash", ()),
        (HashAlgorithm.AUTOV2, "", ()),
    ],
)
def test_hashes_as_people_write_them(algorithm: HashAlgorithm, written: str, candidates: tuple[str, ...]) -> None:
    assert rules.hash_candidates(algorithm, written) == candidates
