"""Likeness claims: file, complete, look at, withdraw, decide; and the e-mails that opened none."""

from collections.abc import AsyncGenerator

import strawberry

from domain import likeness, moderation
from domain.kernel.ids import ClaimId
from domain.kernel.paging import ask
from domain.likeness import ClaimEscalated, ClaimFact
from schema.claim_deeds import (
    LikenessClaimChallenge,
    LikenessClaimCompleteResult,
    LikenessClaimCompleteSuccess,
    LikenessClaimDecideResult,
    LikenessClaimDecideSuccess,
    LikenessClaimDecisionInput,
    LikenessClaimFileResult,
    LikenessClaimFileSuccess,
    LikenessClaimFilter,
    LikenessClaimInput,
    LikenessClaimWithdrawResult,
    LikenessClaimWithdrawSuccess,
)
from schema.claim_feed import CLAIM_EVENTS, LikenessClaimEvent
from schema.context import Heard, Info
from schema.kept_messages import (
    KeptMessage,
    KeptMessageConnection,
    KeptMessageDealWithResult,
    KeptMessageDealWithSuccess,
    KeptMessageOpenInput,
    KeptMessageOpenResult,
    KeptMessageOpenSuccess,
)
from schema.likeness import LikenessClaim, LikenessClaimConnection
from schema.node import id_of, one
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type
class LikenessQuery:
    """Looking at claims."""

    @strawberry.field(description="A claim by its case code and PIN; null when they open none.")
    async def likeness_claim(self, info: Info, case_code: str, pin: str) -> LikenessClaim | None:
        """Open a claim."""
        claim = await likeness.open_claim(info.context.scope, case_code, pin)
        return await one(LikenessClaim, info.context.scope, claim, Wanted.of(info)) if claim else None

    @strawberry.field(description="A page of claims. Moderators only; null to everyone else.")
    async def likeness_claims(
        self,
        info: Info,
        filter: LikenessClaimFilter | None = strawberry.UNSET,  # noqa: A002 - named as in the contract
        first: int = 20,
        after: Cursor | None = strawberry.UNSET,
    ) -> LikenessClaimConnection | None:
        """Load a page of claims for a moderator."""
        scope, wanted = info.context.scope, Wanted.of(info)
        if not scope.is_moderator:
            return None
        asked, filtered = ask(first, after or None, width=3), filter.read() if filter else likeness.ClaimFilter()
        page = await likeness.list_claims(scope, asked, filtered, with_total="totalCount" in wanted)
        return await LikenessClaimConnection.of(scope, page, wanted)

    @strawberry.field(
        description="E-mails that opened no claim and wait for a moderator; with `claimId` those that belong to that "
        "claim, also when they were dealt with. Moderators only; null to everyone else."
    )
    async def kept_messages(
        self,
        info: Info,
        claim_id: strawberry.ID | None = strawberry.UNSET,
        first: int = 20,
        after: Cursor | None = strawberry.UNSET,
    ) -> KeptMessageConnection | None:
        """Load a page of kept e-mails for a moderator."""
        scope, wanted = info.context.scope, Wanted.of(info)
        if not scope.is_moderator:
            return None
        asked, claim = ask(first, after or None, width=1), ClaimId(id_of(claim_id, LikenessClaim)) if claim_id else None
        page = await likeness.list_kept(scope, asked, claim_id=claim, with_total="totalCount" in wanted)
        return await KeptMessageConnection.of(scope, page, wanted)

    @strawberry.field(
        description="A puzzle whose solution, as `proof`, lets one network file more claims than the first few, "
        "and has what a claim without an account names held at once."
    )
    async def likeness_claim_challenge(self, info: Info) -> LikenessClaimChallenge:
        """Set a puzzle."""
        return LikenessClaimChallenge.of(await likeness.challenge(info.context.scope))


@strawberry.type
class LikenessMutation:
    """Filing, completing, withdrawing and deciding claims."""

    @strawberry.mutation(
        description="Ask that the reproduction of a person's likeness stop. No account is needed. `proof` answers a "
        "`likenessClaimChallenge`; without one, further claims from one network wait, and nothing that a claim without "
        "an account names is held before a decision."
    )
    async def likeness_claim_file(
        self,
        info: Info,
        input: LikenessClaimInput,  # noqa: A002 - the contract's argument
        proof: str | None = None,
    ) -> LikenessClaimFileResult:
        """File a claim."""
        filed = await likeness.file_claim(info.context.scope, input.read(), proof=proof)
        return LikenessClaimFileSuccess(
            claim=await _claim(info, filed.claim, "LikenessClaimFileSuccess"), pin=filed.pin
        )

    @strawberry.mutation(description="Complete a claim that came by e-mail.")
    async def likeness_claim_complete(
        self,
        info: Info,
        case_code: str,
        pin: str,
        input: LikenessClaimInput,  # noqa: A002 - named as in the contract
    ) -> LikenessClaimCompleteResult:
        """Complete a claim."""
        claim = await likeness.complete_claim(info.context.scope, case_code, pin, input.read())
        return LikenessClaimCompleteSuccess(claim=await _claim(info, claim, "LikenessClaimCompleteSuccess"))

    @strawberry.mutation(description="Withdraw a claim; what it alone had changed is changed back.")
    async def likeness_claim_withdraw(self, info: Info, case_code: str, pin: str) -> LikenessClaimWithdrawResult:
        """Withdraw a claim."""
        claim = await likeness.withdraw_claim(info.context.scope, case_code, pin)
        return LikenessClaimWithdrawSuccess(claim=await _claim(info, claim, "LikenessClaimWithdrawSuccess"))

    @strawberry.mutation(description="Decide a claim. Moderators only, and nobody whom it concerns.")
    async def likeness_claim_decide(self, info: Info, input: LikenessClaimDecisionInput) -> LikenessClaimDecideResult:  # noqa: A002 - the contract's argument
        """Uphold a claim, which registers the person, or reject it."""
        scope = info.context.scope
        scope.require_moderator()
        claim_id = ClaimId(id_of(input.claim_id, LikenessClaim))
        claim, version = await moderation.decide_claim(
            scope, claim_id, uphold=input.uphold, explanation=input.explanation
        )
        said = await _claim(info, claim, "LikenessClaimDecideSuccess")
        return LikenessClaimDecideSuccess(claim=said, registry_version=version)

    @strawberry.mutation(description="Open the claim that a kept e-mail asks for. Moderators only.")
    async def kept_message_open(self, info: Info, input: KeptMessageOpenInput) -> KeptMessageOpenResult:  # noqa: A002 - the contract's way
        """Open a claim from a kept e-mail."""
        info.context.scope.require_moderator()
        message_id = id_of(input.message_id, KeptMessage)
        claim = await likeness.open_from_kept(
            info.context.scope, message_id, contact_email=input.contact_email, person_name=input.person_name
        )
        return KeptMessageOpenSuccess(claim=await _claim(info, claim, "KeptMessageOpenSuccess"))

    @strawberry.mutation(description="Mark a kept e-mail as dealt with, which deletes it. Moderators only.")
    async def kept_message_deal_with(self, info: Info, message_id: strawberry.ID) -> KeptMessageDealWithResult:
        """Mark a kept e-mail as dealt with."""
        scope, wanted = info.context.scope, Wanted.of(info).on("KeptMessageDealWithSuccess")["message"]
        scope.require_moderator()
        message = await likeness.deal_with(scope, id_of(message_id, KeptMessage))
        return KeptMessageDealWithSuccess(message=await one(KeptMessage, scope, message, wanted))


async def _claim(info: Info, claim: likeness.Claim, success: str) -> LikenessClaim:
    """Say a claim to whoever has just shown that it is theirs, or theirs to decide."""
    return await one(LikenessClaim, info.context.scope, claim, Wanted.of(info).on(success)["claim"])


@strawberry.type
class LikenessSubscription:
    """Claims as they come and wait."""

    @strawberry.subscription(description="Claims as they come in, wait, and are decided or withdrawn. Moderators only.")
    async def likeness_claim_feed(
        self, info: Info, after: Cursor | None = strawberry.UNSET
    ) -> AsyncGenerator[LikenessClaimEvent, None]:
        """Follow all claims, each as it stands now."""
        info.context.scope.require_moderator()
        wanted = Wanted.of(info)["claim"]
        async for heard in info.context.feed.follow(info.context.scope, "claims", after or None):
            heard.scope.require_moderator()
            if event := await _event(heard, wanted):
                yield event


async def _event(heard: Heard, wanted: Wanted) -> LikenessClaimEvent | None:
    """Say what was heard, or nothing where it is not told; a resync always."""
    at, cursor, fact = heard.at, Cursor(heard.cursor), heard.fact
    if heard.resync:
        return LikenessClaimEvent(cursor=cursor, at=at, resync=True, kind=None, claim=None, percent=None)
    kind = CLAIM_EVENTS.get(type(fact)) if fact else None
    if kind is None or not isinstance(fact, ClaimFact):
        return None
    found = (await likeness.claims_by_ids(heard.scope, [fact.claim_id])).get(fact.claim_id)
    claim = await one(LikenessClaim, heard.scope, found, wanted) if found else None
    percent = fact.percent if isinstance(fact, ClaimEscalated) else None
    return LikenessClaimEvent(cursor=cursor, at=at, resync=False, kind=kind, claim=claim, percent=percent)
