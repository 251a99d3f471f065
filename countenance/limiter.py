"""How often is too often: rate limits that all processes share, counted in Redis.

When Redis can't be asked, each process counts on its own until it can: the gate against guessing passwords neither
falls open nor locks everybody out. Keys are hashed, so that no e-mail address lies in Redis.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from countenance.failures import CannotStart

RULES: Final[Mapping[str, str]] = {
    "sign-in-address": "30 per 5 minutes",
    "sign-in-email": "10 per 15 minutes",
    "sign-up-address": "20 per hour",
    "draft": "60 per hour",
    "upload": "120 per hour",
    "submit": "60 per hour",
    "bounty-open": "30 per hour",
    "bounty-pledge": "120 per hour",
    "bounty-change": "60 per hour",
    "entry-draft": "60 per hour",
    "entry-submit": "60 per hour",
    "vault-read": "1200 per hour",
    "case-file": "120 per hour",
    "generation": "120 per minute",
    "quote": "60 per minute; 600 per hour",
    "claim": "20 per hour; 60 per day",
    "claim-unproved": "5 per hour; 20 per day",
    "claim-email": "10 per day",
    "claim-mail": "5 per hour; 20 per day",
    "claim-mail-kept": "1 per day",
    "claim-mail-all": "200 per hour",
    "claim-look": "30 per 15 minutes",
    "claim-look-case": "100 per hour",
    "claim-look-late": "3 per day",
    "claim-look-address": "120 per hour",
}
"""The rules by name; several windows are parted by semicolons, and each must allow it."""

_ANSWER_WITHIN = 0.5
_ASK_AGAIN_AFTER = 2.0
_log = structlog.get_logger(__name__)

_Ask = Callable[..., Awaitable[int | None]]


class RedisLimiter:
    """The Limiter port. The windows move: what counts is the last hour, not the hour on the clock.

    `rules` go before the built-in ones, by name. Raises CannotStart for one that nobody asks for or that can't be read.
    """

    def __init__(self, redis_url: str, rules: Mapping[str, str] | None = None, *, connections: int = 10) -> None:
        self._windows = _windows({**RULES, **(rules or {})})
        self._pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=connections,
            timeout=_ANSWER_WITHIN,
            retry=Retry(NoBackoff(), 1),  # a connection that Redis has closed meanwhile is opened anew, once
        )
        # The pool knows the address; of this one only the scheme is read.
        storage = RedisStorage(
            "redis://pool:6379",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="limit",
            connection_pool=self._pool,  # type: ignore[arg-type]  # documented, but not in the options' type
        )
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._ask_again_at = -math.inf

    async def hit(self, rule: str, key: str) -> int | None:
        """Count one use of `rule` by `key`; None when allowed, else the whole seconds to wait. Raises LookupError."""
        return await self._ask(_hit, rule, key)

    async def wait(self, rule: str, key: str) -> int | None:
        """Say what `hit` would, without counting. Raises LookupError."""
        return await self._ask(_test, rule, key)

    async def _ask(self, ask: _Ask, rule: str, key: str) -> int | None:
        windows = self._windows[rule]
        hashed = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
        if time.monotonic() >= self._ask_again_at:
            try:
                async with asyncio.timeout(_ANSWER_WITHIN):
                    return await ask(self._shared, windows, rule, hashed)
            except (StorageError, TimeoutError) as error:
                self._ask_again_at = time.monotonic() + _ASK_AGAIN_AFTER
                _log.warning("limits are counted by this process alone: Redis does not answer", error=str(error))
        return await ask(self._own, windows, rule, hashed)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.disconnect()


def _windows(rules: Mapping[str, str]) -> dict[str, Sequence[RateLimitItem]]:
    read: dict[str, Sequence[RateLimitItem]] = {}
    for name, text in rules.items():
        if name not in RULES:
            raise CannotStart(f"COUNTENANCE_RATE_LIMITS: there is no rule `{name}`; there are {', '.join(RULES)}.")
        try:
            read[name] = parse_many(text)
        except ValueError:
            raise CannotStart(
                f"COUNTENANCE_RATE_LIMITS: `{text}` is no rule for `{name}`; "
                "write one like `10 per 15 minutes; 50 per day`."
            ) from None
    return read


async def _hit(limiter: MovingWindowRateLimiter, windows: Sequence[RateLimitItem], *name: str) -> int | None:
    """Count in each window; the first that is full says how long to wait."""
    for window in windows:
        if not await limiter.hit(window, *name):
            return await _pause(limiter, window, *name)
    return None


async def _test(limiter: MovingWindowRateLimiter, windows: Sequence[RateLimitItem], *name: str) -> int | None:
    """Look at each window; the first that is full says how long to wait."""
    for window in windows:
        if not await limiter.test(window, *name):
            return await _pause(limiter, window, *name)
    return None


async def _pause(limiter: MovingWindowRateLimiter, window: RateLimitItem, *name: str) -> int:
    """Say in how many whole seconds a full window allows one more."""
    stats = await limiter.get_window_stats(window, *name)
    return max(1, math.ceil(stats.reset_time - time.time()))
