"""What tests of the vault begin with: members with tokens, and entries with files in the vault."""

from dataclasses import dataclass
from pathlib import Path

from domain import bounties
from domain.bounties import Bounty, BountyEntry
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Role, Scope
from domain.kernel.vault import SealedFile
from domain.resources import Holder, StoredFile, files_of, sealed_files
from tests import factories
from tests.actions.bounties import accepted, opened


@dataclass(frozen=True)
class Member:
    """Somebody, as the domain and as a request knows them."""

    scope: Scope
    token: str

    @property
    def handle(self) -> str:
        """The name that others see."""
        return self.scope.require_actor().handle

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request of theirs."""
        return {"authorization": f"Bearer {self.token}"}


async def some_member(ports: Ports, *, credits: int = 1000) -> Member:  # noqa: A002 - what it gives
    """A member with credits and a session."""
    signed = await factories.signed_in()
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await factories.give(actor, credits)
    return Member(Scope(ports=ports, actor=actor, address="127.0.0.1"), signed.token)


async def some_moderator(ports: Ports) -> Member:
    """A moderator with a session."""
    signed = await factories.signed_in(role=Role.MODERATOR)
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    return Member(Scope(ports=ports, actor=actor, address="127.0.0.1"), signed.token)


@dataclass(frozen=True)
class Awarded:
    """An awarded bounty: who asked, who won, and what."""

    initiator: Member
    author: Member
    bounty: Bounty
    entry: BountyEntry


async def awarded(ports: Ports, folder: Path, content: bytes) -> Awarded:
    """A bounty that was awarded to an entry with one file."""
    initiator, author = await some_member(ports), await some_member(ports)
    entry = await accepted(author.scope, await opened(initiator.scope), folder, content)
    bounty, entry = await bounties.award(initiator.scope, entry.bounty_id, to=entry.id)
    return Awarded(initiator, author, bounty, entry)


async def file_of_entry(entry: BountyEntry) -> StoredFile:
    """The one file of an entry."""
    holder = Holder("entry", entry.id)
    [file] = (await files_of([holder]))[holder]
    return file


async def sealed_file_of(entry: BountyEntry) -> SealedFile:
    """The one file of an entry, as it lies in the vault."""
    [file] = (await sealed_files([(await file_of_entry(entry)).id])).values()
    return file


async def link_to(member: Member, entry: BountyEntry) -> str:
    """The path and query of a fresh link: to what the initiator bought, or to an author's own file."""
    seen = (await bounties.entries_by_ids(member.scope, [entry.id]))[entry.id]
    if seen.author_id == member.scope.account_id:
        [own] = (await bounties.own_files(member.scope, [seen], urls=True))[entry.id]
        url = own.download_url
    else:
        [bought] = (await bounties.outcomes(member.scope, [seen], urls=True))[entry.id].files
        url = bought.download_url
    assert url is not None
    return url.removeprefix("http://testserver")
