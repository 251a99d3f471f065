"""The tables of the likeness context: the registry of protected persons, at its version."""

from piccolo.columns import UUID, Array, Integer, Text, Timestamptz, Varchar
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


class BlockedFileRow(Table, tablename="blocked_file"):
    """A file that was found to reproduce a person, by its full SHA256."""

    id = UUID(primary_key=True, default=new_id)
    sha256 = Varchar(length=64)
    person_id = UUID(null=True, default=None)
    blocked_at = Timestamptz()
    changed_in = Integer(help_text="The registry version that brought it.")


class RegistryStateRow(Table, tablename="registry_state"):
    """One row: the version, which grows by one with each change. It is the lock that orders the changes."""

    id = Integer(primary_key=True, default=1)
    version = Integer(default=0)
