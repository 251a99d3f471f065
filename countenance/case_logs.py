"""What an operator does about moderation cases from the command line: have their logs proved."""

from countenance.bookkeeping import Report
from countenance.operator import opened
from countenance.settings import Settings
from domain import moderation
from schema.moderation import ModerationCase
from schema.node import global_id


async def verify(settings: Settings) -> Report:
    """Prove the logs of all cases; name those that were changed, and from which event on."""
    async with opened(settings) as scope:
        proved, changed = await moderation.verify_all(scope)
    wrong = [
        f"{global_id(ModerationCase.PREFIX, case_id)}: its log is not what was written, from event {nth} on"
        for case_id, nth in changed
    ]
    counted = "1 log was proved" if proved == 1 else f"{proved} logs were proved"
    outcome = f"{len(wrong)} of them changed" if wrong else "nothing was changed"
    return Report(wrong, f"{counted}; {outcome}.")
