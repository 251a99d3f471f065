"""The back-scan: every newer registry is applied to everything that is stored. One table says to what.

It is no reaction: reactions run one after another, and a sweep over everything takes as long as there are things. It
needs no fact either: what has been swept is compared with the registry's version, so that nothing can be lost.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from uuid import UUID

from domain import bounties, generation, likeness, resources
from domain.kernel import sweeps
from domain.kernel.scope import Scope
from domain.kernel.sweeps import Page, Walk
from domain.registry.lens import Lens
from domain.registry.names import NameMatcher

Sweep = Callable[[Scope, Lens, UUID | None], AsyncGenerator[Page]]
"""Brings everything of one kind up to a lens, from a key on, page by page; a page done again changes nothing."""

SWEEPS: Mapping[str, Sweep] = {
    "files": resources.sweep_files,
    "resources": resources.sweep_texts,
    "bounties": bounties.sweep_bounties,
    "notes": bounties.sweep_notes,
    "jobs": generation.sweep_jobs,
}


async def sweep(scope: Scope, name: str, *, worker: str) -> int | None:
    """Bring one kind of things up to the registry that this process holds, or go on with that; None when it is done.

    Gives how many things were touched, 0 where another worker is at it. When the lease is lost, or a newer registry was
    announced meanwhile by a process that holds it already, the rest is left to the next call. Raises RegistryUnread.
    """
    registry = scope.ports.registry
    if await sweeps.done(name) >= registry.version:
        return None
    walk = await sweeps.take(name, goal=registry.version, worker=worker)
    if walk is None:
        return 0
    try:
        return await _go_on(scope, walk) if await registry.reach(walk.goal) else 0
    except resources.RegistryBehind:
        await registry.reach(registry.version + 1)
        return 0
    finally:
        await sweeps.leave(walk)


async def _go_on(scope: Scope, walk: Walk) -> int:
    """Walk on, noting each page that is done, to the end, or to where somebody else has taken over."""
    await resources.announce_registry(scope, walk.goal)
    lens = await _lens(scope, walk)
    touched = 0
    async with aclosing(SWEEPS[walk.name](scope, lens, walk.after)) as pages:
        async for page in pages:
            touched += page.touched
            if not await sweeps.advance(walk, page):
                return touched
    await sweeps.finish(walk)
    return touched


async def _lens(scope: Scope, walk: Walk) -> Lens:
    """Make the lens for what has changed since the sweep was done last: everybody, where it never was."""
    whole = scope.ports.registry.matcher
    if walk.since == 0:
        return Lens(whole, whole)
    change = await likeness.load_change(walk.since, scope.ports.sealer)
    return Lens(whole, await asyncio.to_thread(NameMatcher, change.now))
