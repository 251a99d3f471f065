"""What a claim that is not decided yet does to a resource that it names: held where the signals agree, then free again.

The claimed person is not in the registry, so the resource is looked at with a matcher for that person alone, and
what that finds is not stored with the resource: it belongs to the claim.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain import reasons
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, ResourceId
from domain.kernel.ports import Sealer
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.registry.claimed import Claimed, anonymous
from domain.registry.matching import Matcher
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Snapshot
from domain.resources import statements
from domain.resources.facts import ResourceChanged
from domain.resources.holders import lock_holder
from domain.resources.keeping import FACTS_SQL, facts_of
from domain.resources.reads import resource_of
from domain.resources.rules import examine, examine_own_texts
from domain.resources.settling import hold_registry, settle
from domain.resources.values import Cause, Holder, Resource, ResourceStatus

_HOLDABLE = (ResourceStatus.PUBLISHED, ResourceStatus.HELD)


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a look at a resource for a claim found. `sha256` are its files, `held` whether it is held for a claim.

    It `agrees` where the signals do, whether or not it could be held.

    What is `of_the_house`, added by the operator, is never held before a decision: everybody draws with it.
    """

    owner_id: AccountId
    status: ResourceStatus
    mature: bool
    findings: tuple[Finding, ...]
    sha256: tuple[str, ...]
    held: bool
    agrees: bool
    of_the_house: bool

    @property
    def public(self) -> bool:
        """Whether everybody could see it when the claim came."""
        return self.status is ResourceStatus.PUBLISHED


async def look_at_for_claim(
    w: Work, scope: Scope, resource_id: ResourceId, claimed: Claimed, *, may_hold: bool
) -> LookedAt | None:
    """Look at a resource that a claim names; hold it if it is published or held, the signals agree, and it may be held.

    One that something else holds already is held for the claim as well, so that it is not free before both have ended.

    They agree where a claimed name that looks like a person's stands in its texts or metadata, or a face in its
    samples is like one of theirs. Gives None when there is no such resource. Done again it finds and does the same.
    """
    await lock_holder(w, Holder("resource", resource_id))
    row = await w.one("SELECT * FROM resource WHERE id = $1 FOR UPDATE", resource_id)
    if row is None:
        return None
    resource = resource_of(row)
    rows = await w.fetch(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id"  # noqa: S608 - a constant of ours
        " WHERE f.holder_kind IN ('resource', 'sample') AND f.holder_id = $1 AND scan.status = 'DONE'"
        " ORDER BY f.id",
        resource_id,
    )
    own = examine_own_texts(resource, claimed.matcher)
    found = claimed.found([*own, *_in_files(rows, claimed, scope.ports.sealer)])
    findings = anonymous(found)
    held = before = row["cause"] == Cause.CLAIM
    holdable = resource.status in _HOLDABLE and not held and not resource.in_place
    agrees = claimed.agrees(found)
    if may_hold and holdable and agrees:
        await _hold(w, scope, resource, findings, stated=row["moderator_hold"] is None)
        held = True
    return LookedAt(
        owner_id=resource.owner_id,
        # What a claim holds already, and was published once, was public when the first claim came.
        status=ResourceStatus.PUBLISHED if before and resource.published_at else resource.status,
        mature=resource.mature,
        findings=findings,
        sha256=tuple(row["sha256"] for row in rows),
        held=held,
        agrees=agrees and not resource.in_place,
        of_the_house=resource.in_place,
    )


async def look_at_files(w: Work, scope: Scope, holders: Sequence[Holder], claimed: Claimed) -> tuple[Finding, ...]:
    """Look for a claimed person in the names, the metadata and the faces of examined files, whoever holds them.

    The findings name the person as `claimed` does; nothing is written.
    """
    rows = await w.fetch(
        f"""
        SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id
        JOIN unnest($1::text[], $2::uuid[]) AS asked(kind, id) ON f.holder_kind = asked.kind AND f.holder_id = asked.id
        WHERE scan.status = 'DONE' ORDER BY f.id
        """,  # noqa: S608 - a constant of ours
        [holder.kind for holder in holders],
        [holder.id for holder in holders],
    )
    return claimed.found(_in_files(rows, claimed, scope.ports.sealer))


async def release_from_claim(scope: Scope, resource_id: ResourceId, snapshot: Snapshot) -> bool:
    """End the hold for a claim: from now on its own texts and files decide. False when it was not held for one.

    Raises RegistryBehind when a newer registry than `snapshot` is being applied already: try again with that.
    """
    matcher = await matcher_at(scope, snapshot)
    async with work(scope.now) as w:
        await hold_registry(w, matcher)
        await lock_holder(w, Holder("resource", resource_id))
        freed = await w.execute("UPDATE resource SET cause = 'SCAN' WHERE id = $1 AND cause = 'CLAIM'", resource_id)
        if freed == "UPDATE 0":
            return False
        await settle(w, scope, resource_id, matcher, rejudged=True)
    return True


async def _hold(w: Work, scope: Scope, resource: Resource, findings: Sequence[Finding], *, stated: bool) -> None:
    """Hold a resource for a claim. What is `stated` of it is that, but where a moderator's own reasons stand."""
    await w.execute("UPDATE resource SET status = 'HELD', cause = 'CLAIM' WHERE id = $1", resource.id)
    if stated:
        await reasons.state(w, statements.of_claim(resource, findings, at=scope.now))
    w.tell(
        ResourceChanged(resource.id, resource.owner_id, ResourceStatus.HELD, before=resource.status, cause=Cause.CLAIM)
    )


def _in_files(rows: Sequence[Any], claimed: Claimed, sealer: Sealer | None) -> list[Finding]:
    """Give what a matcher finds in the names of files, in their metadata, and in the faces that they show."""
    return [finding for row in rows for finding in examine(facts_of(row, sealer), claimed.matcher).findings]


async def matcher_at(scope: Scope, snapshot: Snapshot) -> Matcher:
    """Use the registry that this process holds, if it is new enough; making a matcher takes seconds for a large one."""
    if await scope.ports.registry.reach(snapshot.version):
        return scope.ports.registry.matcher
    return await asyncio.to_thread(NameMatcher, snapshot)
