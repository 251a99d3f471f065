"""The tables of the generation context. A job's row is the truth about it, whatever becomes of server or cluster."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, DoublePrecision, ForeignKey, Integer, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from domain.kernel.ids import new_id


class JobRow(Table, tablename="generation_job"):
    """One job from its request to its end. `attempt` grows with each claim: what an older one reports is dropped."""

    id = UUID(primary_key=True, default=new_id)
    owner_id = UUID()
    checkpoint_id = UUID()
    prompt = Text()
    negative_prompt = Text()
    width = Integer()
    height = Integer()
    steps = Integer()
    guidance = DoublePrecision()
    sampler = Text()
    seed = BigInt(help_text="Of the first picture; the others count up.")
    quantity = Integer()
    priority = Text()
    mature = Boolean(help_text="Whether a resource of it is declared mature.")
    cost = Integer(help_text="Held in the job's purse until it ends; a multiple of the quantity.")
    charged = Integer(default=0)
    status = Text()
    queue_at = Timestamptz(default=TimestamptzNow(), help_text="The queue's order: when asked, less a head start.")
    not_before = Timestamptz(default=TimestamptzNow(), help_text="It rests until then after a fault.")
    attempt = Integer(default=0)
    losses = Integer(default=0, help_text="Artists lost while they drew it.")
    faults = Integer(default=0, help_text="Faults of the cluster in a row, for the length of the rest.")
    worker = Text(null=True, default=None)
    lease_until = Timestamptz(null=True, default=None)
    stop_asked_at = Timestamptz(null=True, default=None)
    registry_version = Integer(default=0, help_text="The registry that it was last validated by.")
    refusal = JSONB(null=True, default=None, help_text="Findings; set before the end when a running job must stop.")
    error = Text(null=True, default=None)
    image = Integer(default=0, help_text="The picture being drawn, from 1; 0 before the first step.")
    step = Integer(default=0)
    preview = Text(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    started_at = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)


class UseRow(Table, tablename="generation_use"):
    """A resource that a job uses beside its checkpoint, in the order of the request."""

    id = UUID(primary_key=True, default=new_id)
    job = ForeignKey(references=JobRow)
    position = Integer()
    resource_id = UUID()
    weight = DoublePrecision()


class WithheldRow(Table, tablename="generation_withheld"):
    """A job whose delivered pictures are withheld, because its words name somebody who does not allow it now.

    The job's own row is final; this one stands as long as the findings do.
    """

    id = UUID(primary_key=True, help_text="The job's.")
    findings = JSONB()
    at = Timestamptz()


class ImageRow(Table, tablename="generation_image"):
    """A finished picture that passed the cluster's gate. It is shown once its job has ended well."""

    id = UUID(primary_key=True, default=new_id)
    job = ForeignKey(references=JobRow)
    attempt = Integer(help_text="Pictures of an attempt that came to nothing are thrown away.")
    position = Integer()
    blob_key = Text()
    width = Integer()
    height = Integer()
    seed = BigInt()
    mature = Boolean()
    sha256 = Text()
    created_at = Timestamptz(default=TimestamptzNow())
