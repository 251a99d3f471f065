"""Reference pictures: what an initiator shows of what they ask for, examined for faces before anybody else sees it.

A picture that came out clean is drawn anew, without what its file said, and that copy is what is shown; the one that
was uploaded is deleted then. What was found in it is kept, and judged again whenever the registry changes.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from domain import resources
from domain.bounties import offers, rules
from domain.bounties.reads import bounties_by_ids
from domain.bounties.rules import BountyStatus, Step
from domain.bounties.standing import holds
from domain.bounties.standing.holding import HoldCause, lock_hold, settle_hold
from domain.bounties.standing.holds import hold_of
from domain.bounties.standing.texts import examine, judge_of, judged
from domain.bounties.steps import lock_bounty
from domain.bounties.tables import ReferenceRow
from domain.bounties.values import Bounty, BountyReference, Drawn
from domain.bounties.vault.contents import references_holder
from domain.kernel.findings import Finding, Verdict
from domain.kernel.ids import BountyId, FileId, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import Conflict, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work, work
from domain.resources import FileScanned, Judge, StoredFile, Upload

MAX_REFERENCES = 4
_AT_ONCE = 10


async def begin_reference(
    scope: Scope, bounty_id: BountyId, *, file_name: str, size_bytes: float, sha256: str | None = None
) -> Upload:
    """Begin the upload of a reference picture, of at most four; only the initiator may, and while nobody has entered.

    It is examined when it has arrived. Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput,
    RateLimited.
    """
    actor = scope.require_active()
    bounty = (await bounties_by_ids(scope, [bounty_id])).get(bounty_id)
    if bounty is None:
        raise NotFound("There is no bounty with this id.")
    if actor.account_id != bounty.initiator_id:
        raise NotAllowed("Only the initiator of a bounty may add pictures to it.")
    stands = rules.status_at(bounty.status, closes_at=bounty.closes_at, judged_by=bounty.judged_by, now=scope.now)
    rules.after(Step.CHANGE, stands)
    holds.check_shown(held=bounty.held_at is not None)
    offers.check_unfrozen(entries=bool(await fetch("SELECT FROM bounty_entry WHERE bounty_id = $1 LIMIT 1", bounty_id)))
    holder = references_holder(bounty_id)
    here = len((await resources.files_of([holder]))[holder])
    if here + await resources.uploads_to(scope, holder) >= MAX_REFERENCES:
        raise Conflict(
            f"A bounty shows at most {MAX_REFERENCES} pictures: remove one first.", state="TOO_MANY_PICTURES"
        )
    return await resources.open_upload(
        scope, holder, file_name=file_name, size_bytes=size_bytes, sha256=sha256, mature=bounty.mature
    )


async def remove_reference(scope: Scope, file_id: FileId) -> Bounty:
    """Take a reference picture out of a bounty that has not ended; only its initiator may.

    One that could not be shown may go at any time, and what it held is free then; one that authors have seen only while
    nobody has entered. Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, RateLimited.
    """
    actor = scope.require_active()
    await within_limit(scope, "bounty-change", actor.account_id)
    bounty_id = await _shown_by(file_id)
    judge = await judge_of(scope, bounty_id)
    async with work(scope.now) as w:
        await judge.hold(w)
        bounty = await lock_bounty(w, bounty_id, scope.now)
        if actor.account_id != bounty.initiator_id:
            raise NotAllowed("Only the initiator of a bounty may take its pictures out.")
        if bounty.stands not in (BountyStatus.OPEN, BountyStatus.JUDGING):
            raise Conflict("This bounty has ended: its pictures stay.", state=bounty.stands)
        scanned = await w.one("SELECT verdict FROM scan WHERE file_id = $1", file_id)
        if scanned is not None and scanned["verdict"] == Verdict.CLEAN:
            entered = await w.one("SELECT FROM bounty_entry WHERE bounty_id = $1 LIMIT 1", bounty.id)
            offers.check_unfrozen(entries=entered is not None)
        await _take_out(w, scope, file_id)
        await _settle(w, scope, bounty.id, judge)
    return (await bounties_by_ids(scope, [bounty.id]))[bounty.id]


async def reference_scanned(scope: Scope, fact: FileScanned) -> None:
    """Hold a bounty whose picture shows a protected person, or show it again; a reaction to FileScanned."""
    if fact.holder_kind == "reference":
        judge = await judge_of(scope, BountyId(fact.holder_id))
        async with work(scope.now) as w:
            await judge.hold(w)
            await _settle(w, scope, BountyId(fact.holder_id), judge)


async def draw_references(scope: Scope, draw: Callable[[bytes], Drawn]) -> int:
    """Draw the copies of pictures that came out clean; gives how many. The clock calls it.

    A picture that can't be drawn after all is not shown.
    """
    rows = await fetch(
        """
        SELECT f.id, f.holder_id, f.blob_key FROM stored_file f
        JOIN scan s ON s.file_id = f.id AND s.status = 'DONE' AND s.verdict = 'CLEAN' AND s.sha256 = f.sha256
        WHERE f.holder_kind = 'reference' AND f.blob_key <> '' ORDER BY f.id LIMIT $1
        """,
        _AT_ONCE,
    )
    return sum([await _draw(scope, FileId(row["id"]), row["holder_id"], row["blob_key"], draw) for row in rows])


async def references_of(
    scope: Scope, bounties: Sequence[Bounty], *, urls: bool
) -> dict[BountyId, tuple[BountyReference, ...]]:
    """Give the reference pictures of each bounty that the scope is shown, the first uploaded first.

    The initiator and moderators see all, with what validation says of them; everybody else those that are clean.
    """
    files = await resources.files_of([references_holder(bounty.id) for bounty in bounties])
    rows = await fetch(
        "SELECT file_id, blob_key, width, height FROM bounty_reference WHERE bounty_id = ANY($1::uuid[])",
        [bounty.id for bounty in bounties],
    )
    drawn = {row["file_id"]: row for row in rows}

    async def said(file: StoredFile) -> BountyReference:
        row = drawn.get(file.id)
        clean = row is not None and file.verdict is Verdict.CLEAN
        return BountyReference(
            id=file.id,
            file=file,
            width=row["width"] if row else None,
            height=row["height"] if row else None,
            url=await _url(scope, row["blob_key"]) if urls and row and clean else None,
        )

    return {
        bounty.id: tuple(
            [
                await said(file)
                for file in files[references_holder(bounty.id)][:MAX_REFERENCES]
                if _sees_all(bounty, scope) or (file.id in drawn and file.verdict is Verdict.CLEAN)
            ]
        )
        for bounty in bounties
    }


def _sees_all(bounty: Bounty, scope: Scope) -> bool:
    return scope.is_moderator or (scope.account_id is not None and scope.account_id == bounty.initiator_id)


async def _url(scope: Scope, blob_key: str) -> str:
    """Sign a URL for everybody: who may see the bounty may see its pictures, also without an account."""
    seconds = scope.ports.policy.download_seconds
    return await scope.ports.blobs.signed_url(blob_key, seconds=seconds, file_name="reference.webp")


async def _shown_by(file_id: FileId) -> BountyId:
    """Say which bounty a reference picture belongs to. Raises NotFound."""
    row = await fetch_one("SELECT holder_id FROM stored_file WHERE id = $1 AND holder_kind = 'reference'", file_id)
    if row is None:
        raise NotFound("There is no such picture.")
    return BountyId(row["holder_id"])


async def _settle(w: Work, scope: Scope, bounty_id: BountyId, judge: Judge) -> None:
    """Hold a bounty for the persons that its pictures show now, and for nobody else."""
    row = await lock_hold(w, bounty_id)
    if row is None:
        return
    examined = await judge.ask(examine, row["title"], row["brief"], mature=row["mature"])
    now = judged(replace(hold_of(row), reference_findings=await picture_findings(w, bounty_id)), examined)
    await settle_hold(w, scope, row, now, HoldCause.REGISTRY)


async def picture_findings(w: Work, bounty_id: BountyId) -> tuple[Finding, ...]:
    """Give what was found of registered persons in a bounty's pictures."""
    scans = await w.fetch(
        "SELECT s.findings FROM scan s JOIN stored_file f ON f.id = s.file_id"
        " WHERE f.holder_kind = 'reference' AND f.holder_id = $1 AND s.status = 'DONE' ORDER BY f.id",
        bounty_id,
    )
    found = (finding for scan in scans for finding in holds.findings_in(scan["findings"]))
    return tuple(finding for finding in found if _is_of_somebody(finding))


def _is_of_somebody(finding: Finding) -> bool:
    return finding.person_id is not None and finding.verdict is not Verdict.CLEAN


async def _draw(scope: Scope, file_id: FileId, bounty_id: UUID, original: str, draw: Callable[[bytes], Drawn]) -> bool:
    """Draw one copy and have the picture that was uploaded deleted; False where nothing came of it."""
    try:
        drawn = await asyncio.to_thread(draw, await scope.ports.blobs.get(original))
    except (FileNotFoundError, ValueError):
        drawn = None
    key = f"references/{new_id().hex}"
    if drawn is not None:
        await resources.announce(scope, [key])
        await scope.ports.blobs.put(key, drawn.data)
    async with work(scope.now) as w:
        if not await resources.give_up_blob(w, file_id, at=scope.now) or drawn is None:
            return False
        await resources.claim(w, [key], now=scope.now)
        await ReferenceRow.insert(
            ReferenceRow(
                {
                    ReferenceRow.bounty_id: bounty_id,
                    ReferenceRow.file_id: file_id,
                    ReferenceRow.blob_key: key,
                    ReferenceRow.width: drawn.width,
                    ReferenceRow.height: drawn.height,
                    ReferenceRow.drawn_at: scope.now,
                }
            )
        )
    return True


async def _take_out(w: Work, scope: Scope, file_id: FileId) -> None:
    """Delete a picture and its copy."""
    copies = await w.fetch("DELETE FROM bounty_reference WHERE file_id = $1 RETURNING blob_key", file_id)
    await resources.drop_file(w, file_id, at=scope.now)
    await resources.doom(w, [row["blob_key"] for row in copies], at=scope.now)
