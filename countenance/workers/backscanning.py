"""The back-scan: each kind of stored things in a queue of its own, so that nothing else waits for it."""

import asyncio
import contextlib
from functools import partial

import structlog

from countenance.workers.supervision import keep
from domain.backscan import SWEEPS, sweep
from domain.kernel.ports import Ports
from domain.kernel.refusals import RegistryUnread
from domain.kernel.scope import Scope

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
"""How often it is asked whether this process holds a newer registry than what is stored was judged by."""


async def sweep_for_ever(ports: Ports, *, worker: str, poll: float = POLL_SECONDS) -> None:
    """Bring everything stored up to each newer registry; a sweep that fails is tried again and holds up no other."""
    async with asyncio.TaskGroup() as group:
        for name in SWEEPS:
            group.create_task(keep(f"back-scan of {name}", partial(_sweeping, ports, name, worker, poll)))


async def _sweeping(ports: Ports, name: str, worker: str, poll: float) -> None:
    """Sweep whenever there is a newer registry, for ever."""
    finished = -1
    while True:
        version = ports.registry.version
        if version > finished:
            with contextlib.suppress(RegistryUnread):
                touched = await sweep(Scope.of_system(ports), name, worker=worker)
                if touched is None:
                    finished = version
                elif touched:
                    log.info("a newer registry reached what is stored", what=name, touched=touched)
        await asyncio.sleep(poll)
