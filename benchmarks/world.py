"""A small world for the benches of the API: services of their own, 50 bounties with 5 entries each, and a moderator."""

import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from countenance import database
from countenance.asgi import Parts, application
from countenance.composition import Composed, compose
from countenance.embedded.postgres import Postgres
from countenance.embedded.valkey import Valkey
from countenance.settings import Settings
from domain import accounts
from domain.kernel.ids import new_id
from domain.kernel.scope import Role, Scope
from domain.kernel.work import pool

BOUNTIES, ENTRIES, AUTHORS = 50, 5, 60


@dataclass(frozen=True, slots=True)
class World:
    """The application, and a moderator's token: moderators see every entry."""

    app: Starlette
    composed: Composed
    token: str
    bounty_id: Any


@contextlib.contextmanager
def services() -> Iterator[Settings]:
    """Start a Postgres and a Valkey, migrated, for as long as this is open."""
    with tempfile.TemporaryDirectory(prefix="cnt-") as place:
        folder = Path(place)
        postgres = Postgres(folder / "pg", log=folder / "pg.log", password=secrets.token_hex(8), durable=False)
        valkey = Valkey(folder / "kv", log=folder / "kv.log", password=secrets.token_hex(8))
        try:
            for server in (postgres, valkey):
                server.start()
                server.wait()
            yield Settings.model_validate(
                {
                    "database_url": postgres.url,
                    "redis_url": valkey.url,
                    "ray_address": "127.0.0.1:1",
                    "blob_url": f"file://{folder}/blobs",
                    "signing_key": secrets.token_hex(32),
                    "upload_folder": str(folder / "uploads"),
                }
            )
        finally:
            valkey.stop()
            postgres.stop()


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[World]:
    """Migrate, fill, and open the application's connections."""
    await database.migrate(settings.database_url.get_secret_value())
    composed = compose(settings)
    async with composed.opened():
        system = Scope.of_system(composed.ports)
        signed = await accounts.create(
            system, handle="moderator", email="moderator@example.org", role=Role.MODERATOR, password=None
        )
        bounty_id = await _fill()
        app = application(Parts(settings, composed.ports, composed.blobs, composed.redis, _nothing))
        yield World(app, composed, signed.token, bounty_id)


async def _fill() -> Any:
    """Write authors, bounties and entries by plain SQL; give one bounty's id."""
    now = datetime.now(UTC)
    authors = [new_id() for _ in range(AUTHORS)]
    await pool().executemany(
        "INSERT INTO account (id, handle, email, role, created_at) VALUES ($1, $2, $3, 'MEMBER', $4)",
        [(author, f"author-{n}", f"author-{n}@example.org", now) for n, author in enumerate(authors)],
    )
    bounties = [new_id() for _ in range(BOUNTIES)]
    await pool().executemany(
        """
        INSERT INTO bounty (id, kind, title, brief, status, mature, depicts_real_person, initiator_id, pot,
                            backer_count, created_at, closes_at, judged_by)
        VALUES ($1, 'LORA', $2, 'Boats, fog, low sun.', 'OPEN', false, false, $3, 100, 1, $4, $5, $6)
        """,
        [
            (bounty, f"Harbour {n}", authors[n % AUTHORS], now, now + timedelta(days=3), now + timedelta(days=9))
            for n, bounty in enumerate(bounties)
        ],
    )
    await pool().executemany(
        """
        INSERT INTO bounty_entry (id, bounty_id, author_id, note, status, created_at, submitted_at)
        VALUES ($1, $2, $3, $4, 'ACCEPTED', $5, $5)
        """,
        [
            (new_id(), bounty, authors[(n * ENTRIES + m + 1) % AUTHORS], f"Note {n}.{m}", now)
            for n, bounty in enumerate(bounties)
            for m in range(ENTRIES)
        ],
    )
    await pool().execute("ANALYZE")
    return bounties[0]


@contextlib.asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    """The world has opened everything."""
    yield


async def post(app: Any, path: str, body: bytes, token: str) -> bytes:
    """Send a request straight into an ASGI application, without a client's own costs, and give the answer's body."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"accept", b"application/json"),
            (b"authorization", f"Bearer {token}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent = iter([{"type": "http.request", "body": body, "more_body": False}])
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return next(sent, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{path} answered {message['status']}")
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(parts)
