"""What tests of concerned moderators begin with: things of many people, and moderators with a part in them."""

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg

from domain import accounts, bounties, generation, moderation
from domain.bounties import Bounty, BountyEntry, Review
from domain.generation import Wish
from domain.kernel.ids import Credits, FileId, ResourceId, Subject
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Role, Scope
from domain.likeness import Claim
from domain.moderation import Case, Cause, Decision
from tests.actions.bounties import accepted, followed, opened, somebody
from tests.actions.cases import the_case
from tests.claiming import filed
from tests.factories import give
from tests.resourcing import published
from tests.studio import studio

WHY = "I have looked at it, and this is why."
_NUMBERS = itertools.count(1)


@dataclass
class World:
    """A bounty with an entry, a resource, and a claim that points at all three; each of somebody else."""

    db: asyncpg.Pool
    ports: Ports
    folder: Path
    initiator: Scope
    author: Scope
    owner: Scope
    claimant: Scope
    bounty: Bounty
    entry: BountyEntry
    resource_id: ResourceId
    claim: Claim
    case: Case
    file_id: FileId

    @property
    def names(self) -> Mapping[str, str]:
        """What they are called in the API."""
        ids = {"bounty": self.bounty.id, "case": self.case.id, "claim": self.claim.id, "resource": self.resource_id}
        return {name: f"{name}_{each.hex}" for name, each in ids.items()}

    async def waits_for(self, moderator: Scope) -> None:
        """Have the bounty wait for a review, and a moderator hold its case, whatever they may do with it."""
        await self.db.execute(
            "UPDATE bounty SET review = 'WAITING', held_at = created_at WHERE id = $1", self.bounty.id
        )
        await self.db.execute(
            "UPDATE moderation_case SET claimed_by = $2, claim_expires_at = $3 WHERE id = $1",
            self.case.id,
            moderator.account_id,
            moderator.now + timedelta(minutes=5),
        )


async def world_of(db: asyncpg.Pool, ports: Ports, folder: Path) -> World:
    """Bring it about."""
    initiator, author, owner, claimant = [await somebody(ports) for _ in range(4)]
    bounty = await opened(initiator, pledge=Credits(100))
    entry = await accepted(author, bounty, folder)
    resource_id = await published(owner)
    await moderation.note(Scope.of_system(ports), Subject("bounty", bounty.id), Cause.REVIEW, "for the test")
    case = await the_case(Scope.of_system(ports))
    [own] = (await bounties.own_files(author, [entry], urls=False))[entry.id]
    pointed_at = f"resource_{resource_id.hex}", f"bounty_{bounty.id.hex}", f"entry_{entry.id.hex}"
    claim = await claimed(claimant, pointed_at)
    people = initiator, author, owner, claimant
    return World(db, ports, folder, *people, bounty, entry, resource_id, claim, case, own.id)


async def claimed(scope: Scope, locations: Sequence[str], **changed: object) -> Claim:
    """A claim that points at these things, looked into."""
    made = await filed(scope, locations=tuple(locations), **changed)
    await followed(scope.ports)
    return made.claim


async def a_moderator(ports: Ports, *, like: Scope | None = None) -> Scope:
    """A moderator with credits; `like` is a member whose mailbox they share."""
    handle = f"judge-{next(_NUMBERS)}"
    mailbox = like.require_actor().handle if like else handle
    signed = await accounts.create(
        Scope.of_system(ports), handle=handle, email=f"{mailbox}+{handle}@example.org", role=Role.MODERATOR
    )
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await give(actor, 1000)
    return Scope(ports=ports, actor=actor, address="127.0.0.1")


# Who is a party.


async def initiator(world: World) -> Scope:
    """Who opened the bounty."""
    moderator = await a_moderator(world.ports)
    await world.db.execute("UPDATE bounty SET initiator_id = $2 WHERE id = $1", world.bounty.id, moderator.account_id)
    return moderator


async def initiators_other_account(world: World) -> Scope:
    """Who shares a mailbox with the initiator."""
    return await a_moderator(world.ports, like=world.initiator)


async def author(world: World) -> Scope:
    """Who has an entry that was accepted."""
    moderator = await a_moderator(world.ports)
    await accepted(moderator, world.bounty, world.folder)
    return moderator


async def authors_other_account(world: World) -> Scope:
    """Who shares a mailbox with an author."""
    return await a_moderator(world.ports, like=world.author)


async def backer(world: World) -> Scope:
    """Who put something into the pot."""
    moderator = await a_moderator(world.ports)
    await bounties.pledge(moderator, world.bounty.id, Credits(10))
    return moderator


async def claimant(world: World) -> Scope:
    """Who was signed in when they claimed."""
    moderator = await a_moderator(world.ports)
    world.claim = await claimed(moderator, world.claim.locations)
    return moderator


async def claimant_by_mail(world: World) -> Scope:
    """Who claimed without an account, and is written to at an address of the mailbox of theirs."""
    moderator = await a_moderator(world.ports)
    mailbox = f"{moderator.require_actor().handle}+private@example.org"
    nobody = Scope(ports=world.ports, address="127.0.0.1")
    world.claim = await claimed(nobody, world.claim.locations, contact_email=mailbox)
    return moderator


async def claimants_other_account(world: World) -> Scope:
    """Who shares a mailbox with the claimant."""
    return await a_moderator(world.ports, like=world.claimant)


async def owner(world: World) -> Scope:
    """Who owns a resource that is pointed at."""
    moderator = await a_moderator(world.ports)
    own = await published(moderator, b"other weights")
    world.claim = await claimed(world.claimant, ["a picture in a forum", f"resource_{own.hex}"])
    return moderator


async def owners_other_account(world: World) -> Scope:
    """Who shares a mailbox with the owner of the resource."""
    return await a_moderator(world.ports, like=world.owner)


async def maker(world: World) -> Scope:
    """Who made what the owner of the resource has bought and published."""
    moderator = await a_moderator(world.ports)
    changed = "UPDATE resource SET credited_to_id = $2 WHERE id = $1"
    await world.db.execute(changed, world.resource_id, moderator.account_id)
    return moderator


async def drawer(world: World) -> Scope:
    """Who had the pictures drawn that are pointed at."""
    moderator = await a_moderator(world.ports)
    given = await studio(world.ports)
    wish = Wish(checkpoint_id=given.checkpoint, prompt="a lighthouse", width=64, height=64, steps=4, seed=7.0)
    job_id = await generation.request(moderator, wish)
    world.claim = await claimed(world.claimant, [f"job_{job_id.hex}"])
    return moderator


Party = Callable[[World], Awaitable[Scope]]
CLAIMANTS: tuple[Party, ...] = (claimant, claimant_by_mail, claimants_other_account)
OTHERS_IN_BOUNTY: tuple[Party, ...] = (initiators_other_account, author, authors_other_account, backer)
IN_BOUNTY: tuple[Party, ...] = (initiator, *OTHERS_IN_BOUNTY)
IN_RESOURCE: tuple[Party, ...] = (owners_other_account, maker)


# What moderators do.


async def cancel(world: World, moderator: Scope) -> object:
    """Call the bounty off."""
    return await bounties.cancel(moderator, world.bounty.id)


async def list_it(world: World, moderator: Scope) -> object:
    """List it in a review."""
    return await moderation.review_bounty(moderator, world.bounty.id, Review.LIST, explanation=WHY)


async def refuse_it(world: World, moderator: Scope) -> object:
    """Refuse it in a review."""
    return await moderation.review_bounty(moderator, world.bounty.id, Review.REFUSE, explanation=WHY)


async def claim_case(world: World, moderator: Scope) -> object:
    """Claim the case about it."""
    return await moderation.claim_case(moderator, world.case.id)


async def decide_case(world: World, moderator: Scope) -> object:
    """Decide that case."""
    return await moderation.decide_case(moderator, world.case.id, Decision.RESTORE, explanation=WHY)


async def open_file(world: World, moderator: Scope) -> object:
    """Look into a file for that case."""
    return await moderation.open_file(moderator, world.case.id, world.file_id, purpose=WHY)


async def uphold(world: World, moderator: Scope) -> object:
    """Uphold the claim."""
    return await moderation.decide_claim(moderator, world.claim.id, uphold=True, explanation=WHY)


async def reject(world: World, moderator: Scope) -> object:
    """Reject the claim."""
    return await moderation.decide_claim(moderator, world.claim.id, uphold=False, explanation=WHY)


async def remove(world: World, moderator: Scope) -> object:
    """Take the resource down."""
    return await moderation.remove_resource(moderator, world.resource_id)


Deed = Callable[[World, Scope], Awaitable[object]]
OF_BOUNTIES: tuple[Deed, ...] = (list_it, refuse_it, claim_case, decide_case, open_file)
OF_CLAIMS: tuple[Deed, ...] = (uphold, reject)
CONCERNS: Mapping[Deed, tuple[Party, ...]] = {
    cancel: (*OTHERS_IN_BOUNTY, *CLAIMANTS),  # the initiator may
    **dict.fromkeys(OF_BOUNTIES, (*IN_BOUNTY, *CLAIMANTS)),
    **dict.fromkeys(OF_CLAIMS, (*IN_BOUNTY, *CLAIMANTS, owner, *IN_RESOURCE, drawer)),
    remove: (*IN_RESOURCE, *CLAIMANTS),  # the owner may
}
"""Every deed by which a moderator decides something, and all whom it concerns."""
