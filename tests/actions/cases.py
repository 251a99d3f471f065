"""What tests of cases begin with: cases that something has opened, and moderators who work on them."""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from domain import accounts, bounties, moderation
from domain.bounties import Bounty, BountyEntry
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import CaseId, Credits, ResourceId
from domain.kernel.ports import Ports
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Actor, Role, Scope
from domain.kernel.work import pool
from domain.moderation import Case
from tests import resourcing
from tests.actions.bounties import accepted, followed, opened, some_moderator, somebody, submitted, validated
from tests.factories import give

_NUMBERS = itertools.count(1)
RISKY = "A LoRA of my neighbour, please."
LOOKS_LIKE = Finding(Signal.FACE_IN_SAMPLE, Verdict.HELD, "sample.png: a face that is nearly a registered one", 0.6)

ALIKE = Finding(Signal.MATURE_CONTENT, Verdict.HELD, "weights: a person must look at them", 0.81)
"""What holds a resource, and does not depend on the registry."""


@dataclass(frozen=True)
class Opened:
    """A case, what it is about, and whom that belongs to."""

    case: Case
    bounty: Bounty
    entry: BountyEntry
    initiator: Scope
    author: Scope


async def the_case(system: Scope) -> Case:
    """The one case that is not decided."""
    rows = await pool().fetch("SELECT id FROM moderation_case WHERE decided_at IS NULL")
    [case] = (await moderation.cases_by_ids(system, [row["id"] for row in rows])).values()
    return case


async def linked_member(ports: Ports) -> Scope:
    """A member who signed up from a network that all of these share."""
    handle = f"neighbour-{next(_NUMBERS)}"
    operator = replace(Scope.of_system(ports), address="2606:4700::1")
    signed = await accounts.create(operator, handle=handle, email=f"{handle}@example.org", role=Role.MEMBER)
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await give(actor, 1000)
    return Scope(ports=ports, actor=actor, address="127.0.0.1")


async def case_of_dealing(ports: Ports, folder: Path) -> Opened:
    """An award to an account of the same network was refused."""
    initiator, author = await linked_member(ports), await linked_member(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    entry = await accepted(author, bounty, folder)
    try:
        await bounties.award(initiator, bounty.id, to=entry.id)
    except NotAllowed:
        await followed(ports)
    return Opened(await the_case(Scope.of_system(ports)), bounty, entry, initiator, author)


async def case_of_entry(ports: Ports, folder: Path, content: bytes = b"") -> Opened:
    """Validation held an entry."""
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await submitted(author, bounty, folder, content)
    await validated(ports, Verdict.HELD, findings=[LOOKS_LIKE])
    return Opened(await the_case(Scope.of_system(ports)), bounty, entry, initiator, author)


@dataclass(frozen=True)
class OpenedResource:
    """A case about a resource, and whose that is."""

    case: Case
    resource_id: ResourceId
    owner: Scope


async def case_of_resource(ports: Ports, *findings: Finding) -> OpenedResource:
    """Validation held a resource."""
    owner = await somebody(ports)
    resource_id = await resourcing.submitted(owner)
    await resourcing.scanned(owner, findings=findings or (ALIKE,))
    await followed(ports)
    return OpenedResource(await the_case(Scope.of_system(ports)), resource_id, owner)


async def case_of_review(ports: Ports) -> tuple[Case, Bounty, Scope]:
    """A bounty waits for a moderator."""
    initiator = await somebody(ports)
    bounty = await opened(initiator, brief=RISKY)
    await followed(ports)
    return await the_case(Scope.of_system(ports)), bounty, initiator


async def claimed(ports: Ports, case_id: CaseId) -> Scope:
    """A moderator who has claimed a case."""
    moderator = await some_moderator(ports)
    await moderation.claim_case(moderator, case_id)
    return moderator


async def log_of(system: Scope, case: Case) -> list[tuple[str, str]]:
    """The log of a case: what, and what was said of it."""
    return [(event.kind, event.detail) for event in (await moderation.histories(system, [case.id]))[case.id]]


async def seen(scope: Scope, case_id: CaseId) -> Case:
    """A case, as it stands for somebody."""
    return (await moderation.cases_by_ids(scope, [case_id]))[case_id]


async def written(db: asyncpg.Pool) -> tuple[int, int]:
    """What must not grow by a refusal: facts, and events of cases."""
    return (await db.fetchval("SELECT count(*) FROM fact"), await db.fetchval("SELECT count(*) FROM case_event"))
