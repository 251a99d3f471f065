"""The rules of the registry: what can be registered. No I/O."""

from collections.abc import Sequence
from uuid import UUID

from domain.kernel.refusals import InvalidInput
from domain.kernel.text import clean
from domain.registry.names import MAX_NAME_LENGTH, check_names
from domain.registry.snapshot import Consent, Person

MAX_ALIASES = 100
MAX_CREATORS = 1000


def checked_person(
    person_id: UUID, *, name: str, aliases: Sequence[str], consent: Consent, creators: Sequence[UUID]
) -> Person:
    """Give a person whose every name can be recognised. Raises InvalidInput.

    A name that the matcher would never find protects nobody, so each is put through it before it is registered.
    """
    if len(aliases) > MAX_ALIASES:
        raise InvalidInput(f"A person may have at most {MAX_ALIASES} aliases.", field="aliases")
    if len(creators) > MAX_CREATORS:
        raise InvalidInput(f"At most {MAX_CREATORS} creators may be named.", field="creators")
    if (consent is Consent.NAMED_CREATORS) != bool(creators):
        raise InvalidInput(
            "Creators are named exactly when the consent is NAMED_CREATORS: name them, or choose another consent.",
            field="creators",
        )
    named = clean(name, "name", MAX_NAME_LENGTH, min_length=1)
    others = (clean(alias, "aliases", MAX_NAME_LENGTH, min_length=1) for alias in aliases)
    person = Person(
        id=person_id,
        name=named,
        aliases=tuple(alias for alias in dict.fromkeys(others) if alias != named),
        consent=consent,
        creators=tuple(dict.fromkeys(creators)),
    )
    problem = check_names(person)
    if problem:
        raise InvalidInput(problem, field="name" if check_names(Person(person_id, named)) else "aliases")
    return person
