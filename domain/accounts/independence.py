"""Whether two accounts are independent of each other, by what they signed up and pay with.

The marks never leave this room: whoever asks learns which accounts are linked, and not by what.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.accounts.marks import email_mark, network_mark, payment_mark
from domain.accounts.reads import account_by_handle
from domain.accounts.tables import SignUpRow
from domain.kernel.ids import AccountId, new_id
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work

MAX_REFERENCE = 200
CONCERNED = "This concerns you, or an account that is linked with yours: another moderator has to decide it."
"""What a moderator is told who would decide what concerns them."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom something concerns: `accounts` with all that are linked with them, and who reads the mail of `emails`.

    Of `alone` each account counts by itself, and none that is linked with it.
    """

    accounts: frozenset[AccountId] = frozenset()
    emails: frozenset[str] = frozenset()
    alone: frozenset[AccountId] = frozenset()

    def joined(self, other: "Parties") -> "Parties":
        """Give the parties of both."""
        return Parties(self.accounts | other.accounts, self.emails | other.emails, self.alone | other.alone)


NOBODY = Parties()
"""Whom a thing concerns that concerns nobody."""


@dataclass(frozen=True, slots=True)
class _Marks:
    emails: frozenset[bytes]
    network: bytes | None
    payments: frozenset[bytes]

    def touch(self, other: "_Marks") -> bool:
        """Tell whether two accounts have a mark in common."""
        same_network = self.network is not None and self.network == other.network
        return same_network or bool(self.emails & other.emails) or bool(self.payments & other.payments)


async def linked(w: Work, scope: Scope, account_id: AccountId, others: Sequence[AccountId]) -> frozenset[AccountId]:
    """Give those among `others` that are this account, or share a credential of payment or a sign-up address with it.

    A sign-up address is the mailbox behind an e-mail address, or the network that the account was opened from.
    """
    marks = await _marks_of(w, scope, {account_id, *others})
    own = marks[account_id]
    return frozenset(other for other in others if other == account_id or marks[other].touch(own))


async def require_unconcerned(w: Work, scope: Scope, account_id: AccountId, parties: Parties) -> None:
    """Refuse to let somebody decide what concerns them, or an account that is linked with theirs. Raises NotAllowed."""
    marks = await _marks_of(w, scope, {account_id, *parties.accounts})
    mailboxes = frozenset(email_mark(scope.ports.marks_key, email) for email in parties.emails)
    theirs = [_Marks(mailboxes, None, frozenset()), *(marks[each] for each in parties.accounts)]
    if account_id in parties.alone or any(marks[account_id].touch(each) for each in theirs):
        raise NotAllowed(CONCERNED)


async def note_sign_up(w: Work, scope: Scope, account_id: AccountId, email: str) -> None:
    """Keep the marks of what an account is opened with."""
    await SignUpRow.insert(
        SignUpRow(
            {
                SignUpRow.account_id: account_id,
                SignUpRow.email_mark: email_mark(scope.ports.marks_key, email),
                SignUpRow.network_mark: network_mark(scope.ports.marks_key, scope.address),
            }
        )
    )


async def add_payment_credential(scope: Scope, *, handle: str, reference: str) -> bool:
    """Note what an account pays with, by the fingerprint that the payment provider gives; False if it was known.

    The product itself and its operator may. Raises NotAllowed, InvalidInput, NotFound.
    """
    if not scope.system:
        raise NotAllowed("Only the operator notes what an account pays with.")
    reference = clean(reference, "reference", MAX_REFERENCE, min_length=1)
    account = await account_by_handle(handle)
    if account is None:
        raise NotFound("There is no account with this handle.")
    async with work(scope.now) as w:
        return await _note_payment(w, account.id, payment_mark(scope.ports.marks_key, reference), scope.now)


async def _note_payment(w: Work, account_id: AccountId, mark: bytes, at: datetime) -> bool:
    written = await w.execute(
        """
        INSERT INTO account_payment_credential (id, account_id, mark, added_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, mark) DO NOTHING
        """,
        new_id(),
        account_id,
        mark,
        at,
    )
    return written == "INSERT 0 1"


async def _marks_of(w: Work, scope: Scope, ids: Collection[AccountId]) -> dict[AccountId, _Marks]:
    rows = await w.fetch(
        """
        SELECT account.id, account.email, sign_up.email_mark, sign_up.network_mark,
               ARRAY(SELECT mark FROM account_payment_credential WHERE account_id = account.id) AS payments
        FROM account LEFT JOIN account_sign_up sign_up ON sign_up.account_id = account.id
        WHERE account.id = ANY($1::uuid[])
        """,
        list(ids),
    )
    return {AccountId(row["id"]): _marks(scope.ports.marks_key, row) for row in rows}


def _marks(key: bytes, row: asyncpg.Record) -> _Marks:
    """Read an account's marks; those of its present e-mail address, too, should none be kept or the key be new."""
    emails = {email_mark(key, row["email"]), row["email_mark"]} - {None}
    return _Marks(frozenset(emails), row["network_mark"], frozenset(row["payments"]))
