"""The tables of the accounts context."""

from piccolo.columns import UUID, Bytea, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from domain.kernel.ids import new_id
from domain.kernel.scope import Role


class AccountRow(Table, tablename="account"):
    """Somebody with a handle. Without a password it can only be used by a token that an operator gave out."""

    id = UUID(primary_key=True, default=new_id)
    handle = Varchar(length=32, unique=True, help_text="Lower case.")
    email = Varchar(length=254, unique=True, help_text="Folded: see rules.email_of.")
    password_hash = Text(null=True, default=None, secret=True, help_text="argon2id, in PHC form.")
    role = Varchar(length=20, default=Role.MEMBER)
    created_at = Timestamptz(default=TimestamptzNow())
    suspended_at = Timestamptz(null=True, default=None)
    suspended_until = Timestamptz(null=True, default=None, help_text="Null with suspended_at set: for good.")


class SessionRow(Table, tablename="session"):
    """A signed-in session. Signing out deletes the row; only the token's hash is kept."""

    id = UUID(primary_key=True, default=new_id)
    account_id = ForeignKey(references=AccountRow, on_delete=OnDelete.cascade, null=False)
    token_hash = Bytea(unique=True, secret=True, help_text="SHA-256 of the token.")
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=None)


class SignUpRow(Table, tablename="account_sign_up"):
    """Marks of what an account was opened with, by which two accounts can be compared and nothing else be learned."""

    id = UUID(primary_key=True, default=new_id)
    account_id = ForeignKey(references=AccountRow, on_delete=OnDelete.cascade, null=False, unique=True)
    email_mark = Bytea(secret=True, help_text="Of the normalised e-mail address: see marks.email_mark.")
    network_mark = Bytea(null=True, default=None, secret=True, help_text="Null where the address tells nothing.")


class PaymentCredentialRow(Table, tablename="account_payment_credential"):
    """The mark of a credential of payment that an account uses, as a payment provider's fingerprint gives it."""

    id = UUID(primary_key=True, default=new_id)
    account_id = ForeignKey(references=AccountRow, on_delete=OnDelete.cascade, null=False)
    mark = Bytea(secret=True)
    added_at = Timestamptz(default=None)
