"""How long it takes to apply a change of the registry to everything stored, without reading a file.

A real Postgres with as many published resources as a large site has, each with a file whose metadata texts were kept
when it was inspected: its name, what it was trained on, and its tags. One in two hundred names somebody who is then
registered, and withdrawn again; then many are registered at once who are named nowhere. Run with
`python -m benchmarks backscan`.
"""

import asyncio
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

from benchmarks.harness import Figure
from benchmarks.world import services
from countenance import database
from countenance.composition import compose
from countenance.settings import Settings
from domain import backscan, likeness
from domain.backscan import SWEEPS
from domain.kernel.ids import PersonId, new_id
from domain.kernel.scope import Scope
from domain.kernel.wire import MetadataText
from domain.kernel.work import pool
from domain.resources.keeping import packed

RESOURCES, SHORT_RESOURCES = 100_000, 2_000
REGISTERED, SHORT_REGISTERED = 2_000, 100
ONE_IN = 200
MANY = 49
TARGET_SECONDS = 60.0
NAME = "Test Person Aldebaran"
_BATCH = 5_000
_WORDS = """
    soft washes of colour over rough paper in the manner of an old atlas with boats fog low sun harbour lighthouse
    mountain river forest castle dragon knight robot city night rain neon portrait sketch ink watercolour oil style
    detailed simple background solo long hair blue eyes smile standing sitting outdoors sky clouds flower dress hat
""".split()  # noqa: SIM905  # a text is easier to read


@dataclass(frozen=True, slots=True)
class _Sweep:
    """How long one took, and how long of that this process was computing."""

    seconds: float
    computing: float


@dataclass(frozen=True, slots=True)
class _Found:
    on: _Sweep
    off: _Sweep
    many: _Sweep
    memory: float


def run(*, short: bool = False) -> list[Figure]:
    """Time a registration and its withdrawal, each until everything stored has been judged by it."""
    number, registered = (SHORT_RESOURCES, SHORT_REGISTERED) if short else (RESOURCES, REGISTERED)
    with services() as settings:
        found = asyncio.run(_measured(settings, number, registered))
    note = f"{number:,} resources, one in {ONE_IN} of which names them; {registered:,} others registered"
    return [
        *_figures("a registration", found.on, note),
        *_figures("a withdrawal", found.off, note),
        *_figures(f"{MANY} registrations", found.many, note),
        Figure("back-scan: memory on top", found.memory, "MB", note="the process's peak, less what it began with"),
    ]


def _figures(after: str, sweep: _Sweep, note: str) -> list[Figure]:
    target = f"≤ {TARGET_SECONDS:.0f} s for {RESOURCES:,}"
    met = sweep.seconds <= TARGET_SECONDS
    return [
        Figure(f"back-scan after {after}", sweep.seconds, "s", target=target, met=met, note=note),
        Figure(f"back-scan after {after}: computing", sweep.computing, "s", note="of one process, without Postgres"),
    ]


async def _measured(settings: Settings, number: int, registered: int) -> _Found:
    url = settings.database_url.get_secret_value()
    await database.migrate(url)
    async with database.pool(url):
        await _fill(number, registered)
    composed = compose(settings)
    async with composed.opened():
        system = Scope.of_system(composed.ports)
        await pool().executemany("INSERT INTO sweep (name, done) VALUES ($1, 1)", [(name,) for name in SWEEPS])
        before = _peak()
        person, _ = await likeness.register(system, name=NAME)
        on = await _swept(system)
        await _expect_blocked(number // ONE_IN)
        await likeness.withdraw(system, PersonId(person.id))
        off = await _swept(system)
        await _expect_blocked(0)
        for letters in product("klmnopq", repeat=2):
            await likeness.register(system, name=f"Test Person Rigel {''.join(letters)}orin")
        many = await _swept(system)
        await _expect_blocked(0)
        return _Found(on, off, many, _peak() - before)


async def _swept(system: Scope) -> _Sweep:
    """Run what the worker runs for a change, from its commit on: all sweeps at once, each to its end."""
    began, cpu = time.perf_counter(), time.process_time()
    await system.ports.registry.reach(await likeness.registry_version())
    async with asyncio.TaskGroup() as group:
        for name in SWEEPS:
            group.create_task(_to_the_end(system, name))
    return _Sweep(time.perf_counter() - began, time.process_time() - cpu)


async def _to_the_end(system: Scope, name: str) -> None:
    while await backscan.sweep(system, name, worker="benchmark") is not None:
        continue


async def _expect_blocked(number: int) -> None:
    found = await pool().fetchval("SELECT count(*) FROM resource WHERE status = 'BLOCKED'")
    if found != number:
        raise RuntimeError(f"{found} resources are blocked, not {number}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _fill(number: int, registered: int) -> None:
    """Write the world by COPY: an owner, persons, and resources with their files and scans."""
    owner, now = new_id(), datetime.now(UTC)
    await pool().execute(
        "INSERT INTO account (id, handle, email, role, created_at) VALUES ($1, 'owner', 'owner@example.org', 'MEMBER',"
        " $2)",
        owner,
        now,
    )
    await pool().execute("INSERT INTO registry_state (id, version) VALUES (1, 1)")
    await pool().execute(
        "INSERT INTO registered_person (id, name, aliases, consent, creators, registered_at, changed_in, name_keys)"
        " SELECT gen_random_uuid(), 'Test Zuben ' || translate(n::text, '0123456789', 'klmnopqrst'), '{}', 'DENY_ALL',"
        " '{}', now(), 1, '{}' FROM generate_series(1, $1) AS n",
        registered,
    )
    rng = random.Random(1)
    for start in range(0, number, _BATCH):
        rows = list(_world(rng, range(start, min(start + _BATCH, number)), owner, now))
        for at, (table, columns) in enumerate(_COLUMNS.items()):
            await pool().copy_records_to_table(table, columns=columns.split(), records=[row[at] for row in rows])
    await pool().execute("ANALYZE")


_COLUMNS = {
    "resource": "id kind title description trigger_words owner_id status mature depicts_real_person findings"
    " created_at published_at",
    "stored_file": "id holder_kind holder_id account_id mature name size_bytes sha256 blob_key format claimed_hashes"
    " created_at",
    "scan": "id file_id status attempt losses base verdict findings texts registry_version queued_at not_before",
}


def _world(rng: random.Random, numbers: range, owner: UUID, now: datetime) -> Iterator[tuple[tuple[Any, ...], ...]]:
    for n in numbers:
        model, file = new_id(), new_id()
        said = " ".join(rng.choices(_WORDS, k=60))
        named = NAME if n % ONE_IN == 0 else f"concept {n}"
        texts = [MetadataText("ss_output_name", named if n % (2 * ONE_IN) else f"concept {n}")]
        texts += [MetadataText("ss_tag_frequency", " ".join(rng.choices(_WORDS, k=2))) for _ in range(40)]
        said = f"{said} {named}" if n % (2 * ONE_IN) == 0 else said
        yield (
            (model, "LORA", f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {n}", said, [f"trg{n}"], owner, "PUBLISHED",
             False, False, "[]", now, now),
            (file, "resource", model, owner, False, f"model-{n}.safetensors", 1000, f"{n:064x}", f"k{n}",
             "safetensors", "{}", now),
            (new_id(), file, "DONE", 1, 0, "CLEAN", "CLEAN", "[]", packed(texts), 1, now, now),
        )  # fmt: skip
