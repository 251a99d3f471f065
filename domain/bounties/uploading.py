"""Where every upload begins, whatever it is for and over which protocol: a resource's, an entry's or a bounty's."""

from dataclasses import dataclass
from enum import StrEnum

from domain import resources
from domain.bounties.entries import begin_upload
from domain.bounties.standing.references import begin_reference
from domain.bounties.vault.previews import begin_preview
from domain.kernel.ids import BountyId, EntryId, Subject
from domain.kernel.refusals import InvalidInput
from domain.kernel.scope import Scope
from domain.resources import Holder, Upload


class UploadPurpose(StrEnum):
    """What a file is for in the thing that it belongs to."""

    MODEL = "MODEL"
    SAMPLE = "SAMPLE"
    PREVIEW = "PREVIEW"


@dataclass(frozen=True, slots=True)
class UploadAsk:
    """A file that somebody wants to upload, and what they named as the thing that it is for."""

    named: tuple[Subject, ...]
    file_name: str
    size_bytes: float
    sha256: str | None = None
    purpose: UploadPurpose = UploadPurpose.MODEL


async def begin_any_upload(scope: Scope, asked: UploadAsk) -> Upload:
    """Begin the upload of a file to whatever it is for.

    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, RateLimited.
    """
    scope.require_active()
    target = target_of(asked)
    name, size, sha256 = asked.file_name, asked.size_bytes, asked.sha256
    if target.kind == "bounty":
        return await begin_reference(scope, BountyId(target.id), file_name=name, size_bytes=size, sha256=sha256)
    if target.kind == "entry":
        begin = begin_preview if asked.purpose is UploadPurpose.PREVIEW else begin_upload
        return await begin(scope, EntryId(target.id), file_name=name, size_bytes=size, sha256=sha256)
    holder = Holder("sample" if asked.purpose is UploadPurpose.SAMPLE else "resource", target.id)
    return await resources.begin_upload(scope, holder, file_name=name, size_bytes=size, sha256=sha256)


def target_of(asked: UploadAsk) -> Subject:
    """Give the one thing that a file is for; a bounty's is a reference picture.

    Raises InvalidInput for none, for several, and for a purpose that no file of such a thing has.
    """
    if not asked.named:
        raise InvalidInput("Name one of `resourceId`, `entryId` and `bountyId`: what the file is for.", _TARGET)
    if len(asked.named) > 1:
        raise InvalidInput("A file is for one thing: name only one of `resourceId`, `entryId` and `bountyId`.", _TARGET)
    [target] = asked.named
    if target.kind == "entry" and asked.purpose is UploadPurpose.SAMPLE:
        raise InvalidInput("Samples belong to resources; an entry shows previews.", _PURPOSE)
    if target.kind == "resource" and asked.purpose is UploadPurpose.PREVIEW:
        raise InvalidInput("Previews belong to entries; a resource shows samples.", _PURPOSE)
    if target.kind == "bounty" and asked.purpose is not UploadPurpose.MODEL:
        raise InvalidInput(
            "A bounty has reference pictures, neither samples nor previews: leave `purpose` out.", _PURPOSE
        )
    return target


_TARGET, _PURPOSE = "input.resourceId", "input.purpose"
