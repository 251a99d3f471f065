"""How often a deed may be done: the refusal that goes with the limiter's answer."""

import math
from ipaddress import IPv4Address, ip_address, ip_network

from domain.kernel.refusals import RateLimited
from domain.kernel.scope import Scope


async def within_limit(scope: Scope, rule: str, key: object) -> None:
    """Count one use of `rule` by `key` (an address, an account id, an e-mail). Raises RateLimited.

    The product itself is not counted.
    """
    if not scope.system:
        _allow(await scope.ports.limiter.hit(rule, str(key)))


async def still_allowed(scope: Scope, rule: str, key: object) -> None:
    """Refuse what `within_limit` would refuse, and count nothing. Raises RateLimited."""
    _allow(await seconds_to_wait(scope, rule, key))


async def seconds_to_wait(scope: Scope, rule: str, key: object) -> int | None:
    """Say how long `key` has to wait under a rule; None when it need not. Counts nothing."""
    return None if scope.system else await scope.ports.limiter.wait(rule, str(key))


async def count_use(scope: Scope, rule: str, key: object) -> None:
    """Count one use of `rule` by `key` after the event, also where no more are allowed."""
    if not scope.system:
        await scope.ports.limiter.hit(rule, str(key))


def _allow(wait: int | None) -> None:
    if wait is not None:
        raise RateLimited(
            f"This was tried too often: wait {spoken(wait)} and try again.", retry_after_seconds=max(wait, 1)
        )


def spoken(seconds: int) -> str:
    """Say for how long somebody has to wait as people do, never less than it is: "42 seconds", "2 hours 5 minutes"."""
    if seconds < 120:
        return "a second" if seconds <= 1 else f"{seconds} seconds"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    parts = [_several(hours, "hour"), _several(minutes, "minute")]
    return " ".join(part for part in parts if part)


def _several(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def network_of(address: str) -> str:
    """Give what one subscriber's address is counted under: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip_network((ip, 64), strict=False))
