"""The live feed's vocabulary: what every event of every subscription says."""

from datetime import datetime

import strawberry

from schema.scalars import Cursor


@strawberry.interface(
    description="Every event carries a `cursor`. A client that was cut off subscribes again with `after:` its last "
    "cursor and gets everything that it missed, once each and in order, then the live events. When the history that "
    "it asks for is gone, the first event says `resync: true`: read the state again by query, then go on from that "
    "event's cursor."
)
class FeedEvent:
    """One event of a subscription."""

    cursor: Cursor
    at: datetime
    resync: bool
