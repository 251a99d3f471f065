"""Reactions: what other contexts do about a fact, in the facts' order, at least once.

A reaction that fails is tried again, later each time, while the facts after it go on; after ten attempts it is parked
with its error, loudly. A person then looks, mends the cause and sets `attempts` to 0.
"""

import asyncio
import json
import time
from dataclasses import replace

import asyncpg
import structlog

from countenance import metrics
from domain.kernel.facts import Fact
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from domain.reactions import REACTIONS

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 10

_BATCH = 100
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_POLL_SECONDS = 1.0


def unheard() -> list[str]:
    """Name the kinds of facts that nobody reacts to."""
    heard = {kind.__name__ for kind in REACTIONS}
    return [kind for kind in Fact.kinds() if kind not in heard]


class Reactor:
    """Runs reactions; belongs to the relay."""

    def __init__(self, ports: Ports) -> None:
        self._scope = Scope.of_system(ports)
        self._woken = asyncio.Event()
        self._due: dict[int, float] = {}
        """When a fact whose reactions failed is tried again, by `time.monotonic`; a new relay tries at once."""

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    async def run(self) -> None:
        """React until cancelled."""
        await self._pass_over()
        while True:
            self._woken.clear()
            while await self.react():
                pass
            pause = min([_POLL_SECONDS, *(due - time.monotonic() for due in self._due.values())])
            try:
                async with asyncio.timeout(max(0.01, pause)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def react(self) -> int:
        """React to the facts that are due, up to a batch of them; give how many there were."""
        now = time.monotonic()
        waiting = [fact_id for fact_id, due in self._due.items() if due > now]
        rows = await pool().fetch(
            """
            SELECT id, kind, body, attempts FROM fact
            WHERE reacted_at IS NULL AND feed_no IS NOT NULL AND kind = ANY($1::text[]) AND attempts < $2
                  AND id <> ALL($3::bigint[])
            ORDER BY feed_no LIMIT $4
            """,
            [kind.__name__ for kind in REACTIONS],
            MAX_ATTEMPTS,
            waiting,
            _BATCH,
        )
        for row in rows:
            await self._one(row)
        return len(rows)

    async def _pass_over(self) -> None:
        """Be done with numbered facts whose reactions were taken out of the table by a later release."""
        await pool().execute(
            """
            UPDATE fact SET reacted_at = now()
            WHERE reacted_at IS NULL AND feed_no IS NOT NULL AND kind = ANY($1::text[])
            """,
            unheard(),
        )

    async def _one(self, row: asyncpg.Record) -> None:
        """Run a fact's reactions."""
        try:
            fact = Fact.read(row["kind"], json.loads(row["body"]))
            scope = replace(self._scope, request_id=f"fact-{row['id']}")
            for reaction in REACTIONS[type(fact)]:
                await reaction(scope, fact)
        except Exception as error:  # whatever a reaction does wrong must not stop the others
            await self._failed(row, error)
            return
        await pool().execute("UPDATE fact SET reacted_at = now(), last_error = NULL WHERE id = $1", row["id"])
        self._due.pop(row["id"], None)

    async def _failed(self, row: asyncpg.Record, error: Exception) -> None:
        attempts = row["attempts"] + 1
        said = f"{type(error).__name__}: {error}"[:500].replace("\0", "")
        await pool().execute("UPDATE fact SET attempts = $2, last_error = $3 WHERE id = $1", row["id"], attempts, said)
        metrics.REACTION_FAILURES.labels(row["kind"]).inc()
        if attempts >= MAX_ATTEMPTS:
            self._due.pop(row["id"], None)
            metrics.PARKED.labels(row["kind"]).inc()
            log.error(
                "a reaction is given up; look at fact.last_error", fact_id=row["id"], kind=row["kind"], exc_info=error
            )
            return
        self._due[row["id"]] = time.monotonic() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
        log.warning("a reaction failed; it is tried again", fact_id=row["id"], kind=row["kind"], reason=said)
