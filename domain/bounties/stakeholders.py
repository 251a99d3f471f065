"""Who has a stake in a bounty, and is told of what becomes of it: its backers and its authors."""

from collections.abc import Iterable, Mapping

from domain.bounties.facts import News, StakeholderTold
from domain.bounties.steps import LockedBounty
from domain.kernel.ids import AccountId, Credits
from domain.kernel.work import Work

_NOTHING: Mapping[AccountId, Credits] = {}


async def tell_stakeholders(
    w: Work,
    bounty: LockedBounty,
    news: News,
    *,
    received: Mapping[AccountId, Credits] = _NOTHING,
    but: Iterable[AccountId | None] = (),
) -> None:
    """Tell everybody with credits or work in a bounty, each once, what happened and what came to them by it.

    An author has a stake from their first draft on, also after taking it back. `but` names those who know.
    """
    rows = await w.fetch(
        """
        SELECT backer_id AS id FROM bounty_pledge WHERE bounty_id = $1
        UNION SELECT author_id FROM bounty_entry WHERE bounty_id = $1 ORDER BY id
        """,
        bounty.id,
    )
    knowing = set(but)
    for account_id in (AccountId(row["id"]) for row in rows):
        if account_id not in knowing:
            credited = received.get(account_id, Credits(0))
            w.tell(StakeholderTold(bounty_id=bounty.id, account_id=account_id, news=news, credits=int(credited)))
