"""The head of the cluster goes away and comes back; the process that talks to it lives on."""

import asyncio
from contextlib import aclosing

import pytest

from countenance.embedded.local_ray import LocalRay
from domain.kernel.wire import ClusterUnavailable, ModelRef, RenderFinished, RenderOrder
from domain.registry.snapshot import Person, Snapshot
from gpu_cluster.gateway import RayCluster
from tests.cluster.orders import all_awake, render_order

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


async def test_a_lost_cluster_is_said_at_once_and_found_again(
    ray_cluster: RayCluster, ray_head: LocalRay, starter: ModelRef
) -> None:
    version = max((await ray_cluster.status()).registry_versions.values()) + 1
    order = render_order(starter, steps=5000, registry_version=0)

    with pytest.raises(ClusterUnavailable):
        await _drawn_until_stopped(ray_cluster, order, ray_head)
    with pytest.raises(ClusterUnavailable):
        await ray_cluster.status()
    await ray_cluster.adopt(Snapshot(version, (Person(order.job_id, "Test Person Aldebaran"),)))
    await asyncio.to_thread(ray_head.start)
    await asyncio.to_thread(ray_head.wait)

    state = await all_awake(ray_cluster, version=version)
    assert len(state.registry_versions) == 3
    again = [event async for event in ray_cluster.render(render_order(starter, registry_version=version, steps=2))]
    assert isinstance(again[-1], RenderFinished)


async def _drawn_until_stopped(cluster: RayCluster, order: RenderOrder, head: LocalRay) -> None:
    """Follow a job and stop the head after its first step."""
    async with asyncio.timeout(90), aclosing(cluster.render(order)) as events:
        await anext(events)
        await asyncio.to_thread(head.stop)
        async for _ in events:
            pass
