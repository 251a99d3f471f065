"""What an account is told of claims and bounties, in one sentence each."""

from dataclasses import replace

import pytest

from domain.bounties import (
    BountyDecided,
    BountySplit,
    EntryDecided,
    EntryStatus,
    EscrowMismatch,
    InitiatorReminded,
    News,
    StakeholderTold,
)
from domain.generation import PicturesWithheld
from domain.kernel.ids import AccountId, ClaimId, JobId, ResourceId, Subject, new_id
from domain.kernel.scope import Actor, Role
from domain.likeness import ClaimDecided
from domain.resources import ResourceChanged, ResourceStatus
from schema.inbox import NOTICES, InboxKind, Notice
from tests.factories import system_scope
from tests.fakes import at

NOT_YET = "Decisions can't be appealed here yet."


def test_an_uploader_hears_that_a_claim_holds_their_resource() -> None:
    resource_id, owner_id = ResourceId(new_id()), AccountId(new_id())
    held = ResourceChanged(resource_id, owner_id, "HELD", before="PUBLISHED", cause="CLAIM")

    notice = NOTICES[ResourceChanged](system_scope(), held)

    assert f"inbox:{owner_id}" in held.topics()
    assert notice is not None
    assert (notice.kind, notice.subject) == (InboxKind.RESOURCE_DECIDED, Subject("resource", resource_id))
    assert "the claim of somebody who says that it reproduces them" in notice.message


def test_an_uploader_hears_that_a_file_could_not_be_examined() -> None:
    resource_id, owner_id = ResourceId(new_id()), AccountId(new_id())
    unread = ResourceChanged(resource_id, owner_id, "DRAFT", before="SCANNING")

    notice = NOTICES[ResourceChanged](system_scope(), unread)
    judged_anew = NOTICES[ResourceChanged](system_scope(), replace(unread, before="DRAFT"))

    assert notice == Notice(
        InboxKind.RESOURCE_DECIDED,
        Subject("resource", resource_id),
        "A file of your resource could not be examined; its scan says why, and you may upload it anew.",
    )
    assert judged_anew is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("PUBLISHED", "A moderator looked at your resource: it is published."),
        ("HELD", "Your resource is held, as a moderator decided; its statement of reasons says why."),
        ("REMOVED", "A moderator removed your resource; its statement of reasons says why."),
    ],
)
def test_an_owner_hears_what_a_moderator_decided(status: str, message: str) -> None:
    resource_id, owner_id = ResourceId(new_id()), AccountId(new_id())
    decided = ResourceChanged(resource_id, owner_id, status, before="HELD", cause="MODERATOR")

    notice = NOTICES[ResourceChanged](system_scope(), decided)

    assert notice == Notice(InboxKind.RESOURCE_DECIDED, Subject("resource", resource_id), message)


@pytest.mark.parametrize("status", list(ResourceStatus))
def test_an_owner_is_told_what_there_is_something_to_say_about(status: ResourceStatus) -> None:
    owner_id = AccountId(new_id())
    fact = ResourceChanged(ResourceId(new_id()), owner_id, status)

    assert (f"inbox:{owner_id}" in fact.topics()) == (NOTICES[ResourceChanged](system_scope(), fact) is not None)


@pytest.mark.parametrize("cause", ["VALIDATION", "CLAIM", "MODERATOR"])
@pytest.mark.parametrize("status", [status for status in EntryStatus if status is not EntryStatus.DRAFT])
def test_an_author_is_told_what_there_is_something_to_say_about(status: EntryStatus, cause: str) -> None:
    author_id = AccountId(new_id())
    fact = EntryDecided(new_id(), new_id(), author_id, new_id(), status=status, before="SCANNING", cause=cause)
    author = system_scope().as_(Actor(author_id, "somebody", Role.MEMBER))

    assert (f"inbox:{author_id}" in fact.topics()) == (NOTICES[EntryDecided](author, fact) is not None)


@pytest.mark.parametrize("cause", ["REGISTRY", "CLAIM", "RISK", "REVIEW", "MODERATOR"])
@pytest.mark.parametrize("standing", ["LISTED", "WAITING", "HELD", "REFUSED"])
def test_an_initiator_is_told_what_there_is_something_to_say_about(standing: str, cause: str) -> None:
    initiator_id = AccountId(new_id())
    for before in ("LISTED", "HELD"):
        fact = BountyDecided(new_id(), initiator_id, standing=standing, before=before, cause=cause)

        said = NOTICES[BountyDecided](system_scope(), fact) is not None
        assert (f"inbox:{initiator_id}" in fact.topics()) == said


def test_a_claimant_hears_of_the_decision() -> None:
    claim_id, account_id = ClaimId(new_id()), AccountId(new_id())
    decided = ClaimDecided(claim_id, "REJECTED", account_id)

    notice = NOTICES[ClaimDecided](system_scope(), decided)

    assert f"inbox:{account_id}" in decided.topics()
    assert not any("inbox" in topic for topic in ClaimDecided(claim_id, "REJECTED").topics())
    assert notice is not None
    assert (notice.kind, notice.subject) == (InboxKind.CLAIM_DECIDED, Subject("claim", claim_id))
    assert notice.message.startswith("Your claim is rejected.")


@pytest.mark.parametrize("news", list(News))
def test_whoever_has_a_stake_hears_what_became_of_the_bounty(news: News) -> None:
    bounty_id, account_id = new_id(), new_id()
    told = StakeholderTold(bounty_id, account_id, news)

    notice = NOTICES[StakeholderTold](system_scope(), told)
    paid = NOTICES[StakeholderTold](system_scope(), replace(told, credits=12))

    assert list(told.topics()) == [f"inbox:{account_id}"]
    assert notice is not None
    assert paid is not None
    assert (notice.kind, notice.subject) == (InboxKind[f"BOUNTY_{news}"], Subject("bounty", bounty_id))
    assert paid.message == f"{notice.message} 12 credits came to your purse."


def test_winners_of_a_split_and_its_initiator_hear_different_things() -> None:
    first, second, initiator = AccountId(new_id()), AccountId(new_id()), AccountId(new_id())
    split = BountySplit(
        new_id(),
        entry_ids=(new_id(), new_id()),
        author_ids=(first, second),
        percents=(70, 30),
        initiator_id=initiator,
    )
    scope = system_scope()

    said = [
        NOTICES[BountySplit](scope.as_(Actor(who, "somebody", Role.MEMBER)), split)
        for who in (first, second, initiator)
    ]

    assert {f"inbox:{who}" for who in (first, second, initiator)} <= set(split.topics())
    assert [notice.message for notice in said if notice] == [
        "Your entry was awarded a share of the pot.",
        "Your entry was awarded a share of the pot.",
        "You split a bounty: its outcomes are yours.",
    ]


def test_an_initiator_is_reminded_until_when_to_judge() -> None:
    initiator = new_id()
    reminded = InitiatorReminded(new_id(), initiator, nth=1, judged_by=at("2026-03-08T12:30:00+00:00"))

    notice = NOTICES[InitiatorReminded](system_scope(), reminded)

    assert list(reminded.topics()) == [f"inbox:{initiator}"]
    assert notice is not None
    assert (notice.kind, notice.message) == (
        InboxKind.BOUNTY_REMINDER,
        "Your bounty has entries to judge: award one until 08 March 2026, 12:30 UTC, or its rule decides.",
    )


def test_moderators_are_told_of_all_books_together_as_long_as_they_are_moderators() -> None:
    account_id = AccountId(new_id())
    altogether = EscrowMismatch(None, escrowed=139, owed=140, pledged=140, pot=140, moderator_ids=(account_id,))
    moderator, member = [
        system_scope().as_(Actor(account_id, "somebody", role)) for role in (Role.MODERATOR, Role.MEMBER)
    ]

    notice = NOTICES[EscrowMismatch](moderator, altogether)

    assert list(altogether.topics()) == [f"inbox:{account_id}"]
    assert notice == Notice(
        InboxKind.BOOKS_DISAGREE,
        None,
        "The books of all bounties disagree: 139 credits lie in escrow where 140 should. Have an operator look.",
    )
    assert NOTICES[EscrowMismatch](member, altogether) is None
    assert NOTICES[EscrowMismatch](moderator, replace(altogether, bounty_id=new_id())) is None


@pytest.mark.parametrize(
    ("withheld", "message"),
    [
        (
            True,
            f"Pictures that you made are withheld; their statement of reasons says why. {NOT_YET}",
        ),
        (False, "Pictures that were withheld are yours again."),
    ],
)
def test_an_owner_hears_that_pictures_are_withheld_and_given_back(withheld: bool, message: str) -> None:
    job_id, owner_id = JobId(new_id()), AccountId(new_id())
    fact = PicturesWithheld(job_id, owner_id, withheld=withheld)

    notice = NOTICES[PicturesWithheld](system_scope(), fact)

    assert list(fact.topics()) == [f"inbox:{owner_id}"]
    assert notice == Notice(InboxKind.PICTURES_WITHHELD, Subject("job", job_id), message)
