"""Scans: queued with a submission, leased to a worker, recorded under their attempt, given back on a fault."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from domain.kernel.findings import Verdict
from domain.kernel.fingerprints import remember
from domain.kernel.ids import AccountId, FileId, ScanId, new_id
from domain.kernel.ports import Ports
from domain.kernel.refusals import RegistryUnread
from domain.kernel.scope import Scope
from domain.kernel.wire import ActorLost, ClusterFault, Inspection, InspectOrder, MetadataText
from domain.kernel.work import Work, work
from domain.registry.blocked import Fingerprint
from domain.registry.matching import Matcher
from domain.resources.facts import FileScanned
from domain.resources.holders import lock_holder
from domain.resources.keeping import FACTS_SQL, packed, sealed
from domain.resources.queueing import queue_scans
from domain.resources.rules import Examined, FileFacts, base_of, examine
from domain.resources.settling import RegistryBehind, findings_json, hold_registry, settle, storable
from domain.resources.values import Holder
from domain.resources.vault import source_url

LEASE_SECONDS = 10
"""A lease that is not renewed for so long falls back to the queue."""

_SOURCE_SECONDS = 6 * 3600
_PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Pauses, in seconds, in which this process adopts a registry that has just been announced."""

_HASHES = ("SHA256", "AUTOV1", "AUTOV2", "AUTOV3", "CRC32", "BLAKE3")
_LOST = "The validator did not survive this file, several times over; a person must look at it."
_CHANGED = "The stored file is not the one that was uploaded: its SHA256 differs. Upload it again."


async def request_scans(w: Work, holder: Holder, *, again: bool = True) -> int:
    """Queue a scan of each of a holder's files that is not waiting for one; open uploads to it end. Gives their number.

    From here on no file can be added, so that what is scanned is what is shared. Files that were examined before are
    examined again, unless `again` is false.
    """
    await lock_holder(w, holder)
    await w.execute(
        "UPDATE upload SET status = 'ENDED' WHERE holder_kind = $1 AND holder_id = $2 AND status = 'OPEN'",
        holder.kind,
        holder.id,
    )
    files = await w.fetch(
        "SELECT id FROM stored_file WHERE holder_kind = $1 AND holder_id = $2 ORDER BY id", holder.kind, holder.id
    )
    return await queue_scans(w, [row["id"] for row in files], again=again)


async def claim_scans(ports: Ports, worker: str, limit: int) -> list[InspectOrder]:
    """Lease up to `limit` scans to a worker, those waiting longest first, and give the order for each.

    A scan whose lease ran out, because its worker died, is claimed like one that waits. Each claim is a new attempt.
    Where this process has no key for the vault, sealed files wait for one that has.
    """
    async with work() as w:
        rows = await w.fetch(
            """
            UPDATE scan SET status = 'RUNNING', attempt = scan.attempt + 1, leased_by = $1,
                lease_until = now() + make_interval(secs => $2), started_at = coalesce(scan.started_at, now())
            FROM stored_file f
            WHERE f.id = scan.file_id AND scan.id IN (
                SELECT id FROM scan WHERE ((status = 'QUEUED' AND not_before <= now())
                    OR (status = 'RUNNING' AND lease_until < now()))
                    AND ($4 OR NOT EXISTS (
                        SELECT FROM stored_file s WHERE s.id = scan.file_id AND s.vault_key_id IS NOT NULL))
                ORDER BY queued_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
            )
            RETURNING scan.id, scan.attempt, scan.queued_at, f.name, f.size_bytes, f.blob_key, f.picture,
                f.vault_key_id
            """,
            worker,
            LEASE_SECONDS,
            limit,
            ports.vault is not None,
        )
    return [
        InspectOrder(
            scan_id=row["id"],
            attempt=row["attempt"],
            file_name=row["name"],
            size_bytes=row["size_bytes"],
            source_url=await source_url(ports, row, seconds=_SOURCE_SECONDS),
            registry_version=ports.registry.version,
            sample=row["picture"],
            hold_unexamined=ports.policy.hold_unexamined,
        )
        for row in sorted(rows, key=lambda row: (row["queued_at"], row["id"]))
    ]


async def renew_scan(scan_id: UUID, attempt: int, worker: str) -> bool:
    """Keep the lease of a scan that is at work; False when it has passed to somebody else."""
    async with work() as w:
        done = await w.execute(
            "UPDATE scan SET lease_until = now() + make_interval(secs => $4)"
            " WHERE id = $1 AND attempt = $2 AND leased_by = $3 AND status = 'RUNNING'",
            scan_id,
            attempt,
            worker,
            LEASE_SECONDS,
        )
    return done == "UPDATE 1"


async def record_inspection(scope: Scope, inspection: Inspection) -> bool:
    """Store what an inspection found, judged by the registry of this moment, and settle what the file belongs to.

    False when the attempt is no longer the current one; nothing is changed then.
    """
    return await _patiently(partial(_record, scope, inspection), inspection.scan_id, inspection.attempt)


async def scan_faulted(scope: Scope, order: InspectOrder, fault: ClusterFault) -> None:
    """Give back a scan that the cluster could not do.

    A validator that died counts: after `max_scan_attempts` of them the file is HELD for a person. Storage or a cluster
    that can't be reached counts nothing; the scan waits longer each time, at most half a minute.
    """
    if not isinstance(fault, ActorLost):
        await _give_back(order.scan_id, order.attempt, wait=min(30, 2 ** min(order.attempt, 5)))
        return
    async with work(scope.now) as w:
        row = await w.one(
            "UPDATE scan SET losses = losses + 1 WHERE id = $1 AND attempt = $2 AND status = 'RUNNING'"
            " RETURNING losses",
            order.scan_id,
            order.attempt,
        )
    if row is not None and row["losses"] >= scope.ports.policy.max_scan_attempts:
        held = partial(_end, scope, order.scan_id, order.attempt, Verdict.HELD, _LOST)
        await _patiently(held, order.scan_id, order.attempt)
    elif row is not None:
        await _give_back(order.scan_id, order.attempt, wait=1)


async def scan_damaged(scope: Scope, scan_id: UUID, attempt: int) -> None:
    """End a scan whose file is no longer what was stored: it can't be believed, and reading it again won't mend it."""
    await _patiently(partial(_end, scope, scan_id, attempt, Verdict.FAILED, _CHANGED), scan_id, attempt)


async def _patiently(deed: Callable[[], Awaitable[bool]], scan_id: UUID, attempt: int) -> bool:
    """Do what needs the newest registry, waiting a little for this process to adopt it; else give the scan back."""
    for pause in (*_PATIENCE, 0):
        try:
            return await deed()
        except (RegistryBehind, RegistryUnread):
            await asyncio.sleep(pause)
    return await _give_back(scan_id, attempt, wait=1)


async def _end(scope: Scope, scan_id: UUID, attempt: int, verdict: Verdict, why: str) -> bool:
    """End a scan of a file that could not be examined."""
    matcher = scope.ports.registry.matcher
    async with work(scope.now) as w:
        await hold_registry(w, matcher)
        row = await _current(w, scan_id, attempt)
        if row is None:
            return False
        ended = _Outcome(Examined((), verdict), verdict, (), why, matcher.snapshot.version)
        await _finish(w, scope, row, ended, matcher)
    return True


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is written into a scan that is over."""

    examined: Examined
    base: Verdict
    texts: Sequence[MetadataText]
    error: str | None
    registry_version: int
    sha256: str | None = None
    """Of the bytes that were read."""
    faces: Sequence[bytes] = field(default=(), repr=False)


async def _record(scope: Scope, inspection: Inspection) -> bool:
    matcher = scope.ports.registry.matcher
    async with work(scope.now) as w:
        await hold_registry(w, matcher)
        row = await _current(w, inspection.scan_id, inspection.attempt)
        if row is None:
            return False
        base, error = base_of(inspection), inspection.error
        if inspection.hashes.get("SHA256", row["sha256"]) != row["sha256"]:
            base, error = Verdict.FAILED, _CHANGED
        facts = FileFacts(
            name=row["name"],
            sha256=row["sha256"],
            account_id=AccountId(row["account_id"]),
            mature=row["mature"],
            base=base,
            texts=inspection.texts,
            findings=inspection.findings,
            faces=inspection.faces,
            fingerprint=Fingerprint(inspection.hashes, inspection.tensor_digest, inspection.sketch),
        )
        examined = await asyncio.to_thread(examine, facts, matcher)
        await _write_hashes(w, row["file_id"], inspection)
        if inspection.hashes.get("SHA256") == row["sha256"]:
            await remember(
                w,
                row["sha256"],
                hashes=inspection.hashes,
                tensors=inspection.tensor_digest,
                sketch=inspection.sketch,
            )
        version = matcher.snapshot.version
        read = inspection.hashes.get("SHA256")
        outcome = _Outcome(examined, base, inspection.texts, error, version, read, inspection.faces)
        await _finish(w, scope, row, outcome, matcher)
    return True


async def _current(w: Work, scan_id: UUID, attempt: int) -> Any:
    """Lock the holder and the scan; None unless the scan is at work under this attempt."""
    where = await w.one(
        "SELECT f.holder_kind, f.holder_id FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE scan.id = $1",
        scan_id,
    )
    if where is None:
        return None
    await lock_holder(w, Holder(where["holder_kind"], where["holder_id"]))
    row = await w.one(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE scan.id = $1 FOR UPDATE OF scan",  # noqa: S608 - a constant of this module
        scan_id,
    )
    return row if row is not None and row["status"] == "RUNNING" and row["attempt"] == attempt else None


async def _finish(w: Work, scope: Scope, row: Any, outcome: _Outcome, matcher: Matcher) -> None:
    await w.execute(
        """
        UPDATE scan SET status = 'DONE', base = $2, verdict = $3, findings = $4::jsonb, texts = $5, error = $6,
            registry_version = $7, faces = $8, sha256 = $9, finished_at = now(), leased_by = NULL, lease_until = NULL
        WHERE id = $1
        """,
        row["id"],
        outcome.base,
        outcome.examined.verdict,
        findings_json(outcome.examined.findings),
        packed(outcome.texts),
        storable(outcome.error) if outcome.error else None,
        outcome.registry_version,
        sealed(outcome.faces, scope.ports.sealer, row["file_id"]),
        outcome.sha256,
    )
    w.tell(FileScanned(FileId(row["file_id"]), row["holder_kind"], row["holder_id"], outcome.examined.verdict))
    if row["holder_kind"] in ("resource", "sample"):
        await settle(w, scope, row["holder_id"], matcher, rejudged=True)


async def _write_hashes(w: Work, file_id: UUID, inspection: Inspection) -> None:
    await w.execute(
        "UPDATE stored_file SET format = $2, claimed_hashes = $3::jsonb WHERE id = $1",
        file_id,
        storable(inspection.format),
        json.dumps({storable(key): storable(value) for key, value in inspection.claimed_hashes.items()}),
    )
    await w.execute("DELETE FROM file_hash WHERE file_id = $1", file_id)
    known = [(name, inspection.hashes[name].lower()) for name in _HASHES if name in inspection.hashes]
    await w.many(
        "INSERT INTO file_hash (id, file_id, algorithm, value) VALUES ($1, $2, $3, $4)",
        [(new_id(), file_id, name, value) for name, value in known],
    )


async def _give_back(scan_id: UUID, attempt: int, *, wait: int) -> bool:
    """Put a scan back into the queue, to be tried after `wait` seconds. Gives False: nothing was recorded."""
    async with work() as w:
        await w.execute(
            "UPDATE scan SET status = 'QUEUED', not_before = now() + make_interval(secs => $3), leased_by = NULL,"
            " lease_until = NULL WHERE id = $1 AND attempt = $2 AND status = 'RUNNING'",
            ScanId(scan_id),
            attempt,
            wait,
        )
    return False
