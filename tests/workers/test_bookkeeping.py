"""An operator proves the books and lets payouts go on, on the command line."""

from collections.abc import Mapping
from dataclasses import replace

import asyncpg

from domain import accounts, bounties
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from schema.node import global_id
from tests.actions.bounties import opened, somebody
from tests.actions.test_reconciling import put_it_back, took_a_credit
from tests.workers.test_operator import countenance, environment

__all__ = ["environment"]  # a fixture


async def test_books_are_proved_and_payouts_resumed(
    environment: Mapping[str, str], ports: Ports, system: Scope, db: asyncpg.Pool
) -> None:
    ports = replace(ports, policy=Policy(signup_grant=0))
    bounty = await opened(await somebody(ports), pledge=Credits(100))
    named = global_id("bounty", bounty.id)

    await took_a_credit(db, bounty)
    wrong, lines, summary = await countenance(environment, "bounties", "reconcile")
    refused, _, sentence = await countenance(environment, "bounties", "resume", named)
    await put_it_back(db, bounty)
    resumed, went_on, _ = await countenance(environment, "bounties", "resume", named)

    assert (wrong, summary) == (1, "countenance: 1 bounty was proved; 2 of the books disagree.")
    assert lines.splitlines()[0] == (
        f"{named}: 99 credits lie in escrow where 100 should; its pledges are 100, its pot 100; its payouts are stopped"
    )
    assert (refused, "still disagree" in sentence) == (1, True)
    assert (resumed, went_on) == (0, "Its payouts go on.")
    assert (await bounties.bounties_by_ids(system, [bounty.id]))[bounty.id].payouts_stopped_at is None


async def test_what_an_account_pays_with_is_noted(
    environment: Mapping[str, str], ports: Ports, db: asyncpg.Pool
) -> None:
    handle = (await somebody(ports)).require_actor().handle
    noting = ("accounts", "add-payment", "--handle", handle, "--reference", "fp_card_1")

    code, said, _ = await countenance(environment, *noting)

    assert (code, said) == (0, "Noted.")
    known = await accounts.account_by_handle(handle)
    assert known is not None
    assert [row["account_id"] for row in await db.fetch("SELECT account_id FROM account_payment_credential")] == [
        known.id
    ]
