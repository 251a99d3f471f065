"""Short ways to the things that most tests begin with; each writes through the product's own deeds."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain import accounts, ledger
from domain.kernel.clock import SystemClock
from domain.kernel.ids import Credits, new_id
from domain.kernel.ports import Policy
from domain.kernel.scope import Actor, Role, Scope
from domain.kernel.work import work
from domain.ledger import Purse, Reason
from tests import fakes

_NUMBERS = itertools.count(1)


def system_scope() -> Scope:
    """The product's own authority, on the real clock, for what a test needs to be there beforehand."""
    policy = Policy(session_seconds=int(timedelta(days=30).total_seconds()))
    return Scope.of_system(fakes.ports(clock=SystemClock(), folder=Path("/nonexistent"), policy=policy))


async def member(handle: str = "", *, credits: int = 0) -> Actor:  # noqa: A002 - what it gives
    """A member, with `credits` minted for them."""
    actor = await _account(handle, Role.MEMBER)
    await give(actor, credits)
    return actor


async def trusted_flagger(handle: str = "") -> Actor:
    """A trusted flagger."""
    return await _account(handle, Role.TRUSTED_FLAGGER)


async def moderator(handle: str = "") -> Actor:
    """A moderator."""
    return await _account(handle, Role.MODERATOR)


async def admin(handle: str = "") -> Actor:
    """An administrator."""
    return await _account(handle, Role.ADMIN)


async def signed_in(handle: str = "", *, role: Role = Role.MEMBER, **kept: Any) -> accounts.SignedIn:
    """An account with its first session and token; `email` and `password` may be given."""
    handle = handle or f"somebody-{next(_NUMBERS)}"
    email = kept.pop("email", f"{handle}@example.org")
    return await accounts.create(system_scope(), handle=handle, email=email, role=role, **kept)


async def give(actor: Actor, amount: int) -> None:
    """Mint credits for somebody."""
    async with work() as w:
        await ledger.transfer(
            w,
            Credits(amount),
            debit=Purse.mint(),
            credit=Purse.account(actor.account_id),
            reason=Reason.GRANT,
            subject=None,
            key=f"test:{new_id()}",
        )


async def available(actor: Actor) -> int:
    """What somebody can spend now."""
    states = await ledger.purses_of_accounts(system_scope(), [actor.account_id])
    return states[actor.account_id].available


async def _account(handle: str, role: Role) -> Actor:
    signed = await signed_in(handle, role=role)
    account = signed.account
    return Actor(account.id, account.handle, account.role, signed.session_id)
