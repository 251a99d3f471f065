"""The demonstration world that `countenance up` loads: a checkpoint, a protected person, and three accounts.

Loading it again changes nothing. The checkpoint was never trained and draws noise, and everything says so; the person
is invented and is called a test person.
"""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from countenance.embedded.home import default_folder
from countenance.operator import opened, publish_in_place
from countenance.settings import Settings
from domain import accounts, likeness
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Role, Scope
from gpu_cluster.starter import STARTER_DESCRIPTION, STARTER_TITLE, build_starter_checkpoint

log = structlog.get_logger(__name__)

PERSON = "Test Person Aldebaran"
"""The invented person who is registered, so that the gates have somebody to protect."""

ACCOUNTS_FILE = "demo-accounts.json"
_ROLES: Mapping[str, Role] = {
    "demo-moderator": Role.MODERATOR,
    "demo-member-1": Role.MEMBER,
    "demo-member-2": Role.MEMBER,
}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """How to sign in as one of the demonstration accounts."""

    handle: str
    email: str
    password: str


async def load(settings: Settings, folder: Path | None = None) -> None:
    """Load the demonstration world; files of it lie in `folder`, the instance's home by default."""
    folder = folder or default_folder()
    checkpoint = await asyncio.to_thread(_starter, folder / "starter-checkpoint")
    demo = _known_accounts(folder / ACCOUNTS_FILE)
    async with opened(settings) as scope:
        await publish_in_place(scope, checkpoint, title=STARTER_TITLE, description=STARTER_DESCRIPTION)
        log.warning("the starter checkpoint was never trained: it draws noise", path=str(checkpoint))
        await _register(scope)
        for account in demo.values():
            await _open(scope, account)


def read_accounts(file: Path) -> dict[str, DemoAccount]:
    """Read the demonstration accounts by handle. Raises OSError, ValueError."""
    try:
        return {row["handle"]: DemoAccount(**row) for row in json.loads(file.read_text())}
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{file} is not a list of demonstration accounts.") from error


def _known_accounts(file: Path) -> dict[str, DemoAccount]:
    """Read the accounts, or make up their passwords and keep them for their owner's eyes, before the accounts are."""
    if file.exists():
        return read_accounts(file)
    made = [DemoAccount(handle, f"{handle}@example.org", secrets.token_urlsafe(18)) for handle in _ROLES]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as out:
        json.dump([asdict(account) for account in made], out, indent=2)
    part.replace(file)
    return {account.handle: account for account in made}


def _starter(folder: Path) -> Path:
    """Build the starter checkpoint, whole or not at all, unless it is there."""
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        build_starter_checkpoint(part)
        part.rename(folder)
    return folder


async def _register(scope: Scope) -> None:
    """Register the test person, unless they are."""
    if not any(PERSON in each.person.names for each in await likeness.list_persons(scope)):
        await likeness.register(scope, name=PERSON)


async def _open(scope: Scope, account: DemoAccount) -> None:
    """Open an account, unless it is."""
    try:
        await accounts.create(
            scope,
            handle=account.handle,
            email=account.email,
            role=_ROLES.get(account.handle, Role.MEMBER),
            password=account.password,
        )
    except Conflict:
        log.debug("a demonstration account is there already", handle=account.handle)
