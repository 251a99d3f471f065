"""What the workers tell of the cluster, through a real Valkey."""

from uuid import UUID

import pytest
from redis.asyncio import Redis

from countenance import cluster_state
from countenance.cluster_state import DistantCluster
from domain.kernel.wire import ClusterState, ClusterUnavailable
from domain.registry.snapshot import EMPTY

STATE = ClusterState(nodes=2, artists=3, validators=1, running=1, registry_versions={"artist-0": 7, "validator-0": 8})


async def test_what_a_worker_tells_is_read_elsewhere_and_expires(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(cluster_state.KEY)
        with pytest.raises(ClusterUnavailable):
            await DistantCluster(redis).status()

        await cluster_state.publish(redis, STATE)

        assert await DistantCluster(redis).status() == STATE
        assert 0 < await redis.ttl(cluster_state.KEY) <= 10
        await redis.delete(cluster_state.KEY)


async def test_a_silent_redis_is_a_cluster_that_is_away() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as redis:
        with pytest.raises(ClusterUnavailable):
            await DistantCluster(redis).status()


async def test_an_api_process_gives_no_orders(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        distant = DistantCluster(redis)

        with pytest.raises(ClusterUnavailable):
            await distant.cancel(UUID(int=0))
        with pytest.raises(ClusterUnavailable):
            await distant.adopt(EMPTY)
