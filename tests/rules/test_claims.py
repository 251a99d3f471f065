"""The rules of claims: codes and names as people write them, descriptors, consent, and what is refused."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.ids import AccountId, ClaimId, Subject, new_id
from domain.kernel.refusals import Conflict, InvalidInput
from domain.likeness import Claim, ClaimRelation, ClaimSource, ClaimStatus, claim_rules
from domain.likeness.claim_rules import Entry
from domain.registry.snapshot import Consent, Person
from tests.claiming import a_claim, a_descriptor

ONE, TWO = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def claim(**changed: object) -> Claim:
    claim_id = ClaimId(new_id())
    made = Claim(
        id=claim_id,
        case_code="LC-2222-2222",
        source=ClaimSource.FORM,
        status=ClaimStatus.RECEIVED,
        complete=True,
        person_name="Test Person Aldebaran",
        aliases=(),
        name_key="aldebaran person test",
        about=claim_id,
        relation=ClaimRelation.SELF,
        contact_email="a@example.org",
        account_id=None,
        locations=(),
        explanation="x",
        consent=Consent.DENY_ALL,
        creators=(),
        signature="x",
        received_at=NOW,
        due_at=claim_rules.due_at(NOW),
        decided_at=None,
        withdrawn_at=None,
        person_id=None,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def test_case_codes_are_of_letters_that_nobody_confuses() -> None:
    codes = {claim_rules.new_case_code() for _ in range(500)}

    assert len(codes) == 500
    assert all(claim_rules.case_code_of(code) == code for code in codes)
    assert not set("".join(code[3:] for code in codes)) & set("01AEIOUY")


@pytest.mark.parametrize("written", ["lc-7f3k-22qx", "LC7F3K22QX", " LC-7F3K - 22QX ", "LC-7F3K-22QX"])
def test_a_case_code_is_read_as_people_write_it(written: str) -> None:
    assert claim_rules.case_code_of(written) == "LC-7F3K-22QX"


@pytest.mark.parametrize("written", ["", "LC", "LC-7F3K-22Q", "LC-7F3K-22QXX", "LC-AAAA-0000", "x" * 100_000])
def test_anything_else_is_no_case_code(written: str) -> None:
    assert claim_rules.case_code_of(written) is None


def test_a_pin_is_ten_digits_however_they_are_grouped() -> None:
    pin = claim_rules.new_pin()

    assert claim_rules.pin_of(f" {pin[:5]}-{pin[5:]} ") == pin
    assert claim_rules.pin_of("０６９–２０８ ０１２３") == "0692080123"
    assert claim_rules.case_code_of("ＬＣ–７f3k—22qx") == "LC-7F3K-22QX"
    assert [claim_rules.pin_of(written) for written in ("", "123", pin + "1", "12345abcde")] == [None] * 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Test Person Aldebaran", "ALDEBARAN, Test Person"),
        ("Tést Pèrson", "test person"),
        ("O’Test-Person", "o test person"),
        ("Ｔｅｓｔ Person", "Test  Person"),
    ],
)
def test_two_ways_of_writing_a_name_have_one_key(one: str, other: str) -> None:
    assert claim_rules.name_key(one) == claim_rules.name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("राज मीना", "रोज मोना"), ("กิตติ ชัย", "กีตติ ชัย"), ("はら かきた", "ばら がぎだ"), ("মিতা সেন", "মাতা সেন")],
)
def test_marks_that_are_letters_tell_names_apart(one: str, other: str) -> None:
    assert claim_rules.name_key(one) != claim_rules.name_key(other)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"good_faith": False}, "input.goodFaith"),
        ({"person_name": " "}, "input.personName"),
        ({"person_name": "x" * 10_000}, "input.personName"),
        ({"person_name": "\u0301\u0302"}, "input.personName"),
        ({"person_name": "a\0b"}, "input.personName"),
        ({"aliases": ("---",)}, "input.aliases"),
        ({"aliases": ("alias",) * 21}, "input.aliases"),
        ({"contact_email": "nobody"}, "input.contactEmail"),
        ({"contact_email": "a@b.c\nBcc: x@y.z"}, "input.contactEmail"),
        ({"contact_email": "<a@b.cd>"}, "input.contactEmail"),
        ({"explanation": ""}, "input.explanation"),
        ({"explanation": "x" * 20_001}, "input.explanation"),
        ({"signature": ""}, "input.signature"),
        ({"locations": ("x",) * 101}, "input.locations"),
        ({"locations": ("x" * 2_001,)}, "input.locations"),
        ({"creators": ("somebody",)}, "input.creators"),
        ({"creators": ("a",) * 51, "consent": Consent.NAMED_CREATORS}, "input.creators"),
    ],
)
def test_a_claim_says_what_it_must(changed: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        claim_rules.checked_draft(a_claim(**changed))

    assert refused.value.field == field


@pytest.mark.parametrize(
    "address",
    [
        "victim@example.org,",
        "g:victim@example.org;",
        "a,victim@example.org",
        "a(victim@example.org)b@example.org",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "=?utf-8?q?victim=40example.org?=@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a@example",
        "a@-example.org",
        "a@example..org",
        "a@b@example.org",
        f"{'x' * 65}@example.org",
        f"a@{'x' * 64}.org",
        "a@ｅxample.org",
        "a\u200b@example.org",
        "a，b@example.org",
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        claim_rules.email_of(address, "input.contactEmail")

    assert refused.value.field == "input.contactEmail"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (" Ada.Lovelace+claims@Example.ORG ", "ada.lovelace+claims@example.org"),
        ("o'brien_{x}@mail-1.example.org", "o'brien_{x}@mail-1.example.org"),
        ("Jürgen@bücher.example", "jürgen@bücher.example"),
        ("संपर्क@डाटामेल.भारत", "संपर्क@डाटामेल.भारत"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
    ],
)
def test_plain_addresses_of_every_script_are_taken(address: str, kept: str) -> None:
    assert claim_rules.email_of(address, "input.contactEmail") == kept


@pytest.mark.parametrize(
    ("descriptors", "says"),
    [
        ([a_descriptor(length=129)], "exactly 128 numbers; number 1 has 129"),
        ([a_descriptor(), a_descriptor(length=127)], "exactly 128 numbers; number 2 has 127"),
        ([(math.nan, *a_descriptor()[1:])], "descriptor 1 holds something that is no finite number"),
        ([(math.inf, *a_descriptor()[1:])], "descriptor 1 holds something that is no finite number"),
        ([(0.0,) * 128], "outside 0.5 to 2.5"),
        ([a_descriptor(norm=30)], "outside 0.5 to 2.5"),
        ([a_descriptor()] * 21, "At most 20"),
    ],
)
def test_what_is_no_face_descriptor_is_refused_and_not_repeated(
    descriptors: list[tuple[float, ...]], says: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        claim_rules.checked_draft(a_claim(face_descriptors=tuple(descriptors)))

    assert refused.value.field == "input.faceDescriptors"
    assert says in refused.value.message
    assert str(descriptors[0][5])[:6] not in refused.value.message or descriptors[0][5] == 0


def test_descriptors_appear_in_no_representation() -> None:
    draft = a_claim(face_descriptors=(a_descriptor(),))

    assert str(a_descriptor()[0])[:8] not in repr(draft)
    assert "face_descriptors" not in repr(draft)


def test_things_of_ours_are_found_in_ids_and_links_of_ours_alone() -> None:
    digits = "0" * 30 + "ff"
    written = [
        f"resource_{digits}",
        f"https://us.example/models/bounty_{digits}?x=1",
        f"https://elsewhere.example/resource_{'1' * 32}",
        "https://us.example/about",
        f"account_{digits}",
        f"resource_{digits}",
        f"xresource_{digits}0",
    ]

    found = claim_rules.subjects_in(written, public_url="https://us.example")

    assert found == (Subject("resource", UUID(int=255)), Subject("bounty", UUID(int=255)))


@pytest.mark.parametrize(
    "malformed", ["http://[bad", "https://foo\u2100bar.com/x", "http://[::1", "://", "http://\ud800/"]
)
def test_a_malformed_link_is_not_ours_and_hides_nothing_else(malformed: str) -> None:
    ours = f"resource_{'0' * 31}7"

    found = claim_rules.subjects_in([f"{malformed}{ours}", ours], public_url="https://us.example")

    assert found == (Subject("resource", UUID(int=7)),)


@given(st.lists(st.text() | st.text("http:/[]@:%\u2100.?#", max_size=12).map(lambda text: f"http://{text}")))
def test_no_location_whatever_can_not_be_looked_into(locations: list[str]) -> None:
    found = claim_rules.subjects_in(locations, public_url="https://us.example")

    assert len(found) <= len(locations)


def test_a_claim_names_one_thing_for_each_place_and_no_more_than_it_may_name_places() -> None:
    ids = [f"resource_{number:032x}" for number in range(200)]

    crowded = claim_rules.subjects_in([" ".join(ids[:40])], public_url="https://us.example")
    many = claim_rules.subjects_in(ids, public_url="https://us.example")

    assert crowded == (Subject("resource", UUID(int=0)),)
    assert many == tuple(Subject("resource", UUID(int=number)) for number in range(100))


@pytest.mark.parametrize(("wanted", "held", "holds"), [(3, 0, 3), (3, 8, 2), (3, 10, 0), (3, 11, 0), (0, 0, 0)])
def test_what_is_held_before_a_decision_is_bounded_for_a_day(wanted: int, held: int, holds: int) -> None:
    assert claim_rules.holds_allowed(wanted, held=held, most=10) == holds


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([Entry("A B", ("C",), Consent.DENY_ALL)], Person(ONE, "A B", ("C",))),
        (
            [Entry("A B", (), Consent.SAFE_FOR_WORK_ONLY), Entry("B A", ("A B",), Consent.DENY_ALL)],
            Person(ONE, "A B", ("B A",)),
        ),
        (
            [
                Entry("A B", (), Consent.NAMED_CREATORS, (ONE, TWO)),
                Entry("A B", (), Consent.NAMED_CREATORS, (TWO,)),
                Entry("A B", (), Consent.SAFE_FOR_WORK_ONLY),
            ],
            Person(ONE, "A B", (), Consent.NAMED_CREATORS, (TWO,)),
        ),
        (
            [Entry("A B", (), Consent.NAMED_CREATORS, (ONE,)), Entry("A B", (), Consent.NAMED_CREATORS, (TWO,))],
            Person(ONE, "A B"),
        ),
        ([Entry("A B", (), Consent.NAMED_CREATORS)], Person(ONE, "A B")),
    ],
)
def test_what_several_say_of_one_person_is_folded_to_the_strictest(entries: list[Entry], expected: Person) -> None:
    assert claim_rules.merged(ONE, entries) == expected


@pytest.mark.parametrize("status", [ClaimStatus.UPHELD, ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN])
def test_a_claim_is_decided_once(status: ClaimStatus) -> None:
    with pytest.raises(Conflict) as refused:
        claim_rules.check_decision(claim(status=status), uphold=True)

    assert refused.value.state == status


def test_an_incomplete_claim_can_be_rejected_but_not_upheld() -> None:
    incomplete = claim(complete=False, relation=None, account_id=AccountId(ONE))

    claim_rules.check_decision(incomplete, uphold=False)
    with pytest.raises(Conflict) as refused:
        claim_rules.check_decision(incomplete, uphold=True)

    assert refused.value.state == "INCOMPLETE"


def test_it_is_due_after_48_hours_and_only_the_person_or_their_guardian_has_things_held() -> None:
    assert claim().due_at - claim().received_at == timedelta(hours=48)
    assert [claim_rules.may_hold(relation) for relation in (*ClaimRelation, None)] == [True, True, False, False, False]
