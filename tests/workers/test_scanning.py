"""Scans carried out over a cluster that follows a script: what is recorded, whatever happens."""

import asyncio
from dataclasses import replace

import pytest

from countenance.workers.scanning import scan
from domain import resources
from domain.kernel.ids import ResourceId
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import ActorLost, ClusterUnavailable, Inspection, InspectOrder
from tests import factories, fakes, resourcing
from tests.stopping import stopped


class Scripted(fakes.NoCluster):
    """A validator that finds nothing, or dies, breaks, is away or never answers."""

    def __init__(self, fault: Exception | None = None, *, hangs: bool = False) -> None:
        self.fault = fault
        self.hangs = hangs
        self.begun = asyncio.Event()
        self.scope: Scope | None = None

    async def inspect(self, order: InspectOrder) -> Inspection:
        self.begun.set()
        if self.fault is not None:
            raise self.fault
        if self.hangs:
            await asyncio.sleep(60)
        assert self.scope is not None
        return resourcing.inspection(self.scope, order)


async def submitted(ports: Ports, cluster: Scripted, policy: Policy | None = None) -> tuple[Scope, ResourceId]:
    """A resource that waits for its scan by such a validator."""
    ports = replace(ports, cluster=cluster, policy=policy or ports.policy)
    cluster.scope = Scope(ports=ports, actor=await factories.member())
    return cluster.scope, await resourcing.submitted(cluster.scope)


async def claimed(scope: Scope) -> InspectOrder:
    """The scan whose turn it is."""
    [order] = await resources.claim_scans(scope.ports, "worker-1", 1)
    return order


async def status(scope: Scope, resource_id: ResourceId) -> str:
    """The status of a resource now."""
    return (await resources.resources_by_ids(scope, [resource_id]))[resource_id].status


async def test_a_scan_is_read_and_recorded(ports: Ports) -> None:
    scope, resource_id = await submitted(ports, Scripted())

    await scan(scope.ports, await claimed(scope), worker="worker-1")

    assert await status(scope, resource_id) == "PUBLISHED"


@pytest.mark.parametrize("fault", [ActorLost("gone"), ZeroDivisionError()])
async def test_a_lost_validator_and_a_defect_of_ours_end_with_a_person(ports: Ports, fault: Exception) -> None:
    scope, resource_id = await submitted(ports, Scripted(fault), Policy(max_scan_attempts=1))

    await scan(scope.ports, await claimed(scope), worker="worker-1")

    assert await status(scope, resource_id) == "HELD"


async def test_a_cluster_that_is_away_counts_nothing(ports: Ports) -> None:
    scope, resource_id = await submitted(ports, Scripted(ClusterUnavailable("away")), Policy(max_scan_attempts=1))

    await scan(scope.ports, await claimed(scope), worker="worker-1")

    assert await status(scope, resource_id) == "SCANNING"


async def test_a_worker_that_stops_gives_its_scan_back(ports: Ports) -> None:
    cluster = Scripted(hangs=True)
    scope, resource_id = await submitted(ports, cluster)
    order = await claimed(scope)
    task = asyncio.create_task(scan(scope.ports, order, worker="worker-1"))
    await asyncio.wait_for(cluster.begun.wait(), 5)

    await stopped(task)

    assert await status(scope, resource_id) == "SCANNING"
    assert not await resources.renew_scan(order.scan_id, order.attempt, "worker-1")
