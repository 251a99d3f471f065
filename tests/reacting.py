"""Having what was told heard: the relay's numbering and reactions, one after another, without a relay's process."""

from countenance.reacting import Reactor, unheard
from domain.kernel.outbox import number_facts
from domain.kernel.scope import Scope
from domain.kernel.work import pool


async def react(scope: Scope) -> None:
    """Run every reaction that is due, and those to what they tell, until nothing is left; none may fail."""
    reactor = Reactor(scope.ports)
    while True:
        async with pool().acquire() as connection:
            numbered = await number_facts(connection, unheard=unheard())  # type: ignore[arg-type]  # a pool's proxy
        if not numbered and not await reactor.react():
            break
    failed = await pool().fetch("SELECT kind, last_error FROM fact WHERE last_error IS NOT NULL")
    assert [tuple(row) for row in failed] == []
