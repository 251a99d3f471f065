"""The demonstration: the product's main job, played through the public API alone against a running server."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx
from rich.console import Console

from countenance.demo import steps
from countenance.demo.client import Client, DemoFailed
from countenance.demo.stage import Stage
from countenance.demo_world import DemoAccount, read_accounts
from countenance.failures import CannotStart

_MODERATOR = "demo-moderator"
_SECONDS = 30.0


async def play(url: str, out: Path, accounts: Path) -> None:
    """Play all six steps against the server at `url`; the picture goes into the folder `out`.

    `accounts` is the file of the demonstration accounts in the server's home: a moderator can't just sign up. Raises
    CannotStart with one sentence when a step fails.
    """
    console = Console(highlight=False, soft_wrap=True)
    moderator = _moderator(accounts)
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    # Several people share this client, each with their own bearer token: nobody's session may stick to it.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(timeout=_SECONDS, cookies=no_cookies) as http:
        stage = Stage(console, out, Client(url, http))
        try:
            for number, (title, step) in enumerate(_programme(stage, moderator), start=1):
                began = time.monotonic()
                console.print(f"[bold cyan]{number}. {title}[/]")
                await step()
                console.print(f"   [green]✓[/] {time.monotonic() - began:.1f} s")
        except DemoFailed as problem:
            raise CannotStart(f"The demonstration stopped in step {number}: {problem}") from None
        except TimeoutError:
            raise CannotStart(f"The demonstration stopped in step {number}: the server took too long.") from None
        except httpx.HTTPError as problem:
            raise CannotStart(
                f"No server answers at {url} ({type(problem).__name__}); start one with `make up`."
            ) from None
    console.print(f"[bold green]All six steps passed.[/] The picture: [bold]{stage.made['picture']}[/]")


def _programme(stage: Stage, moderator: DemoAccount) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """Give the steps with their titles."""

    def of(step: Callable[[Stage], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        return lambda: step(stage)

    return [
        ("Two members and a moderator sign in", lambda: steps.people_sign_in(stage, moderator)),
        ("A clean LoRA is validated on the cluster and published", of(steps.clean_lora_is_published)),
        ("A LoRA whose metadata names a protected person is blocked", of(steps.named_lora_is_blocked)),
        ("A picture is drawn with the clean LoRA", of(steps.picture_is_drawn)),
        ("The same request with the blocked LoRA is refused", of(steps.blocked_lora_is_refused)),
        ("A bounty is opened, entered and awarded", of(steps.bounty_is_awarded)),
    ]


def _moderator(file: Path) -> DemoAccount:
    """Read how to sign in as the moderator. Raises CannotStart."""
    try:
        return read_accounts(file)[_MODERATOR]
    except (OSError, ValueError, KeyError):
        raise CannotStart(
            f"{file} has no demonstration accounts: start the server with `make up`, and name the file of its home "
            "by --accounts."
        ) from None
