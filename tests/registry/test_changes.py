"""A change applied to a registry gives what the newer registry says, whatever it was applied to."""

from uuid import UUID

import pytest

from domain.registry.blocked import BlockedFile, BlockedFiles, Fingerprint
from domain.registry.changes import Change, after, joined
from domain.registry.snapshot import EnrolledFace, Person, Snapshot

ALDEBARAN, RIGEL, VEGA = (
    Person(UUID(int=n), f"Test Person {name}") for n, name in enumerate(("Aldebaran", "Rigel", "Vega"), 1)
)


def of(version: int, *persons: Person) -> Snapshot:
    """A registry of these persons, each with a blocked file, its fingerprint and a face."""
    return Snapshot(
        version,
        persons,
        tuple((f"{person.id.int:064x}", person.id) for person in persons),
        BlockedFiles(BlockedFile(Fingerprint({"SHA256": f"{person.id.int:064x}"}), person.id) for person in persons),
        tuple(EnrolledFace(person.id, bytes([person.id.int])) for person in persons),
    )


def change(since: int, now: Snapshot, *persons: Person) -> Change:
    """What became of these persons."""
    return Change(since, frozenset(person.id for person in persons), now)


def test_somebody_new_comes_in_and_somebody_withdrawn_goes_with_all_that_was_theirs() -> None:
    held = of(4, ALDEBARAN, RIGEL)

    newer = after(held, change(4, of(6, VEGA), VEGA, ALDEBARAN))

    assert newer == of(6, RIGEL, VEGA)


def test_a_change_may_be_applied_again_and_to_any_version_from_its_beginning_on() -> None:
    news = change(4, of(6, VEGA), VEGA, ALDEBARAN)

    once = after(of(4, ALDEBARAN, RIGEL), news)

    assert after(once, news) == once
    assert after(of(5, RIGEL), news) == once


def test_a_change_that_does_not_join_on_is_refused() -> None:
    with pytest.raises(ValueError, match="at version 3 and the change begins at 4"):
        after(of(3, ALDEBARAN), change(4, of(5, RIGEL), RIGEL))


def test_what_is_needed_to_search_the_files_is_kept_where_no_file_changes() -> None:
    held = of(1, ALDEBARAN)

    newer = after(held, change(1, Snapshot(2, (VEGA,)), VEGA))

    assert newer.blocked_files is held.blocked_files


def test_changes_that_follow_one_another_are_one() -> None:
    first = change(4, of(5, VEGA), VEGA)
    then = change(5, of(6, RIGEL), VEGA, RIGEL)

    both = joined([first, then])

    assert (both.since, both.version) == (4, 6)
    held = of(4, ALDEBARAN)
    assert after(held, both) == after(after(held, first), then) == of(6, ALDEBARAN, RIGEL)
