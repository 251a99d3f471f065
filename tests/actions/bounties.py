"""What the tests of bounties begin with: open bounties, entries with real files, and validators that answer."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg

from countenance.reacting import Reactor
from domain import bounties, resources
from domain.bounties import Bounty, BountyEntry, BountyKind, BountyTerms
from domain.kernel.findings import Finding, Verdict
from domain.kernel.ids import Credits, EntryId, FileId
from domain.kernel.outbox import number_facts
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import Inspection, InspectOrder, MetadataText
from domain.kernel.work import pool
from tests import factories
from tests.sweeping import swept


async def somebody(ports: Ports, *, credits: int = 1000) -> Scope:  # noqa: A002 - what it gives
    """A member with credits, acting."""
    return Scope(ports=ports, actor=await factories.member(credits=credits), address="127.0.0.1")


async def some_moderator(ports: Ports) -> Scope:
    """A moderator, acting."""
    return Scope(ports=ports, actor=await factories.moderator(), address="127.0.0.1")


def terms(scope: Scope, **change: Any) -> BountyTerms:
    """The terms of a small bounty that stays open for a day."""
    asked = BountyTerms(
        kind=BountyKind.LORA,
        title="Watercolour lighthouses",
        brief="A LoRA that paints lighthouses in watercolour.",
        pledge=Credits(100),
        closes_at=scope.now + timedelta(days=1),
    )
    return replace(asked, **change)


async def opened(scope: Scope, **change: Any) -> Bounty:
    """Open a small bounty."""
    return await bounties.open_bounty(scope, terms(scope, **change))


async def uploaded(scope: Scope, entry_id: EntryId, folder: Path, content: bytes = b"") -> FileId:
    """Upload a whole file into a draft of the scope's own."""
    content = content or secrets.token_bytes(32)
    path = folder / secrets.token_hex(8)
    path.write_bytes(content)
    upload = await bounties.begin_upload(scope, entry_id, file_name=f"{path.name}.safetensors", size_bytes=len(content))
    return await resources.complete_upload(scope, upload.id, path)


async def submitted(
    scope: Scope, bounty: Bounty, folder: Path, content: bytes = b"", *, note: str = "As asked."
) -> BountyEntry:
    """Draft an entry, upload one file, and hand it in."""
    entry = await bounties.draft_entry(scope, bounty.id, note=note)
    await uploaded(scope, entry.id, folder, content)
    return await bounties.submit_entry(scope, entry.id)


async def accepted(scope: Scope, bounty: Bounty, folder: Path, content: bytes = b"") -> BountyEntry:
    """Hand in an entry and have it validated clean."""
    entry = await submitted(scope, bounty, folder, content)
    await validated(scope.ports)
    return (await bounties.entries_by_ids(scope, [entry.id]))[entry.id]


async def validated(
    ports: Ports,
    verdict: Verdict = Verdict.CLEAN,
    *,
    findings: Sequence[Finding] = (),
    texts: Sequence[MetadataText] = (),
    error: str | None = None,
) -> None:
    """Answer every waiting scan as a validator would, and run what follows."""
    for order in await resources.claim_scans(ports, "validator", 100):
        answer = _inspection(order, verdict, findings, texts, error)
        stored = await pool().fetchrow(
            "SELECT f.sha256 FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE scan.id = $1", order.scan_id
        )
        read = replace(answer, hashes={"SHA256": stored["sha256"]})
        assert await resources.record_inspection(Scope.of_system(ports), read)
    await followed(ports)


def _inspection(
    order: InspectOrder,
    verdict: Verdict,
    findings: Sequence[Finding],
    texts: Sequence[MetadataText],
    error: str | None,
) -> Inspection:
    return Inspection(
        scan_id=order.scan_id,
        attempt=order.attempt,
        verdict=verdict,
        findings=tuple(findings),
        format="safetensors",
        size_bytes=order.size_bytes,
        hashes={},
        claimed_hashes={},
        texts=tuple(texts),
        registry_version=0,
        seconds=0.1,
        error=error,
    )


async def followed(ports: Ports) -> None:
    """Number what was told, run its reactions and the back-scan until nothing is left, as the worker does."""
    reactor = Reactor(ports)
    while True:
        async with pool().acquire() as connection:
            numbered = await number_facts(cast("asyncpg.Connection", connection))
        if not numbered and not await reactor.react() and not await swept(Scope.of_system(ports)):
            break
    assert await pool().fetch("SELECT kind, last_error FROM fact WHERE last_error IS NOT NULL") == []


async def told(kind: str) -> int:
    """How many facts of a kind were told."""
    return int(await pool().fetchval("SELECT count(*) FROM fact WHERE kind = $1", kind))


async def history(bounty: Bounty) -> list[tuple[str, str | None, str]]:
    """The steps of a bounty: what, from where, to where."""
    rows = await pool().fetch(
        "SELECT step, from_status, to_status FROM bounty_step WHERE bounty_id = $1 ORDER BY id", bounty.id
    )
    return [(row["step"], row["from_status"], row["to_status"]) for row in rows]


async def escrowed() -> int:
    """What lies in the escrow purses of all pledges."""
    return int(await pool().fetchval("SELECT coalesce(sum(balance), 0) FROM purse WHERE kind = 'PLEDGE'"))
