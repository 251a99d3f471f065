"""Rate limits as the domain uses them."""

from dataclasses import dataclass, field, replace

import pytest

from domain.kernel.limits import count_use, network_of, seconds_to_wait, spoken, still_allowed, within_limit
from domain.kernel.refusals import RateLimited
from domain.kernel.scope import Scope


@dataclass
class OneUse:
    """A limiter that allows each key once, for tests of the refusal."""

    used: list[tuple[str, str]] = field(default_factory=list)

    async def hit(self, rule: str, key: str) -> int | None:
        """Allow the first use."""
        self.used.append((rule, key))
        return 42 if self.used.count((rule, key)) > 1 else None

    async def wait(self, rule: str, key: str) -> int | None:
        """Tell whether the first use was made."""
        return 42 if (rule, key) in self.used else None


async def test_too_often_is_refused_with_the_seconds_to_wait(nobody: Scope) -> None:
    limiter = OneUse()
    scope = replace(nobody, ports=replace(nobody.ports, limiter=limiter))
    await within_limit(scope, "draft", 7)

    with pytest.raises(RateLimited) as refused:
        await within_limit(scope, "draft", 7)

    assert refused.value.retry_after_seconds == 42
    assert refused.value.message == "This was tried too often: wait 42 seconds and try again."
    assert limiter.used == [("draft", "7"), ("draft", "7")]


async def test_the_product_itself_is_not_counted(system: Scope) -> None:
    limiter = OneUse()
    scope = replace(system, ports=replace(system.ports, limiter=limiter))

    await within_limit(scope, "draft", 7)
    await within_limit(scope, "draft", 7)

    assert limiter.used == []


async def test_looking_whether_more_is_allowed_counts_nothing(nobody: Scope) -> None:
    limiter = OneUse()
    scope = replace(nobody, ports=replace(nobody.ports, limiter=limiter))

    before = await seconds_to_wait(scope, "draft", 7)
    await still_allowed(scope, "draft", 7)
    await count_use(scope, "draft", 7)
    after = await seconds_to_wait(scope, "draft", 7)

    assert (before, after) == (None, 42)
    with pytest.raises(RateLimited):
        await still_allowed(scope, "draft", 7)
    assert limiter.used == [("draft", "7")]


async def test_what_counts_failures_never_refuses_by_counting(nobody: Scope) -> None:
    limiter = OneUse()
    scope = replace(nobody, ports=replace(nobody.ports, limiter=limiter))

    for _ in range(3):
        await count_use(scope, "draft", 7)

    assert limiter.used == [("draft", "7")] * 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "a second"),
        (1, "a second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (879, "15 minutes"),
        (3600, "1 hour"),
        (3601, "1 hour 1 minute"),
        (7500, "2 hours 5 minutes"),
        (86399, "24 hours"),
    ],
)
def test_a_wait_is_said_in_the_units_that_people_use(seconds: int, said: str) -> None:
    assert spoken(seconds) == said


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_counts_as_one_network(address: str, network: str) -> None:
    assert network_of(address) == network
