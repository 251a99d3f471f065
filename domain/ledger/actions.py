"""Moving credits. Every movement is a leg of a balanced journal entry, in the transaction of the deed it belongs to."""

from collections.abc import Sequence
from datetime import datetime

from domain.accounts import AccountOpened
from domain.kernel.ids import Credits, Subject, new_id
from domain.kernel.refusals import NotEnoughCredits
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.ledger.rules import Leg, legs_of, purses_of, require_funds
from domain.ledger.values import Movement, Purse, Reason


async def transfer(
    w: Work,
    amount: Credits,
    *,
    debit: Purse,
    credit: Purse,
    reason: Reason,
    subject: Subject | None,
    key: str,
) -> bool:
    """Move credits from one purse to another, once for each `key`.

    Gives False, and moves nothing, when the key was used before or the amount is zero. Raises NotEnoughCredits.
    """
    return await transfers(w, [Movement(amount, debit, credit, reason, subject)], key=key)


async def transfers(w: Work, movements: Sequence[Movement], *, key: str, at: datetime | None = None) -> bool:
    """Make several movements as one journal entry: all of them, or none.

    `key` names the deed, such as `bounty-award:<id>`; a second entry with the same key moves nothing and gives False.
    All purses are locked in one order, so that entries written at once never wait for each other in a circle: call
    this once in a work. `at` is the entry's time; the database's clock when None. Raises NotEnoughCredits.
    """
    legs = legs_of(movements)
    if not legs:
        return False
    balances = await _lock(w, purses_of(legs))
    try:
        require_funds(legs, balances)
    except NotEnoughCredits:
        if await w.one("SELECT 1 FROM journal_entry WHERE key = $1", key):
            return False
        raise
    return await _post(w, legs, key, at)


async def balance(w: Work, purse: Purse) -> Credits:
    """Give what a purse holds, and keep it so until the work ends; below zero only for the house and the mint."""
    row = await w.one(
        "SELECT balance FROM purse WHERE kind = $1 AND belongs_to = $2 FOR UPDATE", purse.kind, purse.belongs_to
    )
    return Credits(row["balance"] if row else 0)


async def grant_to_new_account(scope: Scope, fact: AccountOpened) -> None:
    """Give a new member their first credits; a reaction to AccountOpened."""
    async with work(scope.now) as w:
        await transfer(
            w,
            Credits(scope.ports.policy.signup_grant),
            debit=Purse.mint(),
            credit=Purse.account(fact.account_id),
            reason=Reason.GRANT,
            subject=Subject("account", fact.account_id),
            key=f"signup-grant:{fact.account_id}",
        )


async def _lock(w: Work, purses: Sequence[Purse]) -> dict[Purse, int]:
    """Lock the purses in the order given, making those that are new, and give their balances."""
    kinds, owners = [purse.kind.value for purse in purses], [purse.belongs_to for purse in purses]
    # Missing purses are made before any is locked; the other way round two works could wait for each other.
    await w.execute(
        """
        INSERT INTO purse (id, kind, belongs_to, holder_id, balance)
        SELECT new.id, new.kind, new.belongs_to, new.holder_id, 0
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[])
             WITH ORDINALITY AS new(id, kind, belongs_to, holder_id, n)
        WHERE NOT EXISTS (SELECT FROM purse WHERE purse.kind = new.kind AND purse.belongs_to = new.belongs_to)
        ORDER BY new.n
        ON CONFLICT (kind, belongs_to) DO NOTHING
        """,
        [new_id() for _ in purses],
        kinds,
        owners,
        [purse.holder_id for purse in purses],
    )
    rows = await w.fetch(
        """
        SELECT purse.kind, purse.belongs_to, purse.balance
        FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS asked(kind, belongs_to, n)
        JOIN purse ON purse.kind = asked.kind AND purse.belongs_to = asked.belongs_to
        ORDER BY asked.n FOR UPDATE OF purse
        """,
        kinds,
        owners,
    )
    return {purse: row["balance"] for purse, row in zip(purses, rows, strict=True)}


async def _post(w: Work, legs: Sequence[Leg], key: str, at: datetime | None) -> bool:
    """Write the journal entry; False when its key was taken meanwhile. A trigger moves the balances."""
    written = await w.execute(
        """
        WITH entry AS (
            INSERT INTO journal_entry (id, key, at) VALUES ($1, $2, coalesce($3, now()))
            ON CONFLICT (key) DO NOTHING RETURNING id
        )
        INSERT INTO posting (id, entry_id, purse_id, amount, reason, subject_kind, subject_id)
        SELECT leg.id, entry.id, purse.id, leg.amount, leg.reason, leg.subject_kind, leg.subject_id
        FROM entry, unnest($4::uuid[], $5::text[], $6::uuid[], $7::bigint[], $8::text[], $9::text[], $10::uuid[])
             WITH ORDINALITY AS leg(id, kind, belongs_to, amount, reason, subject_kind, subject_id, n)
        JOIN purse ON purse.kind = leg.kind AND purse.belongs_to = leg.belongs_to
        ORDER BY leg.n
        """,
        new_id(),
        key,
        at,
        [new_id() for _ in legs],
        [leg.purse.kind.value for leg in legs],
        [leg.purse.belongs_to for leg in legs],
        [leg.amount for leg in legs],
        [leg.reason.value for leg in legs],
        [leg.subject.kind if leg.subject else None for leg in legs],
        [leg.subject.id if leg.subject else None for leg in legs],
    )
    return written != "INSERT 0 0"
