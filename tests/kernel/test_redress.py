"""What somebody is told that they can do about a decision: nothing that is not there."""

from dataclasses import replace

import pytest

from domain.kernel.ids import AccountId, new_id
from domain.kernel.refusals import Conflict, Suspended
from domain.kernel.scope import Actor, Role, Scope
from domain.moderation import file_appeal


async def test_a_suspended_account_is_promised_no_appeal_while_none_is_taken(nobody: Scope) -> None:
    suspended = replace(nobody, actor=Actor(AccountId(new_id()), "bellatrix", Role.MEMBER, suspended=True))

    with pytest.raises(Suspended) as told:
        suspended.require_active()
    with pytest.raises(Conflict) as refused:
        await file_appeal(suspended)

    assert refused.value.state == "NOT_YET"
    assert told.value.message == (
        "Your account is suspended; the statement of reasons says why. Decisions can't be appealed here yet."
    )
