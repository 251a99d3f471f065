"""The one door to the cluster for the API side. Every `ray.` call of that side is here or in `connection` and `pool`.

Nothing heavy is imported with this module: Ray when a connection is opened, torch and diffusers never.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.kernel.wire import (
    ActorLost,
    ClusterState,
    ClusterUnavailable,
    Inspection,
    InspectOrder,
    RenderCancelled,
    RenderEvent,
    RenderFinished,
    RenderOrder,
    RenderRefused,
)
from domain.registry.changes import News
from domain.registry.snapshot import EMPTY, Snapshot
from gpu_cluster.bulletin import Bulletin
from gpu_cluster.connection import GONE, Connection
from gpu_cluster.parcels import Joiner
from gpu_cluster.pool import Member, Patience, Pool, Recipe

__all__ = ["Patience", "Pools", "RayCluster"]

_LAST = (RenderFinished, RenderRefused, RenderCancelled)
_WATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pools:
    """How many actors there are, and what each takes of its node.

    `artist_gpus` is 1 on GPU nodes and 0 where pictures are drawn on CPUs. `artist_threads` are torch's, None for
    every core of the node; the same seed gives the same bytes only under the same number. `cache_dir` is a folder on
    the nodes that holds at most `cache_bytes` of weights.
    """

    cache_dir: Path
    cache_bytes: int = 100 * 1024**3
    artists: int = 1
    artist_gpus: float = 0.0
    artist_cpus: float = 0.0
    artist_threads: int | None = None
    validators: int = 1
    validator_cpus: float = 0.0


class RayCluster:
    """Implements `domain.kernel.ports.Cluster` on a Ray cluster. One object a process, used from one event loop.

    Several processes may have one each: the actors are shared, found by their names. `connect` makes what is
    missing; from then on a lost connection is opened again by itself, and calls in between raise ClusterUnavailable.
    """

    def __init__(
        self,
        address: str,
        *,
        pools: Pools,
        token: str | None = None,
        namespace: str = "countenance",
        snapshot: Snapshot = EMPTY,
        patience: Patience | None = None,
    ) -> None:
        """Describe the cluster: `address` is its head's `host:port`, `token` its authentication token."""
        self.pools = pools
        self._patience = patience or Patience()
        self._connection = Connection(address, token=token, namespace=namespace)
        self._bulletin = Bulletin(snapshot)
        arguments = (str(pools.cache_dir), pools.cache_bytes, pools.artist_threads)
        artist = Recipe("artist", "ArtistActor", arguments, cpus=pools.artist_cpus, gpus=pools.artist_gpus)
        validator = Recipe("validator", "ValidatorActor", cpus=pools.validator_cpus)
        self._artists = Pool(self._connection, self._bulletin, artist, size=pools.artists, patience=self._patience)
        self._validators = Pool(
            self._connection, self._bulletin, validator, size=pools.validators, patience=self._patience
        )
        self._opening = asyncio.Lock()
        self._watches: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Connect, find or make the actors, and keep the connection from now on. Raises ClusterUnavailable.

        Does not wait for the actors to be awake: an order waits for the first that is.
        """
        if not self._watches:
            watches = (self._keep_connected(), self._keep_updated(), self._keep_confirmed())
            self._watches = [asyncio.create_task(watch) for watch in watches]
        await self.reconnect()

    async def reconnect(self) -> None:
        """Open the connection if there is none. Raises ClusterUnavailable."""
        async with self._opening:
            if self._connection.is_open:
                return
            for pool in (self._artists, self._validators):
                pool.members.clear()  # those of the lost connection
            await self._connection.open()
            try:
                for pool in (self._artists, self._validators):
                    await pool.fill()
            except (ActorLost, TimeoutError) as error:
                await self._connection.close()
                raise ClusterUnavailable(GONE) from error
            except BaseException:
                await self._connection.close()
                raise

    async def close(self, *, stop_actors: bool = False) -> None:
        """Leave the cluster; the actors stay for the next process unless they are to be stopped."""
        tasks = [*self._watches, *self._errands]
        self._watches = []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if stop_actors and self._connection.is_open:
            for pool in (self._artists, self._validators):
                await pool.dismiss()
        await self._connection.close()

    async def inspect(self, order: InspectOrder) -> Inspection:
        """Have a validator read one file. Raises ActorLost, SourceUnreachable, ClusterUnavailable."""
        self._know(order.registry_version)
        async with self._validators.lease(order.scan_id) as validator:
            stream = self._stream(self._validators, validator, validator.handle.inspect, order)
            answers: list[Inspection] = [answer async for answer in stream]
        if not answers or answers[0].registry_version < order.registry_version:
            # It was restarted between its waking and the order, and its registry was empty again.
            raise ActorLost("The validator was restarted while it worked.")
        return answers[0]

    async def render(self, order: RenderOrder) -> AsyncGenerator[RenderEvent, None]:
        """Have an artist draw; ends with RenderFinished, RenderRefused or RenderCancelled.

        Raises ActorLost, RenderFailed, SourceUnreachable, ClusterUnavailable. Closing the iterator stops the job.
        """
        self._know(order.registry_version)
        if order.attempt > 1:
            await self._cancel(order.job_id, below=order.attempt)
        ended = False
        async with self._artists.lease(order.job_id) as artist:
            try:
                async for event in self._stream(self._artists, artist, artist.handle.render, order):
                    ended = isinstance(event, _LAST)
                    yield event
            finally:
                if not ended:
                    self._send(self._cancel(order.job_id, below=order.attempt + 1))
            if not ended:
                raise ActorLost("The artist stopped before the job was done.")

    async def cancel(self, job_id: UUID) -> None:
        """Stop a job within one step, whichever process gave the order. A job that does not run is no error."""
        await self._cancel(job_id, below=None)

    async def adopt(self, news: News) -> None:
        """Give every actor a newer registry; one that does not take it is restarted, and takes it before it works.

        Never raises for the cluster's sake: what is not connected now gets the newest registry when it is. Counts as
        a confirmation, too.
        """
        if await self._bulletin.renew(news) and self._connection.is_open:
            with contextlib.suppress(ClusterUnavailable):
                await asyncio.gather(self._artists.update_awake(), self._validators.update_awake())

    def confirm(self, version: int) -> None:
        """Hear that the registry is at `version` now; every actor hears it within a second."""
        self._bulletin.confirm(version)

    async def status(self) -> ClusterState:
        """Say what is there. Raises ClusterUnavailable when nothing of it answers."""
        artists, validators = await asyncio.gather(self._artists.pulses(), self._validators.pulses())
        pulses = {**artists, **validators}
        awake = [member for member in (*self._validators.members, *self._artists.members) if member.name in pulses]
        if not awake:
            raise ClusterUnavailable(GONE)
        return ClusterState(
            nodes=await self._connection.ask(awake[0].handle.nodes, seconds=self._patience.answer),
            artists=len(artists),
            validators=len(validators),
            running=sum(pulse.busy for pulse in artists.values()),
            registry_versions={name: pulse.version for name, pulse in pulses.items()},
        )

    async def _stream(self, pool: Pool, member: Member, method: Any, order: object) -> AsyncIterator[Any]:
        """Give an order and put together what is answered, asking after the actor whenever it is silent."""
        stream, joiner = self._connection.call(method, order), Joiner()
        while True:
            following = asyncio.ensure_future(_following(stream))
            try:
                while not await self._connection.settle(following, seconds=self._patience.pulse):
                    await self._ask_after(pool, member)
                ref = following.result()
            finally:
                following.cancel()
            if ref is None:
                return
            value = joiner.add(await self._connection.answer(ref))
            if value is not None:
                yield value

    async def _ask_after(self, pool: Pool, member: Member) -> None:
        """Make sure that a silent actor still works. Raises ActorLost for one that is hung, having restarted it."""
        pulse = await pool.pulse(member)
        if pulse is not None and pulse.silence > self._patience.stall:
            await pool.restart(member)
            pulse = None
        if pulse is None:
            raise ActorLost("The actor stopped answering while it worked.")

    async def _cancel(self, job_id: UUID, *, below: int | None) -> None:
        """Tell every artist, for another process may have given the order, and wait for those that are awake."""
        ask, seconds = self._connection.ask, self._patience.answer
        asked = []
        for member in self._artists.members:
            word = ask(member.handle.cancel, job_id, below, seconds=seconds)
            if member.awake:
                asked.append(word)
            else:
                self._send(word)  # it hears of it when it wakes
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, ActorLost | TimeoutError):
                raise answer

    def _know(self, registry_version: int) -> None:
        """Refuse an order that was made under a registry which this process has not been given yet."""
        if registry_version > self._bulletin.version:
            raise ClusterUnavailable(
                f"This process holds registry version {self._bulletin.version} and the order needs "
                f"version {registry_version}."
            )

    def _send(self, errand: Coroutine[Any, Any, None]) -> None:
        """Do something without waiting for it, keeping it from being collected."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _keep_connected(self) -> None:
        """Drop the connection as soon as the head is away, and open it when the head is back."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with contextlib.suppress(ClusterUnavailable):
                if await self._connection.reachable():
                    await self.reconnect()
                elif not await self._connection.reachable():  # twice, for one lost packet is not a lost head
                    await self._connection.close()

    async def _keep_updated(self) -> None:
        """Give actors that were restarted the registry before anybody needs them, and restart those that hang."""
        while True:
            await asyncio.sleep(self._patience.pulse)
            with contextlib.suppress(ClusterUnavailable):
                await asyncio.gather(self._artists.update_all(), self._validators.update_all())

    async def _keep_confirmed(self) -> None:
        """Tell every actor again and again how the registry stood just now: who does not hear it fails closed."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with contextlib.suppress(ClusterUnavailable):
                await asyncio.gather(self._artists.pulses(), self._validators.pulses())


async def _following(stream: Any) -> Any:
    """Give the next reference of a stream, None at its end."""
    return await anext(stream, None)
