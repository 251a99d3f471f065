"""How often a deed may be done: the refusal that goes with the limiter's answer."""

from ipaddress import IPv4Address, ip_address, ip_network

from domain.kernel.refusals import RateLimited
from domain.kernel.scope import Scope


async def within_limit(scope: Scope, rule: str, key: object) -> None:
    """Count one use of `rule` by `key` (an address, an account id, an e-mail). Raises RateLimited.

    The product itself is not counted.
    """
    if scope.system:
        return
    wait = await scope.ports.limiter.hit(rule, str(key))
    if wait is not None:
        pause = "a second" if wait <= 1 else f"{wait} seconds"
        raise RateLimited(f"This was tried too often: wait {pause} and try again.", retry_after_seconds=max(wait, 1))


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
