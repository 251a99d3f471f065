"""Reading purses and their entries. An account sees its own, moderators see all, nobody else sees any."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from domain.kernel.ids import AccountId, Credits, PurseEntryId, Subject
from domain.kernel.paging import Page, PageAsk, int_part, page_of
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.ledger.values import Entry, PurseState, Reason

_ENTRY = """
    SELECT posting.id, posting.no, purse.holder_id AS account_id, journal_entry.at, posting.amount, posting.reason,
           posting.balance_after, posting.subject_kind, posting.subject_id
"""


async def purses_of_accounts(scope: Scope, ids: Iterable[UUID]) -> dict[AccountId, PurseState]:
    """Give what each account has, those alone that the scope may see; an account that never had credits has none."""
    visible = _visible(scope, ids)
    if not visible:
        return {}
    rows = await fetch(
        """
        SELECT account.id,
               coalesce((SELECT balance FROM purse WHERE kind = 'ACCOUNT' AND belongs_to = account.id), 0) AS available,
               coalesce((SELECT sum(balance) FROM purse WHERE holder_id = account.id
                         AND kind IN ('PLEDGE', 'JOB') AND balance > 0), 0)::bigint AS escrowed
        FROM account WHERE account.id = ANY($1::uuid[])
        """,
        visible,
    )
    return {
        AccountId(row["id"]): PurseState(AccountId(row["id"]), Credits(row["available"]), Credits(row["escrowed"]))
        for row in rows
    }


async def entries_of_accounts(scope: Scope, ids: Iterable[UUID], asked: PageAsk) -> dict[AccountId, Page[Entry]]:
    """Give the same page of each account's purse, newest first, in one statement; key: the posting's number."""
    visible = _visible(scope, ids)
    if not visible:
        return {}
    rows = await fetch(
        f"""
        {_ENTRY}
        FROM purse
        CROSS JOIN LATERAL (
            SELECT * FROM posting WHERE posting.purse_id = purse.id AND ($2::bigint IS NULL OR posting.no < $2)
            ORDER BY posting.no DESC LIMIT $3
        ) AS posting
        JOIN journal_entry ON journal_entry.id = posting.entry_id
        WHERE purse.kind = 'ACCOUNT' AND purse.belongs_to = ANY($1::uuid[])
        ORDER BY purse.belongs_to, posting.no DESC
        """,  # noqa: S608 - a constant of this module
        visible,
        int_part(asked, 0),
        asked.first + 1,
    )
    found: dict[AccountId, list[Entry]] = {account_id: [] for account_id in visible}
    for row in rows:
        found[AccountId(row["account_id"])].append(_entry(row))
    return {
        account_id: page_of(entries, [(entry.no,) for entry in entries], asked) for account_id, entries in found.items()
    }


async def entries_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[PurseEntryId, Entry]:
    """Give legs of accounts' purses by id, those alone that the scope may see."""
    rows = await fetch(
        f"""
        {_ENTRY}
        FROM posting
        JOIN purse ON purse.id = posting.purse_id
        JOIN journal_entry ON journal_entry.id = posting.entry_id
        WHERE posting.id = ANY($1::uuid[]) AND purse.kind = 'ACCOUNT' AND ($2::bool OR purse.holder_id = $3)
        """,
        list(ids),
        _sees_all(scope),
        scope.account_id,
    )
    return {entry.id: entry for entry in map(_entry, rows)}


def _sees_all(scope: Scope) -> bool:
    return scope.system or scope.is_moderator


def _visible(scope: Scope, ids: Iterable[UUID]) -> list[AccountId]:
    return [AccountId(each) for each in dict.fromkeys(ids) if _sees_all(scope) or each == scope.account_id]


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        id=PurseEntryId(row["id"]),
        no=row["no"],
        account_id=AccountId(row["account_id"]),
        at=row["at"],
        amount=row["amount"],
        reason=Reason(row["reason"]),
        balance_after=Credits(row["balance_after"]),
        subject=Subject(row["subject_kind"], row["subject_id"]) if row["subject_kind"] else None,
    )
