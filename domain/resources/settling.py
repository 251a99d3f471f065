"""What follows for a resource from its texts and its files' scans, under one version of the registry."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from domain import reasons
from domain.kernel.findings import Finding, Verdict, worst
from domain.kernel.ids import ResourceId, Subject
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.registry.matching import Matcher
from domain.resources import statements
from domain.resources.facts import ResourceChanged
from domain.resources.reads import findings_in, resource_of
from domain.resources.rules import examine_own_texts, settled, standing
from domain.resources.values import Cause, Resource, ResourceStatus

_REGISTRY_LOCK = 0x0C07_2E61
_RESTRICTED = (ResourceStatus.HELD, ResourceStatus.BLOCKED)


class RegistryBehind(Exception):
    """This process holds an older registry than the one being applied to everything stored: it must adopt first."""


async def hold_registry(w: Work, matcher: Matcher) -> None:
    """Keep newer registries from being announced until this work is over. Raises RegistryBehind.

    Whatever is judged by a matcher is judged before the announcement of a newer registry, and then the sweep sees it,
    or after, and then the older matcher is refused here. So nothing slips between.
    """
    await w.execute("SELECT pg_advisory_xact_lock_shared($1)", _REGISTRY_LOCK)
    row = await w.one("SELECT announced FROM revalidation")
    if row is not None and row["announced"] > matcher.snapshot.version:
        raise RegistryBehind


async def announce_registry(scope: Scope, version: int) -> None:
    """Say that a registry is about to be applied, after waiting for all who judge by an older one."""
    async with work(scope.now) as w:
        await w.execute("SELECT pg_advisory_xact_lock($1)", _REGISTRY_LOCK)
        await w.execute(
            """
            INSERT INTO revalidation (id, announced) VALUES (1, $1)
            ON CONFLICT (id) DO UPDATE SET announced = greatest(revalidation.announced, $1)
            """,
            version,
        )


async def settle(w: Work, scope: Scope, resource_id: UUID, matcher: Matcher, *, rejudged: bool) -> None:
    """Bring a resource into the status that its texts and scans demand, with its statement of reasons.

    The caller holds the registry and the holder's lock. `rejudged` says that what a scan found has changed.
    """
    row = await w.one("SELECT * FROM resource WHERE id = $1 FOR UPDATE", resource_id)
    if row is None:
        return
    resource = resource_of(row)
    scans = await w.fetch(
        """
        SELECT coalesce(scan.verdict, 'PENDING') AS verdict, coalesce(scan.findings, '[]') AS findings, scan.error
        FROM stored_file f LEFT JOIN scan ON scan.file_id = f.id
        WHERE f.holder_kind IN ('resource', 'sample') AND f.holder_id = $1 ORDER BY f.id
        """,
        resource_id,
    )
    own = examine_own_texts(resource, matcher)
    verdicts = [worst(finding.verdict for finding in own), *(Verdict(scan["verdict"]) for scan in scans)]
    cause = Cause(row["cause"]) if row["cause"] else None
    status = settled(resource.status, cause, verdicts)
    moved = status is not resource.status
    if not moved and not rejudged and _same(own, resource.findings):
        return
    await _write(w, scope, resource, status, own)
    for_claim = cause is Cause.CLAIM and status is ResourceStatus.HELD
    if moved and for_claim:
        await reasons.state(w, statements.of_claim(resource, (), at=scope.now))
    elif moved or (rejudged and status in _RESTRICTED and not for_claim):
        found = standing([*own, *(finding for scan in scans for finding in findings_in(scan["findings"]))])
        errors = [scan["error"] for scan in scans if scan["error"]]
        if status in _RESTRICTED:
            await reasons.state(w, statements.of_scan(resource, status, found, errors, at=scope.now))
        else:
            await reasons.withdraw(w, Subject("resource", resource_id), at=scope.now)
    w.tell(
        ResourceChanged(
            ResourceId(resource_id),
            resource.owner_id,
            status,
            before=resource.status,
            cause=Cause.CLAIM if for_claim else "",
        )
    )


def findings_json(findings: Iterable[Finding]) -> str:
    """Write findings as they are stored: without the characters that Postgres' JSON can't hold."""
    rows = [finding.to_json() for finding in findings]
    for row in rows:
        row["detail"] = storable(row["detail"])
    return json.dumps(rows)


def storable(text: str) -> str:
    """Replace what Postgres can't store in a text that came out of a file: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


async def _write(w: Work, scope: Scope, resource: Resource, status: ResourceStatus, own: Sequence[Finding]) -> None:
    """Write the status and what stands against the resource's own texts; a claim remains the cause of what it holds."""
    await w.execute(
        """
        UPDATE resource SET status = $2::varchar, findings = $3::jsonb,
            cause = CASE WHEN $2::varchar = status OR cause = 'CLAIM' AND $2::varchar IN ('HELD', 'BLOCKED') THEN cause
                WHEN $2::varchar IN ('HELD', 'BLOCKED') THEN 'SCAN' END,
            published_at = CASE WHEN $2::varchar = 'PUBLISHED' THEN coalesce(published_at, $4) ELSE published_at END
        WHERE id = $1
        """,
        resource.id,
        status,
        findings_json(own),
        scope.now,
    )


def _same(now: Iterable[Finding], before: Iterable[Finding]) -> bool:
    return [finding.to_json() for finding in now] == [finding.to_json() for finding in before]
