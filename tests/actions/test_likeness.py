"""The registry through the real database: who may change it, its versions, its snapshot."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from domain import likeness
from domain.kernel.ids import PersonId, new_id
from domain.kernel.refusals import InvalidInput, NotAllowed, NotFound, SignInRequired
from domain.kernel.scope import Actor, Scope
from domain.registry.snapshot import Consent, Snapshot
from tests.factories import member, moderator
from tests.resourcing import NAME

Acting = Callable[[Actor], Scope]


async def test_each_change_is_a_version_and_tells_whom_it_is_about(db: asyncpg.Pool, system: Scope) -> None:
    creator = (await member()).account_id

    person, first = await likeness.register(system, name=NAME, aliases=["Aldebaran T", NAME])
    changed, second = await likeness.change(
        system, PersonId(person.id), consent=Consent.NAMED_CREATORS, creators=[creator]
    )
    third = await likeness.withdraw(system, PersonId(person.id))

    assert (first, second, third) == (1, 2, 3)
    assert person.aliases == ("Aldebaran T",)
    assert (changed.names, changed.creators) == (person.names, (creator,))
    facts = await db.fetch("SELECT body, topics FROM fact WHERE kind = 'RegistryChanged' ORDER BY id")
    assert len(facts) == 3
    assert all(str(person.id) in fact["body"] and fact["topics"] == '["registry"]' for fact in facts)


async def test_the_snapshot_holds_those_who_are_protected_now(system: Scope) -> None:
    kept, _ = await likeness.register(system, name=NAME)
    gone, _ = await likeness.register(system, name="Another Person Rigel")
    await likeness.block_file(system, sha256="ab" * 32, person_id=PersonId(kept.id))
    await likeness.block_file(system, sha256="cd" * 32, person_id=PersonId(gone.id))
    await likeness.withdraw(system, PersonId(gone.id))

    snapshot = await likeness.load_snapshot()

    assert snapshot == Snapshot(version=5, persons=(kept,), blocked_sha256=(("ab" * 32, kept.id),))
    assert await likeness.registry_version() == 5


async def test_an_empty_registry_is_version_nought(db: asyncpg.Pool) -> None:
    assert await likeness.load_snapshot() == Snapshot(version=0)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "\u0301"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": NAME, "aliases": ["---"]}, "aliases"),
        ({"name": NAME, "aliases": ["alias"] * 101}, "aliases"),
        ({"name": NAME, "consent": Consent.NAMED_CREATORS}, "creators"),
        ({"name": NAME, "creators": [new_id()]}, "creators"),
    ],
)
async def test_what_could_not_be_recognised_is_not_registered(
    db: asyncpg.Pool, system: Scope, given: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await likeness.register(system, **given)  # type: ignore[arg-type]

    assert refused.value.field == field
    assert await likeness.registry_version() == 0
    assert await db.fetchval("SELECT count(*) FROM registered_person") == 0


async def test_only_moderators_change_and_read_the_registry(acting: Acting, nobody: Scope, system: Scope) -> None:
    judge, someone = acting(await moderator()), acting(await member())
    person, _ = await likeness.register(judge, name=NAME)

    with pytest.raises(NotAllowed):
        await likeness.withdraw(someone, PersonId(person.id))
    with pytest.raises(SignInRequired):
        await likeness.register(nobody, name="Another Person Rigel")
    with pytest.raises(NotAllowed):
        await likeness.list_persons(someone)

    assert [entry.person for entry in await likeness.list_persons(judge)] == [person]
    assert await likeness.persons_by_ids(someone, [person.id]) == {}
    assert (await likeness.persons_by_ids(judge, [person.id]))[PersonId(person.id)].person == person
    assert await likeness.registry_version() == 1


async def test_who_is_not_there_can_not_be_changed_or_withdrawn(system: Scope) -> None:
    person, _ = await likeness.register(system, name=NAME)
    await likeness.withdraw(system, PersonId(person.id))

    with pytest.raises(NotFound):
        await likeness.withdraw(system, PersonId(person.id))
    with pytest.raises(NotFound):
        await likeness.change(system, PersonId(new_id()), name="Another Person Rigel")

    assert await likeness.registry_version() == 2


async def test_changes_at_once_each_get_a_version_of_their_own(system: Scope) -> None:
    names = [f"Test Person Number{n}" for n in range(8)]

    done = await asyncio.gather(*(likeness.register(system, name=name) for name in names))

    assert sorted(version for _, version in done) == list(range(1, 9))
