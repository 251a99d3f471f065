"""What happens to resources and files."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, FileId, ResourceId


@dataclass(frozen=True, slots=True)
class ResourceChanged(Fact):
    """A resource came into a status, or what is said about it there changed.

    `before` is the status that it came from, and `cause` who restricted it, where that is known.
    """

    resource_id: ResourceId
    owner_id: AccountId
    status: str
    before: str = ""
    cause: str = ""

    @property
    def public(self) -> bool:
        """Whether everybody could see the resource before this, or can since."""
        return "PUBLISHED" in (self.before, self.status)

    def topics(self) -> Iterable[str]:
        """Go to those who watch the resource, and what is news to its owner to them."""
        # A draft whose texts alone were judged anew is none.
        unread = self.status == "DRAFT" != self.before
        news = unread or self.status in ("PUBLISHED", "HELD", "BLOCKED", "REMOVED")
        return (f"resource:{self.resource_id}", *((f"inbox:{self.owner_id}",) if news else ()))


@dataclass(frozen=True, slots=True)
class FileScanned(Fact):
    """A scan ended, or a change of the registry changed its verdict. The holder is a resource or a bounty's entry."""

    file_id: FileId
    holder_kind: str
    holder_id: UUID
    verdict: str
