"""Who has a stake in a bounty: whoever is told of what becomes of it, and whom its decisions concern."""

from collections.abc import Iterable, Mapping, Sequence

from domain import accounts, likeness
from domain.accounts import Parties
from domain.bounties.facts import News, StakeholderTold
from domain.bounties.steps import LockedBounty
from domain.kernel.ids import AccountId, BountyId, Credits, Subject
from domain.kernel.scope import Scope
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


async def require_unconcerned(w: Work, scope: Scope, bounty_id: BountyId, account_id: AccountId) -> None:
    """Refuse to let somebody decide about a bounty that they have a stake in, or a claim about. Raises NotAllowed."""
    entries = await w.fetch("SELECT id FROM bounty_entry WHERE bounty_id = $1", bounty_id)
    subjects = [Subject("bounty", bounty_id), *(Subject("entry", row["id"]) for row in entries)]
    claimants = await likeness.claimants(w, subjects)
    parties = (await parties_of(w, [bounty_id])).joined(claimants)
    await accounts.require_unconcerned(w, scope, account_id, parties)


async def parties_of(w: Work, bounty_ids: Sequence[BountyId]) -> Parties:
    """Give who has a stake in bounties: initiators and authors, with whoever is linked with them, and backers."""
    rows = await w.fetch(
        """
        SELECT initiator_id AS id, true AS linked FROM bounty WHERE id = ANY($1::uuid[])
        UNION SELECT author_id, true FROM bounty_entry WHERE bounty_id = ANY($1::uuid[])
        UNION SELECT backer_id, false FROM bounty_pledge WHERE bounty_id = ANY($1::uuid[])
        """,
        list(bounty_ids),
    )
    return Parties(
        accounts=frozenset(AccountId(row["id"]) for row in rows if row["linked"]),
        alone=frozenset(AccountId(row["id"]) for row in rows if not row["linked"]),
    )
