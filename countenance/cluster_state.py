"""What the cluster looks like, told by the workers through Redis: API processes hold no connection to Ray."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.kernel.wire import ClusterState, ClusterUnavailable, Inspection, InspectOrder, RenderEvent, RenderOrder
from domain.registry.snapshot import Snapshot

KEY = "countenance:cluster"
SECONDS = 10
"""After so many seconds without a word from any worker, the cluster counts as gone."""

_ELSEWHERE = "Orders to the cluster are given by the workers, not by this process."


async def publish(redis: Redis, state: ClusterState) -> None:
    """Tell every process what the cluster looks like now."""
    await redis.set(KEY, orjson.dumps(asdict(state)), ex=SECONDS)


async def read(redis: Redis) -> ClusterState | None:
    """Give what a worker told last, or None when none has told anything lately."""
    raw = await redis.get(KEY)
    return None if raw is None else ClusterState(**orjson.loads(raw))


class DistantCluster:
    """The cluster as an API process sees it: it can be looked at. Implements `domain.kernel.ports.Cluster`."""

    def __init__(self, redis: Redis) -> None:
        """Look through this connection."""
        self._redis = redis

    async def status(self) -> ClusterState:
        """Say what is there. Raises ClusterUnavailable."""
        try:
            state = await read(self._redis)
        except (RedisError, OSError) as error:
            raise ClusterUnavailable("Redis, through which the workers tell of the cluster, doesn't answer.") from error
        if state is None:
            raise ClusterUnavailable("No worker has told of the cluster lately.")
        return state

    async def inspect(self, order: InspectOrder) -> Inspection:
        """Refuse: a worker does this. Raises ClusterUnavailable."""
        raise ClusterUnavailable(_ELSEWHERE)

    def render(self, order: RenderOrder) -> AsyncIterator[RenderEvent]:
        """Refuse: a worker does this. Raises ClusterUnavailable."""
        raise ClusterUnavailable(_ELSEWHERE)

    async def cancel(self, job_id: UUID) -> None:
        """Refuse: a worker does this. Raises ClusterUnavailable."""
        raise ClusterUnavailable(_ELSEWHERE)

    async def adopt(self, snapshot: Snapshot) -> None:
        """Refuse: a worker does this. Raises ClusterUnavailable."""
        raise ClusterUnavailable(_ELSEWHERE)
