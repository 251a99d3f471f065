"""The words of bounties: learnt when they are public, so that misspelt ones are understood."""

from domain.bounties.facts import BountyFact
from domain.kernel.scope import Scope
from domain.kernel.work import work


async def learn_words(scope: Scope, fact: BountyFact) -> None:
    """Learn the words of a bounty that everybody may read; a reaction to its opening and to a change of its terms."""
    async with work(scope.now) as w:
        await w.execute("SELECT search_learn(words) FROM bounty WHERE id = $1 AND held_at IS NULL", fact.bounty_id)
