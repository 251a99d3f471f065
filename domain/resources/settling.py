"""What follows for a resource from its texts and its files' scans, under one version of the registry."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import reasons
from domain.kernel.findings import Finding, worst
from domain.kernel.ids import Subject
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.registry.matching import Matcher
from domain.resources import statements
from domain.resources.facts import ResourceChanged
from domain.resources.passing import against_file, against_words, verdict_of
from domain.resources.reads import files_in, resource_of
from domain.resources.rules import examine_own_texts, settled
from domain.resources.values import Cause, Resource, ResourceStatus, StoredFile

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


@dataclass(frozen=True, slots=True)
class _Settled:
    """A resource as it is judged now, and the status that follows. `restricts` says who holds it besides its scans."""

    resource: Resource
    files: Sequence[StoredFile]
    status: ResourceStatus
    restricts: Cause | None
    hold: str | None


async def settle(
    w: Work, scope: Scope, resource_id: UUID, matcher: Matcher, *, rejudged: bool, decided: bool = False
) -> ResourceStatus | None:
    """Bring a resource into the status that its texts and scans demand, with its statement of reasons; gives that.

    The caller holds the registry and the holder's lock. `rejudged` says that what a scan found has changed, `decided`
    that a moderator has just decided about it, which is stated and told also where the status stays.
    """
    row = await w.one("SELECT * FROM resource WHERE id = $1 FOR UPDATE", resource_id)
    if row is None:
        return None
    before = resource_of(row)
    now = _judged(dict(row), replace(before, findings=examine_own_texts(before, matcher)), await files_in(w, before.id))
    moved = now.status is not before.status
    if not (moved or rejudged or decided) and _same(now.resource.findings, before.findings):
        return before.status
    await _write(w, scope, before, now.status, now.resource.findings)
    if moved or decided or (rejudged and now.status in _RESTRICTED and now.restricts is None):
        await _give_reasons(w, now, at=scope.now)
    for_claim = Cause.CLAIM if now.restricts is Cause.CLAIM else ""
    w.tell(
        ResourceChanged(
            before.id,
            before.owner_id,
            now.status,
            before=before.status,
            cause=Cause.MODERATOR if decided else for_claim,
        )
    )
    return now.status


def _judged(row: Mapping[str, Any], resource: Resource, files: Sequence[StoredFile]) -> _Settled:
    """Say what follows for a locked resource with the newest findings on its texts."""
    cause = Cause(row["cause"]) if row["cause"] else None
    hold = row["moderator_hold"]
    own = worst(finding.verdict for finding in against_words(resource))
    verdicts = [own, *(verdict_of(file, resource) for file in files)]
    status = settled(resource.status, cause, verdicts, by_moderator=hold is not None)
    restricts = None
    if status is ResourceStatus.HELD and (hold is not None or cause is Cause.CLAIM):
        restricts = Cause.CLAIM if hold is None else Cause.MODERATOR
    return _Settled(resource, files, status, restricts, hold)


async def _give_reasons(w: Work, now: _Settled, *, at: datetime) -> None:
    """State why a resource is restricted now; withdraw the statement when it no longer is."""
    resource = now.resource
    if now.status not in _RESTRICTED:
        await reasons.withdraw(w, Subject("resource", resource.id), at=at)
    elif now.restricts is Cause.MODERATOR:
        await reasons.state(w, statements.of_hold(resource, now.hold or "", at=at))
    elif now.restricts is Cause.CLAIM:
        await reasons.state(w, statements.of_claim(resource, (), at=at))
    else:
        found = [*against_words(resource), *(each for file in now.files for each in against_file(file, resource))]
        errors = [file.scan.error for file in now.files if file.scan.error]
        await reasons.state(w, statements.of_scan(resource, now.status, found, errors, at=at))


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
