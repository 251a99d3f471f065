"""Nobody gets anything of a pot who is linked with the one who judges; moderators hear of it, and nobody learns why."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain import accounts, bounties
from domain.bounties import Bounty, BountyEntry, Share
from domain.kernel.clock import HandClock
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import InvalidInput, NotAllowed, NotFound
from domain.kernel.scope import Actor, Role, Scope
from domain.kernel.sql import fetch
from tests.actions.bounties import accepted, escrowed, history, opened, somebody, told
from tests.factories import available, give

_NUMBERS = itertools.count(1)
LINKED = "This entry can't be awarded: the author of an entry must be independent of the initiator."


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


async def member(ports: Ports, email: str = "", address: str = "127.0.0.1") -> Scope:
    """Somebody who signed up with an e-mail address, from a network address."""
    handle = f"signer-{next(_NUMBERS)}"
    operator = replace(Scope.of_system(ports), address=address)
    signed = await accounts.create(operator, handle=handle, email=email or f"{handle}@example.org", role=Role.MEMBER)
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await give(actor, 1000)
    return Scope(ports=ports, actor=actor, address=address)


async def pay_alike(ports: Ports, *scopes: Scope) -> None:
    """Have them pay with the same card."""
    for scope in scopes:
        handle = scope.require_actor().handle
        assert await accounts.add_payment_credential(Scope.of_system(ports), handle=handle, reference="fp_card_1")


async def same_mailbox(ports: Ports) -> tuple[Scope, Scope]:
    """Two accounts of one mailbox."""
    return await member(ports, "a.nn@gmail.com"), await member(ports, "ann+second@googlemail.com")


async def same_network(ports: Ports) -> tuple[Scope, Scope]:
    """Two accounts opened from one network."""
    return await member(ports, address="2606:4700::1"), await member(ports, address="2606:4700::2:1")


async def same_card(ports: Ports) -> tuple[Scope, Scope]:
    """Two accounts that pay with one card."""
    pair = await member(ports), await member(ports)
    await pay_alike(ports, *pair)
    return pair


Pair = Callable[[Ports], Awaitable[tuple[Scope, Scope]]]
LINKS = pytest.mark.parametrize("linked", [same_mailbox, same_network, same_card])


async def entered(linked: Pair, ports: Ports, folder: Path) -> tuple[Scope, Scope, Bounty, BountyEntry]:
    """A bounty of one of two linked accounts, with an accepted entry of the other."""
    initiator, author = await linked(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    return initiator, author, bounty, await accepted(author, bounty, folder)


async def noticed() -> list[tuple[object, object]]:
    """What is kept of refused attempts: which entry, and who tried."""
    return [(row["entry_id"], row["actor_id"]) for row in await fetch("SELECT * FROM bounty_self_dealing ORDER BY id")]


@LINKS
async def test_an_award_to_a_linked_account_is_refused_and_reported_once(
    ports: Ports, tmp_path: Path, linked: Pair
) -> None:
    initiator, author, bounty, entry = await entered(linked, ports, tmp_path)

    for _ in range(2):
        with pytest.raises(NotAllowed) as refused:
            await bounties.award(initiator, bounty.id, to=entry.id)
        assert refused.value.message == LINKED

    assert [await available(scope.require_actor()) for scope in (initiator, author)] == [900, 1000]
    assert (await escrowed(), await fetch("SELECT FROM bounty_award")) == (100, [])
    assert [step for step, _, _ in await history(bounty)] == ["OPEN", "SUBMIT"]
    assert await noticed() == [(entry.id, initiator.account_id)]
    [fact] = await fetch("SELECT topics, body FROM fact WHERE kind = 'SelfDealingRefused'")
    assert (fact["topics"], str(author.account_id) in fact["body"]) == ("[]", True)


async def test_a_split_with_a_linked_account_in_it_pays_nobody(ports: Ports, tmp_path: Path) -> None:
    initiator, author, bounty, entry = await entered(same_card, ports, tmp_path)
    other = await somebody(ports)
    honest = await accepted(other, bounty, tmp_path)

    with pytest.raises(NotAllowed) as refused:
        await bounties.split(initiator, bounty.id, [Share(honest.id, 90), Share(entry.id, 10)])

    assert refused.value.message == LINKED
    assert [await available(scope.require_actor()) for scope in (author, other)] == [1000, 1000]
    assert (await escrowed(), await noticed()) == (100, [(entry.id, initiator.account_id)])


async def test_an_author_who_is_independent_may_be_paid_beside_linked_ones(ports: Ports, tmp_path: Path) -> None:
    initiator, _, bounty, _ = await entered(same_card, ports, tmp_path)
    other = await member(ports, address="8.8.8.8")
    honest = await accepted(other, bounty, tmp_path)

    await bounties.award(initiator, bounty.id, to=honest.id)

    assert (await available(other.require_actor()), await noticed()) == (1100, [])


async def test_what_strangers_share_links_nobody(ports: Ports, tmp_path: Path) -> None:
    initiator, author = (
        await member(ports, "ann@example.org", "10.0.0.7"),
        await member(ports, "bo@example.org", "10.0.0.7"),
    )
    bounty = await opened(initiator, pledge=Credits(100))
    entry = await accepted(author, bounty, tmp_path)

    await bounties.award(initiator, bounty.id, to=entry.id)

    assert await available(author.require_actor()) == 1100


async def test_the_clock_passes_a_linked_author_over(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await same_network(ports)
    other = await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100), auto_award=True)
    first = await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(minutes=1))
    second = await accepted(other, bounty, tmp_path)
    clock.turn(timedelta(days=9))

    await bounties.close_due(system)
    assert await bounties.auto_award_due(system) == 1

    after = (await bounties.bounties_by_ids(system, [bounty.id]))[bounty.id]
    assert after.awarded_entry_id == second.id
    assert [await available(scope.require_actor()) for scope in (author, other)] == [1000, 1100]
    assert (await noticed(), await told("SelfDealingRefused")) == ([(first.id, None)], 1)


async def test_a_linked_author_gets_no_share_of_a_bounty_that_is_called_off(ports: Ports, tmp_path: Path) -> None:
    initiator, author, bounty, entry = await entered(same_mailbox, ports, tmp_path)
    backer, other = await somebody(ports), await somebody(ports)
    await bounties.pledge(backer, bounty.id, Credits(900))
    await accepted(other, bounty, tmp_path)

    await bounties.cancel(initiator, bounty.id)

    assert [await available(scope.require_actor()) for scope in (author, other)] == [1000, 1100]
    assert (await noticed(), await escrowed()) == ([(entry.id, initiator.account_id)], 0)


async def test_an_account_that_was_opened_before_marks_were_kept_is_known_by_its_address(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, _, bounty, entry = await entered(same_mailbox, ports, tmp_path)
    await db.execute("DELETE FROM account_sign_up")

    with pytest.raises(NotAllowed):
        await bounties.award(initiator, bounty.id, to=entry.id)

    assert await escrowed() == 100


async def test_signing_up_keeps_marks_and_nothing_that_can_be_read(
    ports: Ports, nobody: Scope, db: asyncpg.Pool
) -> None:
    scope = replace(nobody, ports=ports, address="8.8.4.4")

    await accounts.sign_up(scope, handle="ann", email="Ann+shop@example.org", password="a long password")
    await accounts.sign_up(
        replace(scope, address="127.0.0.1"), handle="bob", email="bo@example.org", password="a long password"
    )

    rows = await db.fetch(
        "SELECT handle, email_mark, network_mark FROM account_sign_up s JOIN account a ON a.id = account_id ORDER BY 1"
    )
    assert [(row["handle"], len(row["email_mark"]), row["network_mark"] is None) for row in rows] == [
        ("ann", 32, False),
        ("bob", 32, True),
    ]
    assert not any(b"example" in bytes(row["email_mark"]) for row in rows)


async def test_what_an_account_pays_with_is_noted_once(ports: Ports, system: Scope, db: asyncpg.Pool) -> None:
    payer = (await member(ports)).require_actor()
    noting = {"handle": payer.handle, "reference": " fp_1 "}

    known = [await accounts.add_payment_credential(system, **noting) for _ in range(2)]
    with pytest.raises(NotFound):
        await accounts.add_payment_credential(system, handle="nobody-of-that-name", reference="fp_1")
    with pytest.raises(InvalidInput):
        await accounts.add_payment_credential(system, handle=payer.handle, reference=" ")
    with pytest.raises(NotAllowed):
        await accounts.add_payment_credential(replace(system, system=False), **noting)

    assert known == [True, False]
    [row] = await db.fetch("SELECT account_id, mark FROM account_payment_credential")
    assert (row["account_id"], len(row["mark"]), b"fp_1" in bytes(row["mark"])) == (payer.account_id, 32, False)
