"""What one gate holds: newer each time, never older, and closed when nobody confirms it."""

import gc
import threading
import time
from uuid import UUID

import pytest

from domain.registry import names
from domain.registry.adopting import Adopted
from domain.registry.changes import Change
from domain.registry.snapshot import Person, Snapshot

ALDEBARAN, RIGEL = Person(UUID(int=1), "Test Person Aldebaran"), Person(UUID(int=2), "Test Person Rigel")


def added(since: int, *persons: Person) -> Change:
    """One more version, in which these persons came in or changed."""
    return Change(since, frozenset(person.id for person in persons), Snapshot(since + 1, persons))


def test_a_change_is_in_force_at_once() -> None:
    adopted = Adopted(Snapshot(3, (ALDEBARAN,)))

    version = adopted.adopt(added(3, RIGEL))

    assert version == adopted.version == 4
    found = {match.person_id for match in adopted.matcher.match("test person aldebaran and test person rigel")}
    assert found == {ALDEBARAN.id, RIGEL.id}


def test_an_older_registry_and_a_change_with_a_gap_before_it_are_left_aside() -> None:
    adopted = Adopted(Snapshot(3, (ALDEBARAN,)))

    versions = [adopted.adopt(news) for news in (Snapshot(2), added(2, RIGEL), added(4, RIGEL))]

    assert versions == [3, 3, 3]
    assert adopted.snapshot == Snapshot(3, (ALDEBARAN,))


def test_after_many_changes_the_index_is_made_anew_beside_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_CROWDED_LEAST", 3)
    adopted = Adopted(Snapshot(0, (ALDEBARAN,)))
    crowd = [Person(UUID(int=10 + n), f"Test Person Number{n}") for n in range(6)]

    for version, person in enumerate(crowd):
        adopted.adopt(added(version, person))
    for thread in threading.enumerate():
        if thread.name == "registry":
            thread.join(10)

    assert adopted.version == 6
    assert adopted.matcher.overlaid < 6
    assert all(adopted.matcher.match(person.name)[0].person_id == person.id for person in (ALDEBARAN, *crowd))


def test_without_a_patience_it_is_never_behind() -> None:
    assert not Adopted().is_behind


def test_a_large_registry_is_taken_out_of_the_collectors_sight_when_its_index_is_made_and_not_at_each_change() -> None:
    adopted = Adopted(Snapshot(0))
    crowd = tuple(Person(UUID(int=10 + n), f"Test Person Number{n}") for n in range(1001))
    gc.unfreeze()

    adopted.adopt(Snapshot(1, crowd))
    made = gc.get_freeze_count()
    gc.unfreeze()
    adopted.adopt(added(1, RIGEL))

    assert made > len(crowd)
    assert gc.get_threshold()[0] == 20_000
    assert gc.get_freeze_count() == 0
    assert adopted.matcher.match("test person rigel")


def test_it_is_behind_until_it_is_confirmed_and_again_when_that_is_long_ago() -> None:
    adopted = Adopted(Snapshot(3), patience=0.05)

    seen = [adopted.is_behind]
    adopted.confirm(3)
    seen.append(adopted.is_behind)
    time.sleep(0.06)
    seen.append(adopted.is_behind)
    adopted.confirm(3, age=0.06)
    seen.append(adopted.is_behind)

    assert seen == [True, False, True, True]


def test_a_confirmation_of_a_newer_registry_is_none() -> None:
    adopted = Adopted(Snapshot(3), patience=60)

    adopted.confirm(4)

    assert adopted.is_behind
