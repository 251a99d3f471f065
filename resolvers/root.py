"""The three roots, joined from the contexts' resolvers."""

import strawberry

from resolvers.accounts import AccountsMutation, AccountsQuery
from resolvers.bounties import BountiesMutation, BountiesQuery, BountiesSubscription
from resolvers.bounty_reviews import BountyReviewsMutation, BountyReviewsQuery
from resolvers.generation import GenerationMutation, GenerationQuery, GenerationSubscription
from resolvers.inbox import InboxQuery, InboxSubscription
from resolvers.likeness import LikenessMutation, LikenessQuery, LikenessSubscription
from resolvers.moderation import ModerationMutation, ModerationQuery, ModerationSubscription
from resolvers.nodes import NodesQuery
from resolvers.reports import ReportsMutation, ReportsQuery
from resolvers.resources import ResourcesMutation, ResourcesQuery, ResourcesSubscription
from resolvers.vault import VaultMutation


@strawberry.type(description="Everything that can be read.")
class Query(
    NodesQuery,
    AccountsQuery,
    ResourcesQuery,
    LikenessQuery,
    BountiesQuery,
    BountyReviewsQuery,
    ReportsQuery,
    ModerationQuery,
    GenerationQuery,
    InboxQuery,
):
    """Everything that can be read."""


@strawberry.type(description="Every deed; a refusal is a member of its result.")
class Mutation(
    AccountsMutation,
    ResourcesMutation,
    LikenessMutation,
    BountiesMutation,
    BountyReviewsMutation,
    VaultMutation,
    ReportsMutation,
    ModerationMutation,
    GenerationMutation,
):
    """Every deed; a refusal is a member of its result."""


@strawberry.type(description="What happens, live and, after a cursor, without a gap.")
class Subscription(
    BountiesSubscription,
    ModerationSubscription,
    LikenessSubscription,
    ResourcesSubscription,
    GenerationSubscription,
    InboxSubscription,
):
    """What happens, live and, after a cursor, without a gap."""
