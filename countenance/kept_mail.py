"""What an operator sees of e-mails that wait for a moderator: the list of them, and one of them whole."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from countenance.operator import opened
from countenance.settings import Settings
from domain import likeness
from domain.kernel.paging import PageAsk
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.scope import Scope
from domain.likeness import KeptMessage


async def listed(settings: Settings, *, first: int) -> Sequence[str]:
    """Give one JSON object for each e-mail that waits, the newest first, up to `first` of them."""
    async with opened(settings) as scope:
        page = await likeness.list_kept(scope, PageAsk(first))
        return [json.dumps(_short(message), ensure_ascii=False) for message in page.items]


async def shown(settings: Settings, message_id: str) -> str:
    """Give one kept e-mail as a JSON object, and the message itself while it is kept. Raises InvalidInput, NotFound."""
    try:
        wanted = UUID(message_id)
    except ValueError:
        raise InvalidInput("This is not a message's id: `countenance intake list` shows them.", field="id") from None
    async with opened(settings) as scope:
        found = (await likeness.kept_by_ids(scope, [wanted])).get(wanted)
        if found is None:
            raise NotFound("There is no such message: `countenance intake list` shows those that wait.")
        return json.dumps(_short(found) | await _whole(scope, found), ensure_ascii=False)


def _short(message: KeptMessage) -> dict[str, Any]:
    return {
        "id": message.id.hex,
        "receivedAt": message.received_at.isoformat(),
        "sender": message.sender,
        "subject": message.subject,
        "problem": message.problem,
    }


async def _whole(scope: Scope, message: KeptMessage) -> dict[str, Any]:
    try:
        raw = await scope.ports.blobs.get(message.blob_key) if message.blob_key else b""
    except FileNotFoundError:  # deleted a moment ago, or never written by a process that died
        raw = b""
    return {
        "dealtAt": message.dealt_at.isoformat() if message.dealt_at else None,
        "text": message.text,
        "attachments": [dict(each) for each in message.attachments],
        "message": raw.decode(errors="replace") or None,
    }
