"""What the tests of generations begin with: a checkpoint and a LoRA that may be used, and wishes for them."""

import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain import generation, resources
from domain.generation import Claim, Job, Wish
from domain.kernel.ids import JobId, ResourceId, new_id
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Scope
from domain.kernel.sql import fetch
from domain.kernel.wire import PictureDone, StepDone
from domain.resources import ResourceDraft, ResourceKind
from tests import factories, resourcing


@dataclass(frozen=True, slots=True)
class Studio:
    """A member with credits, and what they may draw with."""

    actor: Actor
    scope: Scope
    checkpoint: ResourceId
    lora: ResourceId

    def wish(self, **change: Any) -> Wish:
        """A small wish for this checkpoint."""
        given = Wish(checkpoint_id=self.checkpoint, prompt="a lighthouse", width=64, height=64, steps=4, seed=7.0)
        return replace(given, **change)

    async def job(self, job_id: JobId) -> Job:
        """Read a job as its owner."""
        return (await generation.jobs_by_ids(self.scope, [job_id]))[job_id]


async def studio(ports: Ports, *, credits: int = 100) -> Studio:  # noqa: A002 - what it gives
    """Make a member with credits, a checkpoint added in place, and a LoRA that was scanned and published."""
    house = await factories.admin()
    system = Scope.of_system(ports)
    checkpoint = await resources.add_checkpoint(
        system,
        Path(f"/models/{new_id()}"),
        ResourceDraft(ResourceKind.CHECKPOINT, "A checkpoint"),
        owner_id=house.account_id,
        sha256=secrets.token_hex(32),
        size_bytes=1000,
    )
    actor = await factories.member(credits=credits)
    scope = Scope(ports=ports, actor=actor, address="127.0.0.1")
    return Studio(actor, scope, checkpoint, await lora(scope))


async def lora(scope: Scope, **said: Any) -> ResourceId:
    """Publish a LoRA of the scope's member by the usual way, with an inspection that found nothing."""
    return await resourcing.published(scope, secrets.token_bytes(16), trigger_words=("lghths",), **said)


async def claim_one(ports: Ports, worker: str = "worker-1") -> Claim:
    """Claim the job whose turn it is."""
    [claimed] = await generation.claim(Scope.of_system(ports), worker=worker, free=1, capacity=100)
    return claimed


def stepped(claimed: Claim, step: int, *, image: int = 1, quantity: int = 1, preview: str | None = None) -> StepDone:
    """A step as an artist reports it."""
    return StepDone(claimed.job_id, claimed.attempt, image, quantity, step, 4, preview)


def picture(claimed: Claim, *, image: int = 1) -> PictureDone:
    """A finished picture as an artist delivers it."""
    return PictureDone(
        claimed.job_id, claimed.attempt, image, b"\x89PNG...", "ab" * 32, 64, 64, 6 + image, mature=False
    )


async def facts() -> list[tuple[str, dict[str, Any]]]:
    """Everything about generations that was told, in order."""
    rows = await fetch("SELECT kind, body FROM fact WHERE kind LIKE 'Generation%' ORDER BY id")
    return [(row["kind"], json.loads(row["body"])) for row in rows]
