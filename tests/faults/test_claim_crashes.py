"""Processes killed between any two steps of looking into a claim: whatever is held is noted, and free when it ends."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain import bounties, likeness
from domain.bounties import EntryStatus
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, EntryId
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.likeness import Filed
from domain.resources import ResourceStatus
from tests.actions.bounties import followed, opened, somebody, submitted, validated
from tests.claiming import filed
from tests.faults.dying import DONE, KILLED, Order
from tests.faults.test_bounty_crashes import Scene
from tests.resourcing import NAME, published, the

HELD = """
    SELECT 'resource' AS kind, id FROM resource WHERE cause = 'CLAIM'
    UNION ALL SELECT 'bounty', id FROM bounty WHERE held_for_claim
    UNION ALL SELECT 'entry', id FROM bounty_entry WHERE held_for_claim ORDER BY 1, 2
"""
NOTED = "SELECT subject_kind AS kind, subject_id AS id FROM claim_affected WHERE action = 'HELD' ORDER BY 1, 2"


@pytest.fixture
def scene(db: asyncpg.Pool, database_url: str, ports: Ports, clock: HandClock, tmp_path: Path) -> Scene:
    """An empty database where nobody gets credits but by the test."""
    return Scene(db, database_url, replace(ports, policy=Policy(signup_grant=0)), clock, tmp_path)


async def _pointed_at(scene: Scene) -> tuple[Filed, Order]:
    """A claim that names a resource, a bounty and an entry, and the order to look into it."""
    initiator, author = await somebody(scene.ports), await somebody(scene.ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    entry = await submitted(author, bounty, scene.folder, note=f"After {NAME}.")
    await validated(scene.ports)
    resource_id = await published(author, b"1", title=f"After {NAME}")
    places = (f"resource_{resource_id.hex}", f"bounty_{bounty.id.hex}", f"entry_{entry.id.hex}")
    made = await filed(Scope(ports=scene.ports, address="127.0.0.1"), locations=places)
    order = Order("look into", scene.url, scene.clock.now(), bounty.id, [entry.id], claim_id=made.claim.id)
    return made, order


async def test_whatever_is_held_when_a_process_dies_is_noted_and_all_of_it_in_the_end(scene: Scene) -> None:
    made, order = await _pointed_at(scene)
    held: list[int] = []

    for n in range(1, 200):
        ended = await scene.end(replace(order, dies_after=n))
        held.append(len(await scene.db.fetch(HELD)))
        assert await scene.db.fetch(HELD) == await scene.db.fetch(NOTED)
        if ended == DONE:
            break

    assert len(held) > 10
    assert sorted(set(held)) == [0, 1, 2, 3]
    assert held == sorted(held)
    claims = await likeness.claims_by_ids(Scope.of_system(scene.ports), [made.claim.id])
    assert claims[made.claim.id].status is likeness.ClaimStatus.VERIFYING


@pytest.mark.parametrize("holds", [1, 2])
async def test_a_claim_withdrawn_after_a_process_died_half_way_holds_nothing(scene: Scene, holds: int) -> None:
    made, order = await _pointed_at(scene)
    for n in range(1, 200):
        assert await scene.end(replace(order, dies_after=n)) == KILLED
        if len(await scene.db.fetch(HELD)) == holds:
            break

    nobody = Scope(ports=scene.ports, address="127.0.0.1")
    await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)
    await followed(scene.ports)

    assert await scene.db.fetch(HELD) == []
    assert await scene.db.fetch(NOTED) == []
    await _is_free(scene, order)


async def _is_free(scene: Scene, order: Order) -> None:
    """Everything stands as if nobody had claimed anything."""
    system = Scope.of_system(scene.ports)
    entry_id, bounty_id = EntryId(order.entry_ids[0]), BountyId(order.bounty_id)
    resource_id = await scene.db.fetchval("SELECT id FROM resource")
    nobody = Scope(ports=scene.ports, address="127.0.0.1")
    assert (await the(system, resource_id)).status is ResourceStatus.PUBLISHED
    assert bounty_id in await bounties.bounties_by_ids(nobody, [bounty_id])
    assert (await bounties.entries_by_ids(system, [entry_id]))[entry_id].status is EntryStatus.ACCEPTED
