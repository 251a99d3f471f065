"""Processes killed between any two steps of a decision on a case: it is written down and carried out, or neither."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain import moderation
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, CaseId, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.moderation import CaseStatus
from tests.actions.bounties import followed, some_moderator
from tests.actions.cases import case_of_dealing, case_of_resource, case_of_review, claimed
from tests.faults.dying import DONE, KILLED, REFUSED, Order
from tests.faults.test_bounty_crashes import Scene

CHANGES = {
    "decide HOLD": {"moderation_case", "case_event", "fact", "bounty_entry", "statement"},
    "decide REMOVE": {"moderation_case", "case_event", "fact", "bounty_entry", "statement"},
    "decide RESTORE": {"moderation_case", "case_event", "fact", "bounty_dealing_lift"},
    "decide NO_ACTION": {"moderation_case", "case_event", "fact"},
}
"""What each decision about an entry whose award was refused changes, and nothing else."""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and accounts are compared."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


@pytest.fixture
def scene(db: asyncpg.Pool, database_url: str, ports: Ports, clock: HandClock, tmp_path: Path) -> Scene:
    """An empty database."""
    return Scene(db, database_url, ports, clock, tmp_path)


async def _killed_everywhere(scene: Scene, order: Order) -> set[str]:
    """Kill a decision after each of its statements until it has committed; give which tables that has changed."""
    before = await scene.digests()
    for n in range(1, 200):
        assert await scene.end(replace(order, dies_after=n)) == KILLED
        changed = {name for name, rows in (await scene.digests()).items() if rows != before[name]}
        if changed:
            assert n > 5
            return changed
    raise AssertionError("The decision never commits.")


@pytest.mark.parametrize("deed", list(CHANGES))
async def test_a_decision_killed_after_each_of_its_statements_is_carried_out_once(scene: Scene, deed: str) -> None:
    of = await case_of_dealing(scene.ports, scene.folder)
    moderator = (await claimed(scene.ports, of.case.id)).require_actor()
    order = Order(deed, scene.url, scene.clock.now(), of.bounty.id, [of.entry.id], moderator, of.case.id)

    changed = await _killed_everywhere(scene, order)
    committed = await scene.digests()
    again = await scene.end(order)

    assert changed == CHANGES[deed]
    assert (again, await scene.digests()) == (REFUSED, committed)
    await _is_sound(scene, of.case.id)


RESOURCE_CHANGES = {
    "decide HOLD": {"moderation_case", "case_event", "fact", "resource", "statement"},
    "decide REMOVE": {"moderation_case", "case_event", "fact", "resource", "statement"},
    "decide RESTORE": {"moderation_case", "case_event", "fact", "resource", "statement"},
}
"""What each decision about a resource that validation held changes, and nothing else."""


@pytest.mark.parametrize("deed", list(RESOURCE_CHANGES))
async def test_a_decision_about_a_resource_is_carried_out_once(scene: Scene, deed: str) -> None:
    of = await case_of_resource(scene.ports)
    moderator = (await claimed(scene.ports, of.case.id)).require_actor()
    nothing = BountyId(new_id())
    order = Order(deed, scene.url, scene.clock.now(), nothing, [], moderator, of.case.id)

    changed = await _killed_everywhere(scene, order)
    committed = await scene.digests()
    again = await scene.end(order)

    assert changed == RESOURCE_CHANGES[deed]
    assert (again, await scene.digests()) == (REFUSED, committed)
    await _is_sound(scene, of.case.id)


async def test_a_bounty_is_refused_and_its_pledges_go_back_with_the_decision_or_not_at_all(scene: Scene) -> None:
    case, bounty, _ = await case_of_review(scene.ports)
    moderator = (await claimed(scene.ports, case.id)).require_actor()
    order = Order("decide REMOVE", scene.url, scene.clock.now(), bounty.id, [], moderator, case.id)

    changed = await _killed_everywhere(scene, order)

    assert {"moderation_case", "bounty", "bounty_review", "journal_entry", "statement"} <= changed
    await _is_sound(scene, case.id)


async def test_a_review_decides_the_bounty_and_its_case_or_neither(scene: Scene) -> None:
    case, bounty, _ = await case_of_review(scene.ports)
    moderator = (await some_moderator(scene.ports)).require_actor()
    order = Order("review REFUSE", scene.url, scene.clock.now(), bounty.id, [], moderator, case.id)

    changed = await _killed_everywhere(scene, order)

    assert {"moderation_case", "case_event", "bounty", "bounty_review", "journal_entry", "statement"} <= changed
    await _is_sound(scene, case.id)


async def test_a_decision_killed_while_the_server_commits_is_carried_out_once(scene: Scene) -> None:
    of = await case_of_dealing(scene.ports, scene.folder)
    moderator = (await claimed(scene.ports, of.case.id)).require_actor()
    order = Order("decide RESTORE", scene.url, scene.clock.now(), of.bounty.id, [of.entry.id], moderator, of.case.id)

    ended = await scene.end(replace(order, dies_committing=True))
    again = await scene.end(order)

    assert (ended, again in (REFUSED, DONE)) == (KILLED, True)
    assert await scene.db.fetchval("SELECT count(*) FROM bounty_dealing_lift") == 1
    await _is_sound(scene, of.case.id)


async def _is_sound(scene: Scene, case_id: CaseId) -> None:
    """The case is decided, its log is whole, and what follows from it is done."""
    system = Scope.of_system(scene.ports)
    assert (await moderation.cases_by_ids(system, [case_id]))[case_id].status is CaseStatus.DECIDED
    assert await moderation.verify(system, case_id) is None
    await followed(scene.ports)
