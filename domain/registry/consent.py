"""What a registered person allows, and what follows for a match of their name."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from domain.kernel.findings import Verdict
from domain.registry.matching import Matcher, NameMatch
from domain.registry.snapshot import Consent, Person


def allows(person: Person, *, account: UUID | None, mature: bool) -> bool:
    """Whether a person allows a use of their likeness by `account` (None: somebody who is not known).

    Publishing and generating follow the same rule. Nobody's consent covers mature content.
    """
    match person.consent:
        case Consent.DENY_ALL:
            return False
        case Consent.NAMED_CREATORS:
            return not mature and account in person.creators
        case Consent.SAFE_FOR_WORK_ONLY:
            return not mature


def apply_consent(
    matches: Iterable[NameMatch], matcher: Matcher, *, account: UUID | None, mature: bool
) -> list[NameMatch]:
    """Give the matches with the verdict that consent leaves them: CLEAN where the person allows the use.

    A person whom the matcher's snapshot does not know allows nothing.
    """
    return [
        replace(match, verdict=Verdict.CLEAN)
        if (person := matcher.person(match.person_id)) and allows(person, account=account, mature=mature)
        else match
        for match in matches
    ]
