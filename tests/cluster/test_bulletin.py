"""What an actor is given of the registry: what changed since its own where that is little, else all of it."""

import math
from uuid import UUID

from domain.registry.changes import Change, News
from domain.registry.snapshot import Person, Snapshot
from gpu_cluster.bulletin import Bulletin
from gpu_cluster.parcels import Binder, Page


def added(since: int) -> Change:
    """One more version with one more person."""
    person = Person(UUID(int=since + 1), f"Test Person Number{since + 1}")
    return Change(since, frozenset({person.id}), Snapshot(since + 1, (person,)))


def bound(pages: tuple[Page, ...]) -> News:
    """What the pages hold."""
    binder = Binder()
    [news] = [made for page in pages if (made := binder.add(page)) is not None]
    assert isinstance(news, Snapshot | Change)
    return news


async def test_an_actor_that_is_a_little_behind_gets_the_changes_as_one() -> None:
    bulletin = Bulletin(Snapshot(5))
    for version in range(5, 8):
        await bulletin.renew(added(version))

    news = bound(await bulletin.pages_from(6))

    assert isinstance(news, Change)
    assert (news.since, news.version, {person.id.int for person in news.now.persons}) == (6, 8, {7, 8})


async def test_an_actor_that_is_far_behind_gets_the_whole_registry() -> None:
    bulletin = Bulletin(Snapshot(5))
    await bulletin.renew(added(5))

    news = bound(await bulletin.pages_from(0))

    assert isinstance(news, Snapshot)
    assert [person.id.int for person in news.persons] == [6]


async def test_after_a_whole_registry_the_changes_before_it_are_forgotten() -> None:
    bulletin = Bulletin(Snapshot(5))
    await bulletin.renew(added(5))
    await bulletin.renew(Snapshot(9))

    assert bound(await bulletin.pages_from(5)) == Snapshot(9)


async def test_an_older_registry_changes_nothing() -> None:
    bulletin = Bulletin(Snapshot(5))

    assert not await bulletin.renew(Snapshot(4))

    assert bulletin.version == 5


async def test_only_what_is_held_here_can_be_confirmed() -> None:
    bulletin = Bulletin(Snapshot(5))

    before = bulletin.confirmed()
    bulletin.confirm(6)
    ahead = bulletin.confirmed()
    bulletin.confirm(5)
    version, age = bulletin.confirmed()

    assert before == ahead == (5, math.inf)
    assert version == 5
    assert 0 <= age < 1
