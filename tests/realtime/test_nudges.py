"""Nudges go through broadcaster, whose traps are closed: cold starts, dead listeners, broken connections."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from broadcaster import Event
from redis.asyncio import Redis

from countenance import nudges
from countenance.nudges import FEED, Nudges
from tests.stopping import stopped


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection to send with."""
    made = Redis.from_url(redis_url)
    yield made
    await made.aclose()


@contextlib.asynccontextmanager
async def listening(redis_url: str, **options: float) -> AsyncIterator[tuple[Nudges, list[str]]]:
    """A listener that runs, and what it hears."""
    heard: list[str] = []
    listener = Nudges(redis_url, heard.append, **options)
    running = asyncio.create_task(listener.run())
    try:
        yield listener, heard
    finally:
        await stopped(running)


async def sent_until_heard(redis: Redis, heard: list[str], text: str, seconds: float = 5.0) -> None:
    """Send a nudge again and again until it is heard."""
    async with asyncio.timeout(seconds):
        while text not in heard:
            await redis.publish(FEED, text)
            await asyncio.sleep(0.02)


async def test_the_first_listener_on_a_cold_server_hears(redis_url: str, redis: Redis) -> None:
    for round_ in range(5):  # broadcaster's own backend fell asleep in some starts, not in all
        async with listening(redis_url) as (listener, heard):
            await sent_until_heard(redis, heard, f"cold {round_}", 1.0)

            assert listener.dials == 1


async def test_a_broken_connection_is_mended(redis_url: str, redis: Redis) -> None:
    async with listening(redis_url, beat=0.1, patience=0.5) as (listener, heard):
        await sent_until_heard(redis, heard, "before")

        killed = await redis.client_kill_filter(_type="pubsub")
        await sent_until_heard(redis, heard, "after")

        assert killed == 1
        assert listener.dials == 2


async def test_a_listener_that_died_silently_is_replaced(
    redis_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine, deaths = nudges._RedisBackend.next_published, iter([None])

    async def dies_once(backend: nudges._RedisBackend) -> Event:
        event = await genuine(backend)
        if event.message == "deadly" and next(deaths, "over") is None:
            raise RuntimeError("broadcaster's listener task ends with this, and nobody is told")
        return event

    monkeypatch.setattr(nudges._RedisBackend, "next_published", dies_once)
    async with listening(redis_url, beat=0.1, patience=0.5) as (listener, heard):
        await sent_until_heard(redis, heard, "before")
        await redis.publish(FEED, "deadly")

        await sent_until_heard(redis, heard, "after")

        assert listener.dials == 2


async def test_whoever_is_ended_while_it_dials_ends(redis_url: str) -> None:
    for moment in range(40):  # a redis that is cancelled while it connects goes on as if nothing had been said
        running = asyncio.create_task(Nudges(redis_url, [].append).run())
        await asyncio.sleep(moment * 0.0002)

        running.cancel()

        assert await asyncio.wait([running], timeout=3) == ({running}, set())
        assert running.cancelled()


async def test_no_connection_is_left_behind(redis_url: str, redis: Redis) -> None:
    before = len(await redis.client_list())

    async with listening(redis_url) as (_, heard):
        await sent_until_heard(redis, heard, "one")
        meanwhile = len(await redis.client_list())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            while len(await redis.client_list()) > before:  # noqa: ASYNC110 - by polling
                await asyncio.sleep(0.02)

    assert meanwhile > before
    assert len(await redis.client_list()) == before


async def test_a_process_that_stood_still_for_longer_than_the_patience_listens_again(
    redis_url: str, redis: Redis
) -> None:
    listener = Nudges(redis_url, (heard := []).append, beat=0.1, patience=0.5)
    running = asyncio.create_task(listener.run())
    await sent_until_heard(redis, heard, "before")

    for _ in range(3):  # the patience and redis' own timeouts run out in the same turn of the loop
        time.sleep(1.5)  # noqa: ASYNC251 - the loop is meant to stand still
        await asyncio.sleep(0.3)

    await sent_until_heard(redis, heard, "after")
    running.cancel()
    _, stuck = await asyncio.wait([running], timeout=3)
    assert not stuck
