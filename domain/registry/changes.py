"""What became of the registry between two versions: small enough to reach every gate at once, however large it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from uuid import UUID

from domain.registry.blocked import BlockedFiles
from domain.registry.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """All that changed after version `since`: these persons, and everything that `now` says of them alone.

    A person whom `now` doesn't know is gone. It may be applied to any registry from `since` on.
    """

    since: int
    person_ids: frozenset[UUID]
    now: Snapshot

    @property
    def version(self) -> int:
        """The version that it leads to."""
        return self.now.version


News = Snapshot | Change
"""A newer registry, whole or as what changed."""


def after(snapshot: Snapshot, news: News) -> Snapshot:
    """Give the registry that `news` leads to. Raises ValueError where changes before it are missing."""
    if isinstance(news, Snapshot):
        return news
    if snapshot.version < news.since:
        raise ValueError(f"This registry is at version {snapshot.version} and the change begins at {news.since}.")
    gone, now = news.person_ids, news.now
    kept_files = [file for file in snapshot.blocked_files if file.person_id not in gone]
    files_change = bool(now.blocked_files) or len(kept_files) < len(snapshot.blocked_files)
    return replace(
        snapshot,
        version=now.version,
        persons=(*(person for person in snapshot.persons if person.id not in gone), *now.persons),
        blocked_sha256=(*(entry for entry in snapshot.blocked_sha256 if entry[1] not in gone), *now.blocked_sha256),
        # What is needed to search the files is made once for each such object, so one that stays is kept.
        blocked_files=BlockedFiles((*kept_files, *now.blocked_files)) if files_change else snapshot.blocked_files,
        faces=(*(face for face in snapshot.faces if face.person_id not in gone), *now.faces),
    )


def joined(changes: Iterable[Change]) -> Change:
    """Make one change of several that follow one another."""
    return reduce(
        lambda first, then: Change(first.since, first.person_ids | then.person_ids, after(first.now, then)), changes
    )
