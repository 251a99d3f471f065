"""What an operator does about money from the command line: prove the books, let payouts go on, note what one pays with.

Each opens the world that the settings name, does one deed with the product's own authority, and leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from countenance.operator import opened
from countenance.settings import Settings
from domain import accounts, bounties
from domain.bounties import Books
from domain.kernel.ids import BountyId
from schema.bounties import Bounty
from schema.node import global_id, id_of


@dataclass(frozen=True, slots=True)
class Report:
    """What a reconciliation says to an operator: a line for each book that disagrees, and one at the end."""

    wrong: Sequence[str]
    summary: str


async def reconcile(settings: Settings) -> Report:
    """Prove the books of all bounties now; payouts of those that disagree are stopped."""
    async with opened(settings) as scope:
        proof = await bounties.reconcile(scope)
    counted = "1 bounty was proved" if proof.proved == 1 else f"{proof.proved} bounties were proved"
    outcome = f"{len(proof.wrong)} of the books disagree" if proof.wrong else "all books agree"
    return Report([_line(books) for books in proof.wrong], f"{counted}; {outcome}.")


async def resume(settings: Settings, bounty: str) -> None:
    """Let the payouts of a bounty go on, once its books agree again. Raises NotFound, Conflict."""
    bounty_id = BountyId(id_of(bounty, Bounty))
    async with opened(settings) as scope:
        await bounties.resume(scope, bounty_id)


async def add_payment(settings: Settings, *, handle: str, reference: str) -> str:
    """Note what an account pays with, by the provider's fingerprint; say whether it was new. Raises NotFound."""
    async with opened(settings) as scope:
        added = await accounts.add_payment_credential(scope, handle=handle, reference=reference)
    return "Noted." if added else "It was known already."


def _line(books: Books) -> str:
    """Say what disagrees in one line."""
    which = global_id(Bounty.PREFIX, books.bounty_id) if books.bounty_id else "all bounties"
    stopped = "; its payouts are stopped" if books.bounty_id else ""
    return (
        f"{which}: {books.escrowed} credits lie in escrow where {books.owed} should; "
        f"its pledges are {books.pledged}, its pot {books.pot}{stopped}"
    )
