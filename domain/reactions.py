"""Who hears which fact: one table. The relay runs these after the fact is numbered, at least once, in order.

A reaction is idempotent: it may run again after a crash. It gets the system's scope, opens its own work, and calls a
context's face; it decides nothing itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain import accounts, bounties, generation, ledger, likeness, resources
from domain.kernel.facts import Fact
from domain.kernel.scope import Scope

Reaction = Callable[[Scope, Any], Awaitable[None]]


async def _revalidate_resources(scope: Scope, fact: likeness.RegistryChanged) -> None:
    """Hand the registry over: resources can't ask for it, because likeness stands beside them."""
    await resources.revalidate(scope, await likeness.load_snapshot())


REACTIONS: dict[type[Fact], Sequence[Reaction]] = {
    accounts.AccountOpened: (ledger.grant_to_new_account,),
    generation.GenerationStopAsked: (generation.stop_asked,),
    likeness.RegistryChanged: (generation.registry_changed, _revalidate_resources),
    resources.FileScanned: (bounties.entry_scanned,),
    resources.ResourceChanged: (generation.resource_changed, bounties.outcome_published),
}
