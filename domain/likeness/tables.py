"""The tables of the likeness context: the registry of protected persons at its version, and the claims behind it."""

from piccolo.columns import JSONB, UUID, Array, Boolean, Bytea, Date, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table

from domain.kernel.ids import new_id


class PersonRow(Table, tablename="registered_person"):
    """A protected person. Who withdrew stays as a row with `withdrawn_at`, so that the past can be explained."""

    id = UUID(primary_key=True, default=new_id)
    name = Text()
    aliases = Array(base_column=Text(), default=list)
    consent = Varchar(length=30)
    creators = Array(base_column=UUID(), default=list)
    registered_at = Timestamptz()
    changed_in = Integer(help_text="The registry version of the last change.")
    withdrawn_at = Timestamptz(null=True, default=None)
    name_keys = Array(base_column=Text(), default=list, help_text="Every name, folded: claims about one person join.")
    own = JSONB(null=True, default=None, help_text="The operator's own entry; null for one made of claims alone.")


class BlockedFileRow(Table, tablename="blocked_file"):
    """A file that was found to reproduce a person, by its full SHA256."""

    id = UUID(primary_key=True, default=new_id)
    sha256 = Varchar(length=64)
    person_id = UUID(null=True, default=None)
    blocked_at = Timestamptz()
    changed_in = Integer(help_text="The registry version that brought it.")
    claim_id = UUID(null=True, default=None, help_text="The claim that it was blocked under; gone when that is.")


class RegistryStateRow(Table, tablename="registry_state"):
    """One row: the version, which grows by one with each change. It is the lock that orders the changes."""

    id = Integer(primary_key=True, default=1)
    version = Integer(default=0)


class ClaimRow(Table, tablename="likeness_claim"):
    """A request to stop the reproduction of a person. It opens with its case code and PIN, kept hashed."""

    id = UUID(primary_key=True, default=new_id)
    case_code = Varchar(length=12)
    pin_hash = Text()
    source = Varchar(length=10)
    status = Varchar(length=20)
    complete = Boolean(help_text="False while a claim that came by e-mail lacks what a decision needs.")
    person_name = Text()
    aliases = Array(base_column=Text(), default=list)
    name_key = Text(help_text="The name, folded: claims with the same key are about the same person.")
    about = UUID(default=None, help_text="The first claim about the same person; its own id when it is the first.")
    relation = Varchar(length=20, null=True, default=None)
    contact_email = Text()
    account_id = UUID(null=True, default=None, help_text="Whoever was signed in when it was filed.")
    locations = Array(base_column=Text(), default=list)
    explanation = Text()
    consent = Varchar(length=30)
    creators = Array(base_column=UUID(), default=list)
    signature = Text()
    received_at = Timestamptz()
    due_at = Timestamptz()
    escalated = Integer(default=0, help_text="The last share of its time, in per cent, that was told.")
    decided_at = Timestamptz(null=True, default=None)
    decided_by = UUID(null=True, default=None)
    withdrawn_at = Timestamptz(null=True, default=None)
    person_id = UUID(null=True, default=None, help_text="Whom the registry protects because of it.")
    network_mark = Varchar(length=64, null=True, default=None, help_text="A keyed digest of where it was filed from.")
    holds_allowed = Integer(default=0, help_text="How many of the things that it names may be held before a decision.")
    allowed_at = Timestamptz(null=True, default=None, help_text="When that was said; it counts for a day.")
    notes = Array(base_column=Text(), default=list, help_text="Why something was not looked at, or not held.")


class FaceRow(Table, tablename="face_descriptor"):
    """One face descriptor, sealed with AES-GCM; deleted when its claim is rejected or withdrawn."""

    id = UUID(primary_key=True, default=new_id)
    claim_id = UUID(default=None)
    person_id = UUID(null=True, default=None, help_text="Set while its claim is upheld.")
    sealed = Bytea()


class AffectedRow(Table, tablename="claim_affected"):
    """What a claim did to one thing, and what that was before; so that a withdrawal can undo exactly that."""

    id = UUID(primary_key=True, default=new_id)
    claim_id = UUID(default=None)
    subject_kind = Varchar(length=20)
    subject_id = UUID(default=None)
    action = Varchar(length=20)
    findings = JSONB(default="[]")
    before = JSONB(default="{}")
    at = Timestamptz()


class LetterRow(Table, tablename="claim_letter"):
    """A letter to a claimant, written in the deed's transaction; its text is forgotten once it is sent."""

    id = UUID(primary_key=True, default=new_id)
    claim_id = UUID(null=True, default=None, help_text="Null for a letter to somebody whose message opened no claim.")
    recipient = Text()
    subject = Text()
    body = Text()
    in_reply_to = Text(null=True, default=None)
    created_at = Timestamptz()
    not_before = Timestamptz()
    attempts = Integer(default=0)
    last_error = Text(null=True, default=None)
    sent_at = Timestamptz(null=True, default=None)
    given_up_at = Timestamptz(null=True, default=None)


class IntakeRow(Table, tablename="intake_message"):
    """An e-mail that came in: what was read of it, and, as a blob, the message itself until it is dealt with."""

    id = UUID(primary_key=True, default=new_id)
    digest = Varchar(length=64, help_text="SHA256 of the message: one that is delivered twice counts once.")
    claim_id = UUID(null=True, default=None, help_text="The claim that it opened, or, with a problem, belongs to.")
    sender = Text()
    subject = Text()
    text = Text()
    person_name = Text()
    links = Array(base_column=Text(), default=list)
    message_id = Text(null=True, default=None)
    attachments = JSONB(default="[]", help_text="Names, types and sizes; what was attached is not kept.")
    problem = Text(null=True, default=None, help_text="Why no claim was opened.")
    blob_key = Text(null=True, default=None, help_text="The message itself, until it is dealt with.")
    received_at = Timestamptz()
    dealt_at = Timestamptz(null=True, default=None, help_text="When a moderator dealt with what opened no claim.")
    dealt_by = UUID(null=True, default=None)


class SpentProofRow(Table, tablename="spent_proof"):
    """A proof of work that was used, until it would have expired anyway."""

    digest = Varchar(length=64, primary_key=True)
    expires_at = Timestamptz()


class ThrottledRow(Table, tablename="throttled_claim"):
    """How often on one day one address (hashed) was told to wait."""

    id = UUID(primary_key=True, default=new_id)
    on_day = Date()
    rule = Text()
    address_hash = Varchar(length=64)
    times = Integer(default=1)
    last_at = Timestamptz()
