"""The words of public texts are learnt, so that a misspelt one is understood; those of other texts are not."""

from dataclasses import replace

import asyncpg
import pytest

from domain import bounties, moderation, resources
from domain.bounties import BountyFilter, BountyOrder, Review, TermsChange
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.resources import ResourceFilter
from tests.actions.bounties import followed, opened, some_moderator, somebody
from tests.resourcing import drafted, published


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _known(db: asyncpg.Pool, *words: str) -> list[str]:
    rows = await db.fetch("SELECT word FROM search_word WHERE word = ANY($1::text[]) ORDER BY word", list(words))
    return [row["word"] for row in rows]


async def _bounties(scope: Scope, search: str) -> list[str]:
    page = await bounties.bounty_page(scope, BountyFilter(search=search), BountyOrder.NEWEST, PageAsk())
    return [bounty.title for bounty in page.items]


async def _resources(scope: Scope, search: str) -> list[str]:
    page = await resources.list_resources(scope, ResourceFilter(search=search), PageAsk())
    return [resource.title for resource in page.items]


async def test_the_words_of_a_bounty_are_learnt_when_it_opens_and_when_its_terms_change(
    ports: Ports, db: asyncpg.Pool, nobody: Scope
) -> None:
    initiator = await somebody(ports)

    bounty = await opened(initiator, title="Watercolour lighthouses", brief="Calm seas.")
    before = await _bounties(nobody, "lihgthouses")
    await followed(ports)
    after = await _bounties(nobody, "lihgthouses")
    await bounties.change_terms(initiator, bounty.id, TermsChange(title="Copper engravings"))
    await followed(ports)

    assert (before, after) == ([], ["Watercolour lighthouses"])
    assert await _bounties(nobody, "coper engravigns") == ["Copper engravings"]
    assert await _bounties(nobody, "lihgthouses") == []


async def test_the_words_of_a_bounty_that_waits_for_a_moderator_are_learnt_when_it_is_listed(
    ports: Ports, db: asyncpg.Pool, nobody: Scope
) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)

    bounty = await opened(initiator, title="Quicksilver", brief="A LoRA of my neighbour, please.")
    await followed(ports)
    waiting = await _known(db, "quicksilver", "neighbour")
    await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="The neighbour is a cat.")
    await followed(ports)

    assert waiting == []
    assert await _known(db, "quicksilver", "neighbour") == ["neighbour", "quicksilver"]
    assert await _bounties(nobody, "quiksilver") == ["Quicksilver"]


async def test_the_words_of_a_resource_are_learnt_when_it_is_published(
    ports: Ports, db: asyncpg.Pool, nobody: Scope
) -> None:
    owner = await somebody(ports)

    await drafted(owner, title="Quicksilver")
    await published(owner, title="Watercolour lighthouses 灯台", trigger_words=("wtrclr",))
    await followed(ports)

    assert await _known(db, "quicksilver", "lighthouses", "wtrclr") == ["lighthouses", "wtrclr"]
    assert await _resources(nobody, "lihgthouses") == ["Watercolour lighthouses 灯台"]
    assert await _resources(nobody, "wtrlcr") == ["Watercolour lighthouses 灯台"]
    assert await _resources(nobody, "灯台 -boats") == ["Watercolour lighthouses 灯台"]
    assert await _resources(nobody, "台灯") == []
