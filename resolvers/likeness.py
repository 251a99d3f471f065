"""Likeness claims. The contract's types are complete; the process behind them is not there yet, and says so."""

import strawberry

from domain.kernel.refusals import Conflict
from schema.context import Info
from schema.likeness import (
    LikenessClaim,
    LikenessClaimDecideResult,
    LikenessClaimDecisionInput,
    LikenessClaimFileResult,
    LikenessClaimInput,
    LikenessClaimWithdrawResult,
)


@strawberry.type
class LikenessQuery:
    """Looking at a claim."""

    @strawberry.field(description="A claim by its case code and PIN; null when they open none.")
    async def likeness_claim(self, info: Info, case_code: str, pin: str) -> LikenessClaim | None:
        """There are no claims yet."""
        return None


@strawberry.type
class LikenessMutation:
    """Filing, withdrawing and deciding claims."""

    @strawberry.mutation(description="Ask that the reproduction of a person's likeness stop. No account is needed.")
    async def likeness_claim_file(self, info: Info, input: LikenessClaimInput) -> LikenessClaimFileResult:  # noqa: A002 - the contract's argument
        """Say that claims can't be filed here yet."""
        raise _not_yet()

    @strawberry.mutation(description="Withdraw a claim.")
    async def likeness_claim_withdraw(self, info: Info, case_code: str, pin: str) -> LikenessClaimWithdrawResult:
        """Say that there are no claims yet."""
        raise _not_yet()

    @strawberry.mutation(description="Decide a claim. Moderators only.")
    async def likeness_claim_decide(self, info: Info, input: LikenessClaimDecisionInput) -> LikenessClaimDecideResult:  # noqa: A002 - the contract's argument
        """Say to moderators that there are no claims yet."""
        info.context.scope.require_moderator()
        raise _not_yet()


def _not_yet() -> Conflict:
    return Conflict(
        "Claims are not taken here yet: until then, a moderator registers a person on request.", state="NOT_YET"
    )
