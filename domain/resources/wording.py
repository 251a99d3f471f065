"""The words of resources: learnt when they are published, so that misspelt ones are understood."""

from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.resources.facts import ResourceChanged
from domain.resources.values import ResourceStatus


async def learn_words(scope: Scope, fact: ResourceChanged) -> None:
    """Learn the words of a resource that everybody may read now; a reaction to ResourceChanged."""
    if fact.status != ResourceStatus.PUBLISHED:
        return
    async with work(scope.now) as w:
        await w.execute(
            "SELECT search_learn(words) FROM resource WHERE id = $1 AND status = 'PUBLISHED'", fact.resource_id
        )
