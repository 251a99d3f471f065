"""The event log (facts as the deeds wrote them, the feed as the relay numbered it), fingerprints, and search words."""

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class FactRow(Table, tablename="fact"):
    """A fact of a committed deed. `feed_no` is null until the relay has numbered it."""

    id = BigSerial(primary_key=True)
    kind = Text()
    body = JSONB()
    topics = JSONB(default="[]", help_text="The live topics it goes to.")
    lasting = Boolean(default=True)
    at = Timestamptz(default=TimestamptzNow())
    feed_no = BigInt(null=True, default=None)
    reacted_at = Timestamptz(null=True, default=None)
    attempts = Integer(default=0)
    last_error = Text(null=True, default=None)


class FeedRow(Table, tablename="feed"):
    """One numbered fact in one topic: what a live subscriber reads after its cursor."""

    id = BigSerial(primary_key=True)
    no = BigInt()
    topic = Text()
    kind = Text()
    body = JSONB()
    at = Timestamptz()


class FeedState(Table, tablename="feed_state"):
    """One row: the last feed number given, the oldest one still kept, and the epoch that cursors belong to."""

    id = Integer(primary_key=True, default=1)
    epoch = UUID()
    last_no = BigInt(default=0)
    floor_no = BigInt(default=0)


class FeedFloor(Table, tablename="feed_floor"):
    """Up to which number a topic's passing facts have been thinned out already."""

    topic = Text(primary_key=True)
    no = BigInt()


class FingerprintRow(Table, tablename="file_fingerprint"):
    """What a file's content is recognised by, whoever stored it; kept when the file itself is gone."""

    sha256 = Varchar(length=64, primary_key=True)
    hashes = JSONB(default="{}", help_text="Every identifier, lower-case hex by the contract's names.")
    tensors = Varchar(length=64, null=True, default=None, index=True, help_text="The digest of its tensors.")
    sketch = Bytea(null=True, default=None, help_text="What a LoRA changes, for comparison.")


class SearchWordRow(Table, tablename="search_word"):
    """A word of a public text, by which a misspelt one is understood. From the third on, uses are counted roughly."""

    word = Varchar(length=32, primary_key=True)
    uses = SmallInt()


class SweepRow(Table, tablename="sweep"):
    """How far one sweep over everything stored has come; see `domain.kernel.sweeps`."""

    name = Text(primary_key=True)
    done = Integer(default=0, help_text="The version that everything has been brought up to.")
    goal = Integer(null=True, default=None, help_text="The version that the walk at hand leads to.")
    after = UUID(null=True, default=None, help_text="The last key that the walk at hand is done with.")
    worker = Text(null=True, default=None)
    lease_until = Timestamptz(null=True, default=None)
