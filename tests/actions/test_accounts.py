"""Signing up, in and out against the real database."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import asyncpg
import pytest
from argon2 import PasswordHasher

from domain import accounts
from domain.accounts import passwords
from domain.kernel.clock import HandClock
from domain.kernel.ids import AccountId, new_id
from domain.kernel.ports import Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, RateLimited, SignInRequired, Suspended
from domain.kernel.scope import Actor, Role, Scope
from tests.factories import member, signed_in

PASSWORD = "correct horse battery"
PRODUCT_HASHER = passwords._HASHER


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hash with little work, so that these tests take seconds; the product's parameters are tested by themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        passwords._decoy.cache_clear()
        yield
    passwords._decoy.cache_clear()


async def _sign_up(scope: Scope, handle: str = "aldebaran", email: str = "a@example.org") -> accounts.SignedIn:
    return await accounts.sign_up(scope, handle=handle, email=email, password=PASSWORD)


async def _counts(db: asyncpg.Pool) -> tuple[int, int, int]:
    """How many accounts, sessions and facts there are."""
    row = await db.fetchrow(
        "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM session), (SELECT count(*) FROM fact)"
    )
    assert row is not None
    return tuple(row)  # type: ignore[return-value]


async def test_signing_up_opens_an_account_and_a_session(nobody: Scope, ports: Ports, db: asyncpg.Pool) -> None:
    signed = await _sign_up(nobody, "Aldebaran", "A@Example.org")

    account = signed.account
    assert (account.handle, account.role, account.created_at) == ("aldebaran", Role.MEMBER, nobody.now)
    assert signed.expires_at == nobody.now + timedelta(seconds=ports.policy.session_seconds)
    assert await accounts.authenticate(ports, signed.token) == Actor(
        account.id, "aldebaran", Role.MEMBER, signed.session_id
    )
    assert await accounts.accounts_by_ids([account.id, new_id()]) == {account.id: account}
    told = await db.fetch("SELECT kind, body->>'account_id' AS id FROM fact")
    assert [tuple(row) for row in told] == [("AccountOpened", str(account.id))]


async def test_neither_the_password_nor_the_token_is_kept(nobody: Scope, db: asyncpg.Pool) -> None:
    signed = await _sign_up(nobody)

    kept = await db.fetchval("SELECT row_to_json(account)::text || row_to_json(session)::text FROM account, session")

    assert PASSWORD not in kept
    assert signed.token not in kept
    assert await db.fetchval("SELECT password_hash FROM account") != ""
    assert await db.fetchval("SELECT token_hash FROM session") == hashlib.sha256(signed.token.encode()).digest()


@pytest.mark.parametrize(
    ("handle", "email", "state"),
    [
        ("ALDEBARAN", "other@example.org", "HANDLE_TAKEN"),
        ("other", "A@EXAMPLE.org", "EMAIL_TAKEN"),
        ("admin", "other@example.org", "HANDLE_TAKEN"),
    ],
)
async def test_a_taken_handle_or_address_is_refused(
    nobody: Scope, db: asyncpg.Pool, handle: str, email: str, state: str
) -> None:
    await _sign_up(nobody)

    with pytest.raises(Conflict) as refused:
        await _sign_up(nobody, handle, email)

    assert refused.value.state == state
    assert await _counts(db) == (1, 1, 1)


async def test_of_twenty_at_once_with_one_handle_one_signs_up(nobody: Scope, db: asyncpg.Pool) -> None:
    tries = [_sign_up(nobody, email=f"{n}@example.org") for n in range(20)]

    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(accounts.SignedIn) == 1
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 19
    assert await _counts(db) == (1, 1, 1)


async def test_a_bad_password_is_refused_before_anything_happens(nobody: Scope, db: asyncpg.Pool) -> None:
    with pytest.raises(InvalidInput) as refused:
        await accounts.sign_up(nobody, handle="aldebaran", email="a@example.org", password="short")

    assert refused.value.field == "input.password"
    assert await _counts(db) == (0, 0, 0)
    assert nobody.ports.limiter.hits == []  # type: ignore[attr-defined]  # the stand-in counts


async def test_signing_in_opens_another_session(nobody: Scope, ports: Ports, db: asyncpg.Pool) -> None:
    first = await _sign_up(nobody)

    second = await accounts.sign_in(nobody, email=" A@example.ORG", password=PASSWORD)

    assert second.account == first.account
    assert second.token != first.token
    assert await accounts.authenticate(ports, first.token) is not None
    assert await _counts(db) == (1, 2, 1)
    assert nobody.ports.limiter.hits == [  # type: ignore[attr-defined]  # the stand-in counts
        ("sign-up-address", "127.0.0.1"),
        ("sign-in-address", "127.0.0.1"),
        ("sign-in-email", "a@example.org"),
    ]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("a@example.org", "wrong password"),
        ("nobody@example.org", PASSWORD),
        ("not an address", PASSWORD),
        ("a@example.org\0", PASSWORD),
        ("a@example.org\ud800", PASSWORD),
        ("a@example.org", PASSWORD + "\ud800"),
        ("a@example.org", PASSWORD * 100),
        ("a" * 5000, PASSWORD),
        ("token-only@example.org", ""),
    ],
)
async def test_every_wrong_sign_in_is_refused_in_the_same_words(
    nobody: Scope, db: asyncpg.Pool, email: str, password: str
) -> None:
    await _sign_up(nobody)
    await signed_in("token-only", email="token-only@example.org")
    before = await _counts(db)

    with pytest.raises(NotAllowed) as refused:
        await accounts.sign_in(nobody, email=email, password=password)

    assert refused.value.message == "The e-mail address or the password is wrong."
    assert await _counts(db) == before


async def test_somebody_suspended_for_a_time_signs_in_and_is_known_as_suspended(
    nobody: Scope, ports: Ports, clock: HandClock, db: asyncpg.Pool
) -> None:
    await _sign_up(nobody)
    until = clock.now() + timedelta(days=2)
    await db.execute("UPDATE account SET suspended_at = $1, suspended_until = $2", clock.now(), until)

    signed = await accounts.sign_in(nobody, email="a@example.org", password=PASSWORD)

    actor = await accounts.authenticate(ports, signed.token)
    assert actor is not None
    assert (actor.suspended, actor.suspended_until) == (True, until)
    clock.turn(timedelta(days=2))
    later = await accounts.authenticate(ports, signed.token)
    assert later is not None
    assert (later.suspended, later.suspended_until) == (False, None)


async def test_a_closed_account_does_not_sign_in(nobody: Scope, db: asyncpg.Pool) -> None:
    await _sign_up(nobody)
    await db.execute("UPDATE account SET suspended_at = now()")
    before = await _counts(db)

    with pytest.raises(Suspended) as refused:
        await accounts.sign_in(nobody, email="a@example.org", password=PASSWORD)

    assert refused.value.until is None
    assert await _counts(db) == before


async def test_who_tries_too_often_waits(nobody: Scope, db: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    await _sign_up(nobody)

    async def full(rule: str, key: str) -> int:
        return 7

    monkeypatch.setattr(nobody.ports.limiter, "hit", full)
    before = await _counts(db)

    with pytest.raises(RateLimited) as refused:
        await accounts.sign_in(nobody, email="a@example.org", password=PASSWORD)
    with pytest.raises(RateLimited):
        await _sign_up(nobody, "other", "other@example.org")

    assert refused.value.retry_after_seconds == 7
    assert await _counts(db) == before


async def test_signing_out_ends_the_session_and_tells_its_topic(
    nobody: Scope, ports: Ports, acting: Callable[[Actor], Scope], db: asyncpg.Pool
) -> None:
    signed, other = await _sign_up(nobody), await accounts.sign_in(nobody, email="a@example.org", password=PASSWORD)
    actor = await accounts.authenticate(ports, signed.token)
    assert actor is not None

    await accounts.sign_out(acting(actor))
    await accounts.sign_out(acting(actor))

    assert await accounts.authenticate(ports, signed.token) is None
    assert await accounts.authenticate(ports, other.token) is not None
    told = await db.fetch("SELECT body->>'session_id' AS id, topics::text FROM fact WHERE kind = 'SessionEnded'")
    assert [tuple(row) for row in told] == [(str(signed.session_id), f'["session:{signed.session_id}"]')]


async def test_only_somebody_signed_in_signs_out(nobody: Scope) -> None:
    with pytest.raises(SignInRequired):
        await accounts.sign_out(nobody)


async def test_a_session_runs_out_and_is_swept(
    nobody: Scope, system: Scope, ports: Ports, clock: HandClock, db: asyncpg.Pool
) -> None:
    signed = await _sign_up(nobody)
    live = await accounts.live_session(ports, signed.token)
    assert live is not None
    assert live.expires_at == signed.expires_at

    clock.turn(timedelta(seconds=ports.policy.session_seconds - 1))
    assert await accounts.actors_by_sessions(ports, [signed.session_id]) == {signed.session_id: live.actor}
    assert await accounts.sweep_sessions(system) == 0
    clock.turn(timedelta(seconds=1))

    assert await accounts.authenticate(ports, signed.token) is None
    assert await accounts.actors_by_sessions(ports, [signed.session_id]) == {}
    assert await accounts.sweep_sessions(system) == 1
    assert await db.fetchval("SELECT count(*) FROM session") == 0


@pytest.mark.parametrize("token", ["", "cnt_", "x" * 43, "é" * 10, "\0", "cnt_" + "A" * 43, "x" * 10_000])
async def test_what_is_no_token_authenticates_nobody(ports: Ports, token: str) -> None:
    await member()

    assert await accounts.authenticate(ports, token) is None


async def test_a_role_that_was_taken_away_counts_at_once(ports: Ports, db: asyncpg.Pool) -> None:
    signed = await signed_in(role=Role.MODERATOR)
    await db.execute("UPDATE account SET role = 'MEMBER'")

    actors = await accounts.actors_by_sessions(ports, [signed.session_id])

    assert actors[signed.session_id].role is Role.MEMBER


async def test_only_the_operator_creates_accounts_of_any_role(
    system: Scope, nobody: Scope, ports: Ports, db: asyncpg.Pool
) -> None:
    made = await accounts.create(system, handle="moderator", email="m@example.org", role=Role.MODERATOR)

    actor = await accounts.authenticate(ports, made.token)
    assert actor is not None
    assert actor.role is Role.MODERATOR
    with pytest.raises(NotAllowed):
        await accounts.create(nobody, handle="admin-2", email="x@example.org", role=Role.ADMIN)
    assert await _counts(db) == (1, 1, 1)


async def test_a_created_account_with_a_password_signs_in(system: Scope, nobody: Scope) -> None:
    made = await accounts.create(system, handle="vega", email="vega@example.org", role=Role.MEMBER, password=PASSWORD)

    signed = await accounts.sign_in(nobody, email="vega@example.org", password=PASSWORD)

    assert signed.account.id == AccountId(made.account.id)


async def test_a_hash_with_old_parameters_is_renewed_on_signing_in(nobody: Scope, db: asyncpg.Pool) -> None:
    await _sign_up(nobody)
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(PASSWORD)
    await db.execute("UPDATE account SET password_hash = $1", old)

    await accounts.sign_in(nobody, email="a@example.org", password=PASSWORD)

    renewed = await db.fetchval("SELECT password_hash FROM account")
    assert renewed != old
    assert "t=1" in renewed
    await accounts.sign_in(nobody, email="a@example.org", password=PASSWORD)
    assert await db.fetchval("SELECT password_hash FROM account") == renewed


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=8192, parallelism=1))
    kept = await passwords.hash_password(PASSWORD)
    passwords._decoy.cache_clear()
    await passwords.check_password(None, "warm")

    spans: dict[str | None, list[float]] = {None: [], kept: []}
    for _ in range(9):
        for known, taken in spans.items():
            begun = time.perf_counter()
            await passwords.check_password(known, "wrong password")
            taken.append(time.perf_counter() - begun)

    assert 0.4 < min(spans[None]) / min(spans[kept]) < 2.5


def test_the_products_hashes_are_argon2id_with_the_parameters_of_rfc_9106() -> None:
    hashed = PRODUCT_HASHER.hash(PASSWORD)

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_hashing_leaves_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=6, memory_cost=32768, parallelism=1))
    hashing = asyncio.create_task(passwords.hash_password(PASSWORD))

    turns = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 3
    assert (await hashing).startswith("$argon2id$")
