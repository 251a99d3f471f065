"""How a pot is divided: in whole credits, none lost, none made. Pure: values in, values out."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.kernel.ids import AccountId, Credits, PledgeId, Subject
from domain.ledger import Movement, Purse, Reason


@dataclass(frozen=True, slots=True)
class Pledge:
    """What one backer has put in at one time; it lies in a purse of its own."""

    id: PledgeId
    backer_id: AccountId
    amount: Credits

    @property
    def purse(self) -> Purse:
        """Where it lies in escrow."""
        return Purse.pledge(self.id, holder=self.backer_id)


@dataclass(frozen=True, slots=True)
class Payment:
    """What one account gets out of a pot, and why."""

    to: AccountId
    amount: Credits
    reason: Reason


def divided(total: int, weights: Sequence[int]) -> list[Credits]:
    """Divide `total` in proportion to `weights`, in whole numbers that add up to it, by the largest remainder.

    Where remainders are equal, the earlier weight gets the credit. (Hamilton's method: each part is its exact share,
    rounded down or up.)
    """
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return [Credits(part) for part in parts]


def consolation(pot: int, authors: Sequence[AccountId], percent: int) -> list[Payment]:
    """Give each author of an accepted entry an equal part of `percent` of a pot that is called off.

    What is not whole credits for each goes back to the backers with the rest.
    """
    part = pot * percent // 100 // len(authors) if authors else 0
    return [Payment(author, Credits(part), Reason.BOUNTY_CANCEL_SHARE) for author in authors] if part else []


def movements(pledges: Sequence[Pledge], payments: Sequence[Payment], subject: Subject) -> list[Movement]:
    """Empty every pledge: what goes back to its backer, and what is paid to others.

    What the payments leave of the pot goes back to the backers in proportion to what each has pledged. The payments
    come to no more than the pledges do.
    """
    rest = sum(pledge.amount for pledge in pledges) - sum(payment.amount for payment in payments)
    backing, paying = _given_back(pledges, rest), deque((payment, int(payment.amount)) for payment in payments)
    found = []
    for pledge in pledges:
        back = min(int(pledge.amount), backing[pledge.backer_id])
        backing[pledge.backer_id] -= back
        home = Purse.account(pledge.backer_id)
        found.append(Movement(Credits(back), pledge.purse, home, Reason.BOUNTY_REFUND, subject))
        for payment, amount in _drawn(paying, int(pledge.amount) - back):
            found.append(Movement(amount, pledge.purse, Purse.account(payment.to), payment.reason, subject))
    return [movement for movement in found if movement.amount]


def _given_back(pledges: Sequence[Pledge], rest: int) -> dict[AccountId, int]:
    """Say what each backer gets back of `rest`; who backed first comes first where remainders are equal."""
    pledged: dict[AccountId, int] = {}
    for pledge in pledges:
        pledged[pledge.backer_id] = pledged.get(pledge.backer_id, 0) + pledge.amount
    return {backer: int(part) for backer, part in zip(pledged, divided(rest, list(pledged.values())), strict=True)}


def _drawn(paying: deque[tuple[Payment, int]], amount: int) -> Iterator[tuple[Payment, Credits]]:
    """Take `amount` for the payments that come first, and leave what is still due of them."""
    while amount:
        payment, due = paying.popleft()
        part = min(due, amount)
        amount -= part
        if due > part:
            paying.appendleft((payment, due - part))
        yield payment, Credits(part)
