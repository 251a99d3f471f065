"""Sessions that outlive a request: authority read anew for each live event, and connections closed when one ends."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator

import asyncpg
import structlog

from countenance.ending import end_if_asked
from domain.accounts import actors_by_sessions
from domain.kernel.ids import SessionId
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope

log = structlog.get_logger(__name__)


async def refresh(scope: Scope) -> Scope | None:
    """Read the authority of a scope anew; None when its session has ended. A scope without a session stays as it is."""
    if scope.actor is None or scope.actor.session_id is None:
        return scope
    session_id = scope.actor.session_id
    actors = await actors_by_sessions(scope.ports, [session_id])
    return scope.as_(actors[session_id]) if session_id in actors else None


class SessionWatch:
    """Looks after the sessions of this process's open connections, all of them in one statement.

    Sign-out, expiry and an account's removal all come out the same way: the session is not there any more.
    """

    def __init__(self, ports: Ports, *, seconds: float = 1.0) -> None:
        """Look every `seconds`."""
        self._ports = ports
        self._seconds = seconds
        self._watched: defaultdict[SessionId, set[asyncio.Future[None]]] = defaultdict(set)

    @contextlib.contextmanager
    def watching(self, scope: Scope) -> Iterator[asyncio.Future[None]]:
        """Give a future that is done when the session of `scope` has ended; never, for a scope without one."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        session_id = scope.actor.session_id if scope.actor else None
        if session_id is None:
            yield ended
            return
        self._watched[session_id].add(ended)
        try:
            yield ended
        finally:
            self._watched[session_id].discard(ended)
            if not self._watched[session_id]:
                del self._watched[session_id]

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self.look()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                end_if_asked()
                log.warning("sessions can't be checked; trying again", reason=str(error))

    async def look(self) -> None:
        """Tell the connections whose session has ended."""
        watched = list(self._watched)
        live = await actors_by_sessions(self._ports, watched) if watched else {}
        for session_id in watched:
            for ended in () if session_id in live else list(self._watched.get(session_id, ())):
                if not ended.done():
                    ended.set_result(None)
