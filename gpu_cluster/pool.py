"""Pools of like actors: made, found again, given the newest registry, and replaced when they are lost.

Actors are detached and named by kind, number and a tag of the code they run: a restarted server finds them with their
models still loaded, and a server with other code makes new ones and retires the old.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from domain.kernel.wire import ActorLost, ClusterUnavailable
from gpu_cluster.bulletin import Bulletin
from gpu_cluster.connection import ActorGone, Connection
from gpu_cluster.pulse import Pulse

T = TypeVar("T")

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).parent.parent
_RETRY_SECONDS = 0.2
_LOOK_SECONDS = 1.0
_CODE = ("gpu_cluster", "domain/kernel", "domain/registry")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kind of actor is made: a class of `gpu_cluster.actors`, its arguments, and Ray's resources for each."""

    kind: str
    class_name: str
    arguments: tuple[Any, ...] = ()
    cpus: float = 0.0
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the API side waits, in seconds.

    `answer`: for a living actor to say that it lives. `adopt`: for it to take a large registry, which costs
    a minute of processor time for 100,000 persons, and more where actors share processors. `start`: for any
    actor of a pool to be there. `pulse`: how often a silent job is asked after. `stall`: how long one step, or one
    model to be loaded, may take.
    """

    answer: float = 10.0
    adopt: float = 600.0
    start: float = 120.0
    pulse: float = 5.0
    stall: float = 1800.0


@dataclass(slots=True, eq=False)
class Member:
    """One actor of a pool. `awake` is whether it has answered since it was made or lost."""

    name: str
    handle: Any
    running: set[UUID] = field(default_factory=set)
    awake: bool = False
    updating: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pool:
    """The actors of one kind, as one process sees them."""

    def __init__(
        self, connection: Connection, bulletin: Bulletin, recipe: Recipe, *, size: int, patience: Patience
    ) -> None:
        """Describe the pool; `fill` makes it."""
        self.members: list[Member] = []
        self._connection = connection
        self._bulletin = bulletin
        self._recipe = recipe
        self._patience = patience
        self._names = [f"{recipe.kind}-{_tag(recipe)}-{number}" for number in range(size)]

    async def fill(self) -> None:
        """Find or make every actor, and retire those that run other code or are too many."""
        self.members = []
        handles = await self._make()
        self.members = [Member(name, handle) for name, handle in handles.items()]
        await self._connection.answer(asyncio.to_thread(self._retire), seconds=self._patience.start)

    @contextlib.asynccontextmanager
    async def lease(self, work_id: UUID) -> AsyncIterator[Member]:
        """Give the least loaded actor that answers and holds the newest registry, counted as loaded meanwhile.

        Raises ClusterUnavailable when none does within the patience for a start.
        """
        deadline = time.monotonic() + self._patience.start
        while True:
            awake = [member for member in self.members if member.awake]
            for member in sorted(awake, key=lambda member: len(member.running)):
                member.running.add(work_id)
                try:
                    if await self.update(member):
                        yield member
                        return
                finally:
                    member.running.discard(work_id)
            if time.monotonic() > deadline:
                raise ClusterUnavailable(f"No {self._recipe.kind} of the generation cluster answers.")
            await self._rouse()

    async def pulse(self, member: Member) -> Pulse | None:
        """Ask an actor whether it lives; None when it doesn't answer now."""
        asked = self._connection.ask(member.handle.pulse, *self._bulletin.confirmed(), seconds=self._patience.answer)
        return await self._heard(member, asked)

    async def pulses(self) -> dict[str, Pulse]:
        """Give the pulse of every actor that answers within a second, by name. Raises ClusterUnavailable."""
        members, confirmed = list(self.members), self._bulletin.confirmed()
        asked = (self._connection.ask(member.handle.pulse, *confirmed, seconds=_LOOK_SECONDS) for member in members)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, ClusterUnavailable):
                raise answer
        return {member.name: a for member, a in zip(members, answers, strict=True) if isinstance(a, Pulse)}

    async def update(self, member: Member) -> bool:
        """Give an actor the newest registry unless it holds it; whether it lives and holds it now."""
        async with member.updating:
            pulse = await self.pulse(member)
            if pulse is None or pulse.version >= self._bulletin.version:
                return pulse is not None
            pages = await self._bulletin.pages_from(pulse.version)
            given = [self._connection.ask(member.handle.adopt, page, seconds=self._patience.adopt) for page in pages]
            versions = await self._heard(member, asyncio.gather(*given))
            return versions is not None and max(versions) >= pages[0].version

    async def update_all(self) -> None:
        """Give every actor the newest registry; one that does not answer takes as long as the patience for that."""
        await asyncio.gather(*(self.update(member) for member in self.members))

    async def update_awake(self) -> None:
        """Give the registry to the actors that may be at work; the others get it before they are given any."""
        await asyncio.gather(*(self.update(member) for member in self.members if member.awake))

    async def _rouse(self) -> None:
        """Wait until some actor answers and holds the newest registry, or all have been asked."""
        tasks = [asyncio.create_task(self.update(member)) for member in self.members]
        try:
            for first in asyncio.as_completed(tasks):
                if await first:
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(_RETRY_SECONDS)

    async def _heard(self, member: Member, answer: Awaitable[T]) -> T | None:
        """Wait for an actor's answer; None when there is none, and then see to it that there will be.

        One that was awake and is silent is hung: it is killed, and Ray starts it anew.
        """
        try:
            value = await answer
        except ActorGone:
            member.awake = False
            member.handle = (await self._make())[member.name]
            return None
        except ActorLost:
            member.awake = False
            return None
        except TimeoutError:
            if member.awake:
                await self.restart(member)
            return None
        member.awake = True
        return value

    async def restart(self, member: Member) -> None:
        """Kill an actor's process; Ray starts it anew under the same name."""
        import ray

        _log.warning("The actor %s does not answer and is restarted.", member.name)
        member.awake = False
        with contextlib.suppress(ray.exceptions.RayError):
            await asyncio.to_thread(ray.kill, member.handle, no_restart=False)

    async def dismiss(self) -> None:
        """Kill every actor of the pool for good."""
        members, self.members = self.members, []
        for member in members:
            await asyncio.to_thread(_kill, member.handle)

    async def _make(self) -> dict[str, Any]:
        """Find or make every actor, by name; asks the head, so never without end."""
        return await self._connection.answer(asyncio.to_thread(self._find_or_make), seconds=self._patience.start)

    def _find_or_make(self) -> dict[str, Any]:
        import ray

        from gpu_cluster import actors

        recipe = self._recipe
        remote = ray.remote(concurrency_groups=actors.LANES)(getattr(actors, recipe.class_name))
        options = {
            "namespace": self._connection.namespace,
            "lifetime": "detached",
            "get_if_exists": True,
            "num_cpus": recipe.cpus,
            "num_gpus": recipe.gpus,
            "max_restarts": -1,
            "max_task_retries": 0,  # a retried stream would mix two attempts; the API side fences attempts itself
        }
        return {name: remote.options(name=name, **options).remote(*recipe.arguments) for name in self._names}

    def _retire(self) -> None:
        import ray

        for actor in ray.util.list_named_actors(all_namespaces=True):
            name, namespace = actor["name"], actor["namespace"]
            if namespace != self._connection.namespace or not name.startswith(f"{self._recipe.kind}-"):
                continue
            if name not in self._names:
                _log.info("The actor %s is retired.", name)
                with contextlib.suppress(ValueError):  # gone already
                    _kill(ray.get_actor(name, namespace=namespace))


def _kill(handle: Any) -> None:
    import ray

    with contextlib.suppress(ray.exceptions.RayError):
        ray.kill(handle, no_restart=True)


def _tag(recipe: Recipe) -> str:
    """Name the code and the arguments that an actor is made of, in eight hex digits."""
    return hashlib.sha256(f"{_code_digest()} {recipe!r}".encode()).hexdigest()[:8]


@cache
def _code_digest() -> str:
    """Hash the code that actors run, once: what this process has loaded does not change either."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_ROOT / folder).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
