"""What the steps of the demonstration share: who plays, how a step is shown, and how it is made sure of."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from countenance.demo import documents
from countenance.demo.client import Client, DemoFailed
from gpu_cluster.starter import build_demo_lora

_GRANT_LOOKS, _GRANT_PAUSE = 150, 0.1
SCAN_SECONDS = 90.0
DRAW_SECONDS = 150.0


@dataclass(slots=True)
class Player:
    """A signed-in account."""

    handle: str
    account_id: str
    client: Client

    async def purse(self) -> Mapping[str, int]:
        """Give what the account holds and has in escrow."""
        found: Mapping[str, int] = (await self.client.ask(documents.PURSE))["viewer"]["purse"]
        return found


@dataclass(slots=True)
class Stage:
    """What the steps so far have made."""

    console: Console
    folder: Path
    guest: Client
    made: dict[str, str] = field(default_factory=dict)
    players: dict[str, Player] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Show something that happened."""
        self.console.print(f"   {text}")

    async def lora(self, name: str, *, seed: int, metadata: Mapping[str, str]) -> Path:
        """Make a real LoRA file with training metadata; its weights are random."""
        path = self.folder / f"{name}.safetensors"
        await asyncio.to_thread(build_demo_lora, path, seed=seed, metadata=metadata)
        return path


def demand(holds: bool, sentence: str) -> None:  # reads as an assertion
    """Stop the demonstration with a sentence unless something holds. Raises DemoFailed."""
    if not holds:
        raise DemoFailed(sentence)


async def sign_in(guest: Client, *, email: str, password: str) -> Player:
    """Sign in and give the player."""
    signed = await guest.deed(documents.SIGN_IN, input={"email": email, "password": password})
    session = signed["session"]
    return Player(session["account"]["handle"], session["account"]["id"], guest.as_(session["token"]))


async def join(guest: Client, role: str) -> Player:
    """Sign up a new member, sign in, and wait for the credits that new members get."""
    handle, password = f"{role}-{secrets.token_hex(4)}", secrets.token_urlsafe(18)
    email = f"{handle}@example.org"
    await guest.deed(documents.SIGN_UP, input={"handle": handle, "email": email, "password": password})
    player = await sign_in(guest, email=email, password=password)
    for _ in range(_GRANT_LOOKS):
        if (await player.purse())["available"]:
            return player
        await asyncio.sleep(_GRANT_PAUSE)
    raise DemoFailed("A new member got no credits; do the workers run?")


async def upload(player: Player, file: Path, **holder: str) -> tuple[str, int]:
    """Upload a file to a resource or an entry by tus and give its SHA256 and size in bytes."""
    content = await asyncio.to_thread(file.read_bytes)
    sha256 = hashlib.sha256(content).hexdigest()
    asked: dict[str, Any] = {"fileName": file.name, "sizeBytes": len(content), "sha256": sha256, **holder}
    begun = await player.client.deed(documents.UPLOAD, input=asked)
    await player.client.upload(begun["ticket"]["url"], content)
    return sha256, len(content)
