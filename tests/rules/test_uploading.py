"""What a file may be uploaded for: one thing, and a purpose that files of such a thing have."""

import pytest

from domain.bounties import UploadAsk, UploadPurpose
from domain.bounties.uploading import target_of
from domain.kernel.ids import Subject, new_id
from domain.kernel.refusals import InvalidInput

RESOURCE, ENTRY, BOUNTY = (Subject(kind, new_id()) for kind in ("resource", "entry", "bounty"))


def asked(*named: Subject, purpose: UploadPurpose = UploadPurpose.MODEL) -> UploadAsk:
    return UploadAsk(named, "a", 1, purpose=purpose)


@pytest.mark.parametrize(
    ("target", "purpose"),
    [
        (RESOURCE, UploadPurpose.MODEL),
        (RESOURCE, UploadPurpose.SAMPLE),
        (ENTRY, UploadPurpose.MODEL),
        (ENTRY, UploadPurpose.PREVIEW),
        (BOUNTY, UploadPurpose.MODEL),
    ],
)
def test_a_file_is_for_the_thing_that_is_named(target: Subject, purpose: UploadPurpose) -> None:
    assert target_of(asked(target, purpose=purpose)) == target


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ((), "Name one of `resourceId`, `entryId` and `bountyId`: what the file is for."),
        ((RESOURCE, ENTRY), "A file is for one thing: name only one of `resourceId`, `entryId` and `bountyId`."),
        (
            (RESOURCE, ENTRY, BOUNTY),
            "A file is for one thing: name only one of `resourceId`, `entryId` and `bountyId`.",
        ),
    ],
)
def test_a_file_for_nothing_or_for_several_things_is_refused(named: tuple[Subject, ...], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        target_of(asked(*named))

    assert (refused.value.field, refused.value.message) == ("input.resourceId", sentence)


@pytest.mark.parametrize(
    ("target", "purpose", "sentence"),
    [
        (ENTRY, UploadPurpose.SAMPLE, "Samples belong to resources; an entry shows previews."),
        (RESOURCE, UploadPurpose.PREVIEW, "Previews belong to entries; a resource shows samples."),
        *(
            (BOUNTY, no, "A bounty has reference pictures, neither samples nor previews: leave `purpose` out.")
            for no in (UploadPurpose.SAMPLE, UploadPurpose.PREVIEW)
        ),
    ],
)
def test_a_purpose_that_the_thing_has_not_is_refused(target: Subject, purpose: UploadPurpose, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        target_of(asked(target, purpose=purpose))

    assert (refused.value.field, refused.value.message) == ("input.purpose", sentence)
