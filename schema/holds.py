"""Why a bounty is held, as the one who asks may know it, and the pictures that it shows."""

from collections.abc import Sequence

import strawberry

from domain import bounties
from domain.kernel.ids import BountyId
from domain.kernel.scope import Scope
from schema.findings import Finding, findings_of
from schema.likeness import RegisteredPerson
from schema.node import global_id
from schema.resources import Scan
from schema.wanted import Wanted


@strawberry.type(description="A picture that an initiator shows of what they ask for.")
class BountyReference:
    """A reference picture."""

    id: strawberry.ID
    scan: Scan = strawberry.field(
        description="What validation says of it: others than its initiator and moderators are shown clean ones only."
    )
    url: str | None = strawberry.field(
        description="Reads the picture for a short time; null while it is examined, and where it may not be shown."
    )
    width: int | None
    height: int | None


async def references(
    scope: Scope, values: Sequence[bounties.Bounty], wanted: Wanted
) -> dict[BountyId, list[BountyReference]]:
    """Load the reference pictures of a page of bounties; `wanted` is what is selected of one."""
    found = await bounties.references_of(scope, values, urls="url" in wanted)
    return {
        bounty_id: [
            BountyReference(
                id=strawberry.ID(global_id("file", each.id)),
                scan=Scan.of([each.file.scan], {}),
                url=each.url,
                width=each.width,
                height=each.height,
            )
            for each in pictures
        ]
        for bounty_id, pictures in found.items()
    }


async def hold_findings(
    scope: Scope, values: Sequence[bounties.Bounty], wanted: Wanted
) -> dict[BountyId, list[Finding]]:
    """Load what holds the bounties of a page; `wanted` is what is selected of a finding. None for those not held."""
    held = [value.id for value in values if value.held_at is not None]
    if not held:
        return {}
    found = await bounties.hold_findings(scope, held)
    ids = {finding.person_id for findings in found.values() for finding in findings if finding.person_id}
    asked = ids and "person" in wanted
    persons = await RegisteredPerson.by_ids(scope, list(ids), wanted["person"]) if asked else {}
    return {bounty_id: findings_of(findings, persons) for bounty_id, findings in found.items()}
