"""The gates: what stands against a text or a file, under which consent, and what a newer registry changes."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import MetadataText
from domain.registry.consent import allows, apply_consent
from domain.registry.gates import examine_file, examine_texts, revise
from domain.registry.matching import NameMatch
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Consent, Person, Snapshot

ALDEBARAN = UUID(int=1)
BELLATRIX = UUID(int=2)
CREATOR = UUID(int=11)
STRANGER = UUID(int=12)

PERSON = Person(ALDEBARAN, "Test Person Aldebaran", aliases=("Aldy Baran",))
SHA256 = "ab" * 32


def matcher_of(*persons: Person, blocked: tuple[tuple[str, UUID | None], ...] = ()) -> NameMatcher:
    """Make a matcher of these persons and blocked files."""
    return NameMatcher(Snapshot(version=1, persons=persons, blocked_sha256=blocked))


@pytest.mark.parametrize(
    ("consent", "account", "mature", "allowed"),
    [
        (Consent.DENY_ALL, CREATOR, False, False),
        (Consent.DENY_ALL, None, False, False),
        (Consent.NAMED_CREATORS, CREATOR, False, True),
        (Consent.NAMED_CREATORS, CREATOR, True, False),
        (Consent.NAMED_CREATORS, STRANGER, False, False),
        (Consent.NAMED_CREATORS, None, False, False),
        (Consent.SAFE_FOR_WORK_ONLY, STRANGER, False, True),
        (Consent.SAFE_FOR_WORK_ONLY, None, False, True),
        (Consent.SAFE_FOR_WORK_ONLY, CREATOR, True, False),
    ],
)
def test_consent_decides_who_may_and_never_allows_mature_content(
    consent: Consent, account: UUID | None, mature: bool, allowed: bool
) -> None:
    person = replace(PERSON, consent=consent, creators=(CREATOR,))
    matcher = matcher_of(person)

    verdict = allows(person, account=account, mature=mature)
    findings = examine_texts(matcher, [("title", "aldy baran")], Signal.NAME_IN_TEXT, account=account, mature=mature)

    assert verdict is allowed
    assert [finding.verdict for finding in findings] == ([] if allowed else [Verdict.BLOCKED])


def test_consent_leaves_a_match_of_an_unknown_person_blocked() -> None:
    match = NameMatch(BELLATRIX, "Bellatrix", 0, 9, 1.0, Verdict.BLOCKED)
    known = NameMatch(ALDEBARAN, "Aldy Baran", 0, 10, 1.0, Verdict.BLOCKED)
    matcher = matcher_of(replace(PERSON, consent=Consent.SAFE_FOR_WORK_ONLY))

    after = apply_consent([match, known], matcher, account=None, mature=False)

    assert after == [match, replace(known, verdict=Verdict.CLEAN)]


def test_a_finding_says_where_and_who_and_never_the_name() -> None:
    matcher = matcher_of(PERSON)

    findings = examine_texts(
        matcher,
        [("title", "portrait of Aldy Baran")] * 2
        + [("description", "nothing"), ("prompt", "aldy_baran, AldyBaran, x")],
        Signal.NAME_IN_TEXT,
        account=None,
        mature=False,
    )

    assert findings == [
        Finding(Signal.NAME_IN_TEXT, Verdict.BLOCKED, "title: a registered name at characters 13–22", None, ALDEBARAN),
        Finding(
            Signal.NAME_IN_TEXT,
            Verdict.BLOCKED,
            "prompt: a registered name at characters 1–10, and 1 more time",
            None,
            ALDEBARAN,
        ),
    ]


def test_a_label_that_holds_a_name_is_not_repeated() -> None:
    matcher = matcher_of(PERSON)

    [finding] = examine_texts(
        matcher, [("aldy_baran_info", "by Aldy Baran")], Signal.NAME_IN_METADATA, account=None, mature=True
    )

    assert finding.detail == "a field whose label holds a registered name: a registered name at characters 4–13"


def test_each_person_in_a_text_is_a_finding_of_their_own() -> None:
    other = Person(BELLATRIX, "Test Person Bellatrix")
    matcher = matcher_of(PERSON, other)

    findings = examine_texts(
        matcher, [("prompt", "aldy baran with test person bellatrix")], Signal.NAME_IN_TEXT, account=None, mature=False
    )

    assert {finding.person_id for finding in findings} == {ALDEBARAN, BELLATRIX}


def test_a_blocked_file_is_found_with_and_without_a_person() -> None:
    matcher = matcher_of(blocked=((SHA256, ALDEBARAN), ("cd" * 32, None)))

    findings = [examine_file(matcher, [sha256]) for sha256 in (SHA256.upper(), "cd" * 32, "ef" * 32)]

    assert findings == [
        [
            Finding(
                Signal.FILE_HASH,
                Verdict.BLOCKED,
                "file: its SHA256 is that of one which reproduces a registered person",
                None,
                ALDEBARAN,
            )
        ],
        [
            Finding(
                Signal.FILE_HASH,
                Verdict.BLOCKED,
                "file: its SHA256 is that of one which was blocked by a moderator's decision",
            )
        ],
        [],
    ]


def test_revising_replaces_what_the_registry_said_and_keeps_the_rest() -> None:
    unsafe = Finding(Signal.UNSAFE_FORMAT, Verdict.BLOCKED, "file: it is a pickle")
    claim = Finding(Signal.TENSOR_HASH, Verdict.CLEAN, "sshs_model_hash: differs")
    stale = Finding(Signal.NAME_IN_METADATA, Verdict.BLOCKED, "ss_output_name: a registered name", None, BELLATRIX)
    texts = (MetadataText("ss_output_name", "aldy_baran"),)
    named = replace(PERSON, consent=Consent.NAMED_CREATORS, creators=(CREATOR,))
    matcher = matcher_of(named)

    for_creator = revise([unsafe, claim, stale], matcher, texts=texts, sha256=SHA256, account=CREATOR, mature=False)
    for_stranger = revise([unsafe, claim, stale], matcher, texts=texts, sha256=SHA256, account=STRANGER, mature=False)
    after_block = revise(
        for_creator,
        matcher_of(named, blocked=((SHA256, ALDEBARAN),)),
        texts=texts,
        sha256=SHA256,
        account=CREATOR,
        mature=False,
    )

    assert for_creator == [unsafe, claim]
    assert [finding.signal for finding in for_stranger] == [
        Signal.UNSAFE_FORMAT,
        Signal.TENSOR_HASH,
        Signal.NAME_IN_METADATA,
    ]
    assert [finding.signal for finding in after_block] == [
        Signal.UNSAFE_FORMAT,
        Signal.TENSOR_HASH,
        Signal.FILE_HASH,
    ]
