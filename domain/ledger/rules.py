"""Pure decisions of the ledger: how movements become legs, and whether the purses hold enough."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.kernel.ids import Credits, Subject
from domain.kernel.refusals import NotEnoughCredits
from domain.ledger.values import Movement, Purse, Reason


@dataclass(frozen=True, slots=True)
class Leg:
    """What one purse gains (or loses, below zero) for one reason about one subject."""

    purse: Purse
    amount: int
    reason: Reason
    subject: Subject | None


def legs_of(movements: Iterable[Movement]) -> list[Leg]:
    """Sum movements into legs, one for each purse, reason and subject; they add up to zero.

    Gains come before losses, so that no balance dips below zero on the way to an end that is not.
    """
    sums: dict[tuple[Purse, Reason, Subject | None], int] = {}
    for movement in movements:
        for purse, amount in ((movement.debit, -movement.amount), (movement.credit, int(movement.amount))):
            key = (purse, movement.reason, movement.subject)
            sums[key] = sums.get(key, 0) + amount
    legs = [Leg(purse, amount, reason, subject) for (purse, reason, subject), amount in sums.items() if amount]
    return sorted(legs, key=lambda leg: leg.amount < 0)


def purses_of(legs: Iterable[Leg]) -> list[Purse]:
    """Give the purses concerned, each once, in the one order in which they are locked."""
    return sorted({leg.purse for leg in legs}, key=lambda purse: purse.rank)


def require_funds(legs: Sequence[Leg], balances: Mapping[Purse, int]) -> None:
    """Refuse legs that would take a purse below zero. Raises NotEnoughCredits for the first such purse."""
    changes: dict[Purse, int] = {}
    for leg in legs:
        changes[leg.purse] = changes.get(leg.purse, 0) + leg.amount
    for purse in purses_of(legs):
        change, held = changes[purse], balances[purse]
        if not purse.may_owe and held + change < 0:
            raise NotEnoughCredits(
                f"This needs {-change} credits and the purse holds {held}.",
                needed=Credits(-change),
                held=Credits(held),
            )
