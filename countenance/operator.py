"""What an operator does from the command line: accounts, the likeness registry, checkpoints of one's own.

Each opens the world that the settings name, does one deed with the product's own authority, and leaves.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from countenance.composition import compose
from countenance.intake import take_in
from countenance.mail_reading import MAX_MESSAGE
from countenance.settings import Settings
from domain import accounts, likeness, resources
from domain.kernel.ids import AccountId, PersonId, ResourceId
from domain.kernel.refusals import Conflict, InvalidInput
from domain.kernel.scope import Role, Scope
from domain.registry.snapshot import Consent
from domain.resources import ResourceDraft, ResourceKind
from gpu_cluster.models import digest_of
from schema.node import global_id
from schema.resources import Resource

HOUSE = "countenance"
"""The handle of the account that owns what the operator adds; nobody can sign up with it, and nobody signs in to it."""


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Scope]:
    """Open the world and give the product's own authority in it, under the newest registry."""
    composed = compose(settings)
    async with composed.opened():
        yield Scope.of_system(composed.ports)


async def accounts_create(settings: Settings, *, handle: str, email: str, role: str) -> str:
    """Make an account of any role and give a bearer token for it. Raises InvalidInput, Conflict."""
    async with opened(settings) as scope:
        signed_in = await accounts.create(scope, handle=handle, email=email, role=_role(role))
        return signed_in.token


async def registry_list(settings: Settings) -> Sequence[str]:
    """Give a line for each registered person: id, consent, names."""
    async with opened(settings) as scope:
        found = [each.person for each in await likeness.list_persons(scope)]
    return [f"{person.id}  {person.consent:<19}  {', '.join(person.names)}" for person in found]


async def registry_add(settings: Settings, *, name: str, aliases: Sequence[str], consent: str) -> str:
    """Register a person and give the id. Raises InvalidInput."""
    async with opened(settings) as scope:
        person, _ = await likeness.register(scope, name=name, aliases=aliases, consent=_consent(consent))
        return str(person.id)


async def registry_change(
    settings: Settings, person: str, *, name: str | None, aliases: Sequence[str] | None, consent: str | None
) -> None:
    """Change the operator's own part of an entry; None leaves it. Raises InvalidInput, NotFound."""
    person_id, allowed = _person_id(person), _consent(consent) if consent else None
    async with opened(settings) as scope:
        await likeness.change(scope, person_id, name=name, aliases=aliases, consent=allowed)


async def registry_block(settings: Settings, person: str, sha256: str) -> None:
    """Block a file that reproduces a person, whatever it is named. Raises InvalidInput, NotFound, Conflict."""
    person_id = _person_id(person)
    async with opened(settings) as scope:
        await likeness.block_file(scope, sha256=sha256, person_id=person_id)


async def registry_withdraw(settings: Settings, person: str) -> None:
    """Take a person out of the registry. Raises InvalidInput, NotFound, Conflict."""
    person_id = _person_id(person)
    async with opened(settings) as scope:
        await likeness.withdraw(scope, person_id)


def _person_id(written: str) -> PersonId:
    try:
        return PersonId(UUID(written))
    except ValueError:
        raise InvalidInput(
            "This is not a person's id: `countenance registry list` shows them.", field="person"
        ) from None


async def intake(settings: Settings, raw: bytes) -> str:
    """Take in a raw e-mail and say which claim it opened, or why a moderator has to look at it. Raises InvalidInput."""
    if len(raw) > MAX_MESSAGE:
        raise InvalidInput(f"A message may have at most {MAX_MESSAGE // 1024**2} MiB.", field="message")
    async with opened(settings) as scope:
        taken = await take_in(scope.as_(None), raw, settings.mail_from)
    if taken.problem:
        return taken.problem if taken.case_code else f"{taken.problem} It is kept for a moderator."
    return f"{taken.case_code} {taken.url}"


async def add_checkpoint(settings: Settings, path: Path, *, title: str) -> str:
    """Publish a checkpoint that lies at `path` on every node, and give its id in the API.

    Raises InvalidInput, LikenessRefused.
    """
    async with opened(settings) as scope:
        description = "A checkpoint that the operator of this server added."
        published = await publish_in_place(scope, path, title=title, description=description)
        return global_id(Resource.PREFIX, published)


async def publish_in_place(scope: Scope, path: Path, *, title: str, description: str) -> ResourceId:
    """Publish a diffusers folder or a `.safetensors` file as a checkpoint of the house.

    The same path again is the same resource, with what lies there now. Raises InvalidInput, LikenessRefused.
    """
    _check_is_checkpoint(path)
    sha256, size = await asyncio.to_thread(digest_of, path)
    return await resources.add_checkpoint(
        scope,
        path,
        ResourceDraft(ResourceKind.CHECKPOINT, title, description),
        owner_id=await _house(scope),
        sha256=sha256,
        size_bytes=size,
    )


def _check_is_checkpoint(path: Path) -> None:
    """Refuse what can't be a checkpoint by its looks. Raises InvalidInput."""
    is_folder = (path / "model_index.json").is_file()
    if not is_folder and not (path.is_file() and path.suffix == ".safetensors"):
        raise InvalidInput(
            f"{path} is no checkpoint: a diffusers folder with a model_index.json, or a .safetensors file, is wanted.",
            field="path",
        )


async def _house(scope: Scope) -> AccountId:
    """Give the account of the house, made on the first call."""
    try:
        made = await accounts.create(scope, handle=HOUSE, email="house@countenance.invalid", role=Role.ADMIN)
    except Conflict:
        known = await accounts.account_by_handle(HOUSE)
        if known is None:
            raise
        return known.id
    return made.account.id


def _role(text: str) -> Role:
    """Read a role in any case. Raises InvalidInput."""
    try:
        return Role(text.upper().replace("-", "_"))
    except ValueError:
        raise InvalidInput(f"There is no role {text!r}: choose {', '.join(Role)}.", field="role") from None


def _consent(text: str) -> Consent:
    """Read a consent in any case. Raises InvalidInput."""
    try:
        return Consent(text.upper().replace("-", "_"))
    except ValueError:
        raise InvalidInput(f"There is no consent {text!r}: choose {', '.join(Consent)}.", field="consent") from None
