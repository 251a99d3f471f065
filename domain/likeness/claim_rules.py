"""The rules of claims: what a claim may say, when it is due, and what follows from it. No I/O."""

import math
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from domain.kernel.ids import Subject
from domain.kernel.refusals import Conflict, InvalidInput
from domain.kernel.text import clean
from domain.likeness.rules import checked_person
from domain.likeness.values import Claim, ClaimDraft, ClaimRelation, ClaimStatus, MailedClaim
from domain.registry.names import MAX_NAME_LENGTH
from domain.registry.snapshot import Consent, Person

TIME_TO_DECIDE = timedelta(hours=48)
ESCALATIONS = (50, 80, 100)
"""The shares of that time, in per cent, at which a claim that waits is told."""

MAX_EXPLANATION = 20_000
MAX_DECISION = 2_000
MAX_LOCATIONS = 100
MAX_LOCATION = 2_000
MAX_CLAIM_ALIASES = 20
MAX_CLAIM_CREATORS = 50
MAX_SIGNATURE = 200
MAX_DESCRIPTORS = 20
DESCRIPTOR_LENGTH = 128
DESCRIPTOR_NORMS = (0.5, 2.5)
"""What lengths a descriptor of the dlib network can have: real ones measure 1.2 to 1.6; noise and zeros are outside."""

_LETTERS = "23456789BCDFGHJKLMNPQRSTVWXZ"
"""What case codes are made of: nothing that looks like another (0 O, 1 I), no vowels, so no words."""
_CASE_CODE = re.compile(rf"LC-?([{_LETTERS}]{{4}})-?([{_LETTERS}]{{4}})")
_PIN = re.compile(r"[0-9]{10}")
_ATOM = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7f])+"
_LABEL = r"(?!-)(?:[A-Za-z0-9-]|[^\x00-\x7f]){1,63}(?<!-)"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
"""An address as mail programs write it plainly (RFC 5322, dot-atom): nothing that a header could read as two."""
_OURS = re.compile(r"(?<![A-Za-z0-9_])(resource|bounty|entry|job|image)_([0-9a-f]{32})(?![0-9a-f])")
_MARKS_SPELL, _LATER_LATIN_AND_GREEK = "\u0780", ("\u1e00", "\u1fff")
"""From here on marks are letters of their own, as vowel signs are in Devanagari; but for later Latin and Greek."""
_DASHES = re.compile(r"[\s\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d-]")
_STRICTEST_FIRST = (Consent.DENY_ALL, Consent.NAMED_CREATORS, Consent.SAFE_FOR_WORK_ONLY)


def new_case_code() -> str:
    """Make the public handle of a case, such as `LC-7F3K-22QX`: 38 random bits."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"LC-{drawn[:4]}-{drawn[4:]}"


def case_code_of(text: str) -> str | None:
    """Read a case code as people write it: in any case or width, with or without dashes; None for anything else."""
    found = _CASE_CODE.fullmatch(_written_together(text).upper())
    return f"LC-{found[1]}-{found[2]}" if found else None


def new_pin() -> str:
    """Make a PIN: ten digits, so that guessing within the rate limits takes centuries."""
    return f"{secrets.randbelow(10**10):010}"


def pin_of(text: str) -> str | None:
    """Read a PIN as people write it, with spaces or dashes, in digits of any width; None for anything else."""
    digits = _written_together(text)
    return digits if _PIN.fullmatch(digits) else None


def _written_together(text: str) -> str:
    return _DASHES.sub("", unicodedata.normalize("NFKC", text[:40]))


def name_key(name: str) -> str:
    """Fold a name so that two ways of writing it are one: case, accents, punctuation and the order of its parts.

    Marks are accents in Latin, Greek, Cyrillic, Hebrew and Arabic letters; elsewhere they are vowels and consonants,
    and make another name. It joins claims about one person; what is recognised in texts is for the registry's own
    folding to say.
    """
    kept: list[str] = []
    accented = False
    for char in unicodedata.normalize("NFKD", name).casefold():
        if unicodedata.category(char).startswith("M"):
            kept += [] if accented else [char]
        else:
            accented = char < _MARKS_SPELL or _LATER_LATIN_AND_GREEK[0] <= char <= _LATER_LATIN_AND_GREEK[1]
            kept.append(char if char.isalnum() else " ")
    return " ".join(sorted(unicodedata.normalize("NFC", "".join(kept)).split()))


def name_keys(person: Person) -> list[str]:
    """Give the keys of every name of a person."""
    return sorted({key for name in person.names if (key := name_key(name))})


def checked_draft(draft: ClaimDraft) -> ClaimDraft:
    """Give a claim, cleaned, if it says what a claim must. Raises InvalidInput."""
    if not draft.good_faith:
        raise InvalidInput("A claim must be made in good faith: confirm that it is accurate.", field="input.goodFaith")
    if len(draft.aliases) > MAX_CLAIM_ALIASES:
        raise InvalidInput(f"A claim may give at most {MAX_CLAIM_ALIASES} other names.", field="input.aliases")
    named = _checked_names(draft.person_name, draft.aliases)
    return replace(
        draft,
        person_name=named.name,
        aliases=named.aliases,
        contact_email=email_of(draft.contact_email, "input.contactEmail"),
        explanation=clean(draft.explanation, "input.explanation", MAX_EXPLANATION, min_length=1),
        signature=clean(draft.signature, "input.signature", MAX_SIGNATURE, min_length=1),
        locations=_checked_locations(draft.locations),
        creators=_checked_creators(draft),
        face_descriptors=checked_descriptors(draft.face_descriptors),
    )


def email_of(text: str, field: str) -> str:
    """Give an address that can be written to, folded so that two ways of writing it are one. Raises InvalidInput.

    Letters of every script are taken, but none that is only another form of a letter, such as a full-width one.
    """
    email = unicodedata.normalize("NFC", clean(text, field, 254).casefold())
    plain = all(char.isascii() or unicodedata.category(char)[0] in "LMN" for char in email)
    if not plain or "=?" in email or unicodedata.normalize("NFKC", email) != email or not _EMAIL.fullmatch(email):
        raise InvalidInput("This is not an e-mail address: it looks like `name@example.org`.", field=field)
    return email


def mailed_claim(
    *,
    sender: str,
    person_name: str,
    words: str,
    links: Sequence[str],
    message_id: str | None,
    field: str = "from",
) -> MailedClaim:
    """Make a claim of what an e-mail says, cut to what a claim may hold. Raises InvalidInput for its sender alone."""
    return MailedClaim(
        person_name=person_name.strip()[:MAX_NAME_LENGTH],
        contact_email=email_of(sender, field),
        explanation=words.strip()[:MAX_EXPLANATION],
        locations=tuple(link[:MAX_LOCATION] for link in links[:MAX_LOCATIONS]),
        message_id=message_id,
    )


def checked_descriptors(descriptors: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Give face descriptors that can be compared. Raises InvalidInput, which repeats none of their numbers."""
    field = "input.faceDescriptors"
    if len(descriptors) > MAX_DESCRIPTORS:
        raise InvalidInput(f"At most {MAX_DESCRIPTORS} face descriptors are taken.", field=field)
    low, high = DESCRIPTOR_NORMS
    for number, each in enumerate(descriptors, start=1):
        if len(each) != DESCRIPTOR_LENGTH:
            raise InvalidInput(
                f"A face descriptor has exactly {DESCRIPTOR_LENGTH} numbers; number {number} has {len(each)}.",
                field=field,
            )
        if not all(math.isfinite(value) for value in each):
            raise InvalidInput(f"Face descriptor {number} holds something that is no finite number.", field=field)
        if not low <= math.hypot(*each) <= high:
            raise InvalidInput(
                f"Face descriptor {number} is none: its length as a vector lies outside {low} to {high}.", field=field
            )
    return tuple(tuple(float(value) for value in each) for each in descriptors)


def subjects_in(locations: Iterable[str], *, public_url: str) -> tuple[Subject, ...]:
    """Give the things of ours that a claim names: by their id, or by a link to our own pages.

    A place names one thing, the first that stands in it, and a claim as many as it may name places.
    """
    host = _host_of(public_url)
    ours = (location for location in locations if "://" not in location or _host_of(location) == host)
    named = (found for location in ours if (found := _OURS.search(location)))
    return tuple(dict.fromkeys(Subject(found[1], UUID(hex=found[2])) for found in named))[:MAX_LOCATIONS]


def _host_of(link: str) -> str | None:
    """Give the host of a link; None for one that is malformed, and therefore not ours."""
    try:
        return urlsplit(link).netloc.lower()
    except ValueError:
        return None


def may_hold(relation: ClaimRelation | None) -> bool:
    """Whether what a claim names is held before it is decided: for the person themselves and for their guardian."""
    return relation in (ClaimRelation.SELF, ClaimRelation.PARENT_OR_GUARDIAN)


def holds_allowed(wanted: int, *, held: int, most: int) -> int:
    """Say how many of the things that a claim names it may have held, where others of that day have had theirs."""
    return max(0, min(wanted, most - held))


def due_at(received_at: datetime) -> datetime:
    """Say until when a claim must be decided."""
    return received_at + TIME_TO_DECIDE


def check_decision(claim: Claim, *, uphold: bool) -> None:
    """Refuse to decide what is decided, or to uphold what lacks what the registry needs. Raises Conflict."""
    if not claim.open:
        raise Conflict(f"This claim can no longer be decided: it is {claim.status}.", state=claim.status)
    if uphold and not claim.complete:
        raise Conflict(
            "This claim came by e-mail and was not completed yet: it can be rejected, or wait for the claimant.",
            state="INCOMPLETE",
        )


def check_withdrawal(claim: Claim) -> None:
    """Refuse to withdraw what is over. Raises Conflict."""
    if claim.status in (ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN):
        raise Conflict(f"There is nothing to withdraw: this claim is {claim.status}.", state=claim.status)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source says of a person: the operator's own entry, or one upheld claim."""

    name: str
    aliases: tuple[str, ...]
    consent: Consent
    creators: tuple[UUID, ...] = ()


def merged(person_id: UUID, entries: Sequence[Entry]) -> Person:
    """Make one person of all that is said of them: every name, however many, and the strictest consent.

    Where several name creators, only those whom all name may; where none is left, nobody may.
    """
    names = list(dict.fromkeys(name for entry in entries for name in (entry.name, *entry.aliases)))
    consent = min((entry.consent for entry in entries), key=_STRICTEST_FIRST.index)
    naming = [entry.creators for entry in entries if entry.consent is Consent.NAMED_CREATORS]
    creators: tuple[UUID, ...] = ()
    if consent is Consent.NAMED_CREATORS:
        creators = tuple(each for each in naming[0] if all(each in others for others in naming))
        consent = consent if creators else Consent.DENY_ALL
    return Person(person_id, names[0], tuple(names[1:]), consent, creators)


def _checked_names(name: str, aliases: Sequence[str]) -> Person:
    """Put the names through the registry's own check, so that upholding the claim can't fail on them."""
    clean(name, "input.personName", MAX_NAME_LENGTH, min_length=1)
    try:
        return checked_person(UUID(int=0), name=name, aliases=aliases, consent=Consent.DENY_ALL, creators=())
    except InvalidInput as refused:
        field = {"name": "input.personName", "aliases": "input.aliases"}[refused.field]
        raise InvalidInput(refused.message, field=field) from None


def _checked_locations(locations: Sequence[str]) -> tuple[str, ...]:
    if len(locations) > MAX_LOCATIONS:
        raise InvalidInput(f"A claim may name at most {MAX_LOCATIONS} places.", field="input.locations")
    cleaned = (clean(location, "input.locations", MAX_LOCATION, min_length=1) for location in locations)
    return tuple(dict.fromkeys(cleaned))


def _checked_creators(draft: ClaimDraft) -> tuple[str, ...]:
    field = "input.creators"
    if draft.creators and draft.consent is not Consent.NAMED_CREATORS:
        raise InvalidInput("Creators are named only where the consent is NAMED_CREATORS.", field=field)
    if len(draft.creators) > MAX_CLAIM_CREATORS:
        raise InvalidInput(f"At most {MAX_CLAIM_CREATORS} creators may be named in a claim.", field=field)
    return tuple(dict.fromkeys(clean(creator, field, 100, min_length=1) for creator in draft.creators))
