"""What is done with accounts and sessions."""

from datetime import timedelta

from domain.accounts import rules
from domain.accounts.facts import AccountOpened, SessionEnded
from domain.accounts.independence import note_sign_up
from domain.accounts.passwords import check_password, hash_password
from domain.accounts.reads import credentials_of
from domain.accounts.tables import SessionRow
from domain.accounts.values import Account, SignedIn
from domain.kernel.ids import AccountId, SessionId, new_id
from domain.kernel.limits import network_of, within_limit
from domain.kernel.refusals import Conflict, NotAllowed
from domain.kernel.scope import Role, Scope
from domain.kernel.work import Work, work

_SWEEP = 1000


async def sign_up(scope: Scope, *, handle: str, email: str, password: str) -> SignedIn:
    """Open a member's account and a first session.

    Raises InvalidInput, Conflict (state HANDLE_TAKEN or EMAIL_TAKEN), RateLimited.
    """
    handle, email, password = rules.handle_of(handle), rules.email_of(email), rules.password_of(password)
    await within_limit(scope, "sign-up-address", network_of(scope.address))
    rules.require_unreserved(handle)
    password_hash = await hash_password(password)
    async with work(scope.now) as w:
        account = await _open_account(
            w, scope, handle=handle, email=email, password_hash=password_hash, role=Role.MEMBER
        )
        return await _open_session(w, scope, account)


async def create(scope: Scope, *, handle: str, email: str, role: Role, password: str | None = None) -> SignedIn:
    """Open an account of any role for the operator, and a first session.

    Without a password the account is used by its token alone. Raises NotAllowed, InvalidInput, Conflict.
    """
    if not scope.system:
        raise NotAllowed("Only the operator makes accounts for others.")
    handle, email = rules.handle_of(handle), rules.email_of(email)
    password_hash = None if password is None else await hash_password(rules.password_of(password))
    async with work(scope.now) as w:
        account = await _open_account(w, scope, handle=handle, email=email, password_hash=password_hash, role=role)
        return await _open_session(w, scope, account)


async def sign_in(scope: Scope, *, email: str, password: str) -> SignedIn:
    """Open a session for whoever knows the password.

    The refusal is the same, and takes as long, for an unknown address as for a wrong password.
    Raises NotAllowed, Suspended (for good), RateLimited.
    """
    email = rules.folded_email(email)[: rules.MAX_EMAIL + 1]
    await within_limit(scope, "sign-in-address", network_of(scope.address))
    await within_limit(scope, "sign-in-email", email)
    known = await credentials_of(email)
    checked = await check_password(known.password_hash if known else None, password)
    if known is None or not checked.right:
        raise NotAllowed("The e-mail address or the password is wrong.")
    rules.require_sign_in(known.suspended_at, known.suspended_until)
    async with work(scope.now) as w:
        if checked.rehashed:
            await w.execute(
                "UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
                known.account.id,
                known.password_hash,
                checked.rehashed,
            )
        return await _open_session(w, scope, known.account)


async def sign_out(scope: Scope) -> None:
    """End the session that is used, and close its live sockets. Raises SignInRequired."""
    actor = scope.require_actor()
    async with work(scope.now) as w:
        ended = await w.one("DELETE FROM session WHERE id = $1 RETURNING id, account_id", actor.session_id)
        if ended is not None:
            w.tell(SessionEnded(SessionId(ended["id"]), AccountId(ended["account_id"])))


async def sweep_sessions(scope: Scope) -> int:
    """Delete sessions that have run out, a bounded number at a time; the clock calls it. Gives how many."""
    async with work(scope.now) as w:
        rows = await w.fetch(
            """
            DELETE FROM session WHERE id IN (
                SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            scope.now,
            _SWEEP,
        )
        return len(rows)


async def _open_account(
    w: Work, scope: Scope, *, handle: str, email: str, password_hash: str | None, role: Role
) -> Account:
    """Write the account; two at once with the same handle or address leave one, and a refusal for the other."""
    account = Account(id=AccountId(new_id()), handle=handle, role=role, created_at=scope.now)
    made = await w.one(
        """
        INSERT INTO account (id, handle, email, password_hash, role, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id
        """,
        account.id,
        handle,
        email,
        password_hash,
        role,
        account.created_at,
    )
    if made is None:
        if await w.one("SELECT 1 FROM account WHERE handle = $1", handle):
            raise Conflict("This handle is taken: choose another one.", state="HANDLE_TAKEN")
        raise Conflict("This e-mail address has an account: sign in instead.", state="EMAIL_TAKEN")
    await note_sign_up(w, scope, account.id, email)
    w.tell(AccountOpened(account.id))
    return account


async def _open_session(w: Work, scope: Scope, account: Account) -> SignedIn:
    token = rules.new_token()
    session_id = SessionId(new_id())
    expires_at = scope.now + timedelta(seconds=scope.ports.policy.session_seconds)
    await SessionRow.insert(
        SessionRow(
            {
                SessionRow.id: session_id,
                SessionRow.account_id: account.id,
                SessionRow.token_hash: rules.token_hash(token),
                SessionRow.created_at: scope.now,
                SessionRow.expires_at: expires_at,
            }
        )
    )
    return SignedIn(token=token, session_id=session_id, expires_at=expires_at, account=account)
