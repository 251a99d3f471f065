"""The tables of the resources context: resources, the files that they and bounty entries hold, uploads, scans."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Bytea, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table

from domain.kernel.ids import new_id


class ResourceRow(Table, tablename="resource"):
    """A model that a member shares, from its draft on. A raw migration adds the generated column `words`."""

    id = UUID(primary_key=True, default=new_id)
    kind = Varchar(length=20)
    title = Text()
    description = Text()
    trigger_words = Array(base_column=Text(), default=list)
    owner_id = UUID()
    status = Varchar(length=20)
    cause = Varchar(length=20, null=True, default=None, help_text="Who brought it into a restricted status.")
    moderator_hold = Text(null=True, default=None, help_text="Why a moderator holds it; null while none does.")
    let_pass = JSONB(default="[]", help_text="Marks of the findings that a moderator has let pass, see `passing`.")
    mature = Boolean()
    depicts_real_person = Boolean()
    findings = JSONB(default="[]", help_text="What stands against its own texts; those of files are in their scans.")
    source_path = Text(null=True, default=None, help_text="On the nodes; only for what an operator added in place.")
    source_sha256 = Varchar(length=64, null=True, default=None)
    source_bytes = BigInt(null=True, default=None)
    created_at = Timestamptz()
    published_at = Timestamptz(null=True, default=None)
    credited_to_id = UUID(null=True, default=None, help_text="Who made it, where that is not its owner.")


class FileRow(Table, tablename="stored_file"):
    """A complete file of a resource or of a bounty entry. Its blob may be shared by files with the same key."""

    id = UUID(primary_key=True, default=new_id)
    holder_kind = Varchar(length=20)
    holder_id = UUID()
    account_id = UUID(help_text="Whose it is: a person's consent may depend on it.")
    mature = Boolean(help_text="Whether what it belongs to is declared mature.")
    picture = Boolean(default=False, help_text="Whether it is examined as a picture, and not as a model.")
    name = Text()
    size_bytes = BigInt()
    sha256 = Varchar(length=64)
    blob_key = Text()
    vault_key_id = UUID(null=True, default=None, help_text="The key that its blob is sealed under; null in the clear.")
    format = Text(default="")
    claimed_hashes = JSONB(default="{}", help_text="What the file's own metadata says of its hashes.")
    created_at = Timestamptz()


class FileHashRow(Table, tablename="file_hash"):
    """One hash of a file, lower-case hex, as the inspector computed it."""

    id = UUID(primary_key=True, default=new_id)
    file_id = UUID()
    algorithm = Varchar(length=10)
    value = Text()


class UploadRow(Table, tablename="upload"):
    """A resumable upload. Its bytes lie in the spool until it is complete; their number there is its offset."""

    id = UUID(primary_key=True, default=new_id)
    holder_kind = Varchar(length=20)
    holder_id = UUID()
    account_id = UUID()
    mature = Boolean()
    picture = Boolean(default=False, help_text="Whether a picture was announced, and not a model.")
    file_name = Text()
    size_bytes = BigInt()
    expected_sha256 = Varchar(length=64, null=True, default=None)
    status = Varchar(length=20)
    file_id = UUID(null=True, default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz()


class ScanRow(Table, tablename="scan"):
    """The examination of one file: queued, leased to a worker, done. `attempt` is the fence against late answers."""

    id = UUID(primary_key=True, default=new_id)
    file_id = UUID()
    status = Varchar(length=20)
    attempt = Integer(default=0)
    losses = Integer(default=0, help_text="How many validators died over it.")
    base = Varchar(length=20, default="PENDING", help_text="The verdict apart from what the findings say.")
    verdict = Varchar(length=20, default="PENDING")
    findings = JSONB(default="[]")
    texts = Bytea(default=b"", help_text="Every text found inside the file, as compressed JSON.")
    faces = Bytea(null=True, default=None, help_text="Descriptors of those in a picture, sealed together.")
    error = Text(null=True, default=None)
    registry_version = Integer(default=0)
    sha256 = Varchar(length=64, null=True, default=None, help_text="Of the bytes that the verdict is about.")
    queued_at = Timestamptz()
    not_before = Timestamptz()
    leased_by = Text(null=True, default=None)
    lease_until = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)


class VaultKeyRow(Table, tablename="vault_key"):
    """The data key of what an entry keeps in the vault, wrapped by a master key; null once it was destroyed."""

    id = UUID(primary_key=True, default=new_id)
    holder_id = UUID()
    master = Integer(help_text="The number of the master key that wraps it.")
    wrapped = Bytea(null=True, default=None)
    created_at = Timestamptz()
    destroyed_at = Timestamptz(null=True, default=None)


class DoomedBlobRow(Table, tablename="doomed_blob"):
    """A blob to delete: noted in the work that makes it superfluous, or before it is written, until a row claims it."""

    id = UUID(primary_key=True, default=new_id)
    blob_key = Text()
    not_before = Timestamptz()


class RevalidationRow(Table, tablename="revalidation"):
    """One row: the newest registry version that is being applied to what is stored. No older one judges any more."""

    id = Integer(primary_key=True, default=1)
    announced = Integer(default=0)
