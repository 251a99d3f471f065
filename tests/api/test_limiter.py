"""Rate limits in a real Redis, and without one."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from countenance.failures import CannotStart
from countenance.limiter import RULES, RedisLimiter

ROOT = Path(__file__).parents[2]
FEW = {"draft": "3 per hour", "claim": "2 per second; 3 per hour"}


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An empty Redis."""
    client = Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def limiter(redis: Redis, redis_url: str) -> AsyncIterator[RedisLimiter]:
    """A limiter with small figures."""
    made = RedisLimiter(redis_url, FEW)
    yield made
    await made.close()


async def test_uses_beyond_the_rule_wait_until_the_first_is_forgotten(limiter: RedisLimiter) -> None:
    allowed = [await limiter.hit("draft", "ann") for _ in range(3)]

    wait = await limiter.hit("draft", "ann")

    assert allowed == [None, None, None]
    assert wait is not None
    assert 3590 <= wait <= 3600


async def test_keys_and_rules_are_counted_apart(limiter: RedisLimiter) -> None:
    for _ in range(4):
        await limiter.hit("draft", "ann")

    assert await limiter.hit("draft", "bea") is None
    assert await limiter.hit("upload", "ann") is None
    assert await limiter.hit("draft", "ann") is not None


async def test_each_window_of_a_rule_must_allow_it(limiter: RedisLimiter) -> None:
    assert [await limiter.hit("claim", "ann") for _ in range(3)] == [None, None, 1]


async def test_asking_whether_it_is_allowed_counts_nothing(limiter: RedisLimiter) -> None:
    asked = [await limiter.wait("draft", "ann") for _ in range(5)]
    for _ in range(3):
        await limiter.hit("draft", "ann")

    wait = await limiter.wait("draft", "ann")

    assert asked == [None] * 5
    assert wait is not None
    assert 3590 <= wait <= 3600
    assert await limiter.wait("draft", "bea") is None


async def test_processes_count_together_and_at_once(limiter: RedisLimiter, redis_url: str) -> None:
    other = RedisLimiter(redis_url, FEW)

    waits = await asyncio.gather(*(each.hit("draft", "ann") for each in (limiter, other) for _ in range(10)))
    await other.close()

    assert waits.count(None) == 3


async def test_no_address_lies_in_redis(limiter: RedisLimiter, redis: Redis) -> None:
    await limiter.hit("sign-in-email", "ann@example.org")

    keys = await redis.keys("*")

    assert len(keys) == 1
    assert b"ann" not in keys[0]


async def test_odd_keys_are_keys_too(limiter: RedisLimiter) -> None:
    for key in ("", "\ud800", "a/b:c {d}\n", "x" * 10_000):
        assert await limiter.hit("draft", key) is None


async def test_without_redis_each_process_counts_on_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    alone = RedisLimiter("redis://127.0.0.1:1/0", FEW)

    waits = [await alone.hit("draft", "ann") for _ in range(4)]
    await alone.close()

    assert waits[:3] == [None, None, None]
    assert waits[3] is not None


async def test_a_redis_that_hangs_delays_one_use_and_no_more() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    alone = RedisLimiter(f"redis://127.0.0.1:{port}/0", FEW)

    async with asyncio.timeout(3):
        waits = [await alone.hit("draft", "ann") for _ in range(4)]
    await alone.close()
    server.close()

    assert [wait is None for wait in waits] == [True, True, True, False]


async def test_a_rule_that_nobody_knows_is_a_defect(limiter: RedisLimiter) -> None:
    with pytest.raises(LookupError):
        await limiter.hit("drat", "ann")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [({"drat": "1 per hour"}, "there is no rule `drat`"), ({"draft": "often"}, "`often` is no rule for `draft`")],
)
def test_settings_that_make_no_rule_stop_the_start(redis_url: str, rules: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        RedisLimiter(redis_url, rules)


def test_every_rule_that_the_domain_names_exists() -> None:
    named = {
        rule
        for path in (ROOT / "domain").rglob("*.py")
        for rule in re.findall(r"(?:_limit|limited|_allowed|count_use)\(\s*\w+,\s*\"([^\"]+)\"", path.read_text())
    }

    assert {"sign-in-address", "sign-in-email", "sign-up-address", "claim-email", "claim-unproved"} <= named
    assert named <= set(RULES)


def test_every_rule_is_asked_by_the_domain() -> None:
    domain = "".join(path.read_text() for path in (ROOT / "domain").rglob("*.py"))

    assert [rule for rule in RULES if f'"{rule}"' not in domain] == []
