"""The page of a claim in a real browser: a claimant types the PIN, sees where it stands, completes and withdraws."""

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from starlette.applications import Starlette

from countenance.settings import Settings
from domain import likeness
from domain.kernel.scope import Scope
from tests import serving
from tests.actions.bounties import followed
from tests.api.conftest import app, settings
from tests.claiming import filed
from tests.factories import moderator
from tests.npm import NODE, install
from tests.resourcing import NAME, published

__all__ = ["app", "settings"]

BROWSER = Path(__file__).parents[1] / "clients" / "browser"
MAILED = likeness.MailedClaim(
    person_name=NAME,
    contact_email="aldebaran@example.org",
    explanation="<b>Please</b> stop.",
    locations=("resource_1",),
)


@pytest.fixture(scope="session")
async def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser, installed from its lock file into a folder of the session's own."""
    return await install(BROWSER, tmp_path_factory.mktemp("browser"))


@pytest.fixture
async def url(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """The address of a real server."""
    async with serving.served(app, settings) as address:
        yield address


async def shown(npm: Path, *arguments: str) -> list[Any]:
    """Open a page, do what the arguments say, and give what it showed, with the browser's own account at the end."""
    # The browser brings libraries and fonts, and uses them where it was made for: a fresh machine may have none.
    own = {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x", "FONTCONFIG_FILE": str(npm / "fonts.conf")}
    environment = {**os.environ, **own, "TMPDIR": str(npm)}
    process = await asyncio.create_subprocess_exec(NODE, "claim.mjs", *arguments, cwd=npm, stdout=PIPE, env=environment)
    try:
        async with asyncio.timeout(100):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()  # the script then ends its browser
    assert process.returncode == 0
    return [orjson.loads(line) for line in out.splitlines()]


async def mailed(nobody: Scope, db: asyncpg.Pool) -> tuple[str, str]:
    """A claim that came by e-mail; give its case code and its PIN."""
    message = likeness.Message(
        digest="1", sender=MAILED.contact_email, subject="", text="", attachments=(), claim=MAILED
    )
    taken = await likeness.take_in(nobody, message)
    pin = (await db.fetchval("SELECT body FROM claim_letter")).partition("PIN: ")[2][:10]
    return str(taken.case_code), pin


async def test_a_claimant_sees_the_decision_and_what_became_of_what_was_found(
    url: str, npm: Path, nobody: Scope, system: Scope
) -> None:
    judge = nobody.as_(await moderator())
    resource_id = await published(judge, b"1", title=f"After {NAME}")
    made = await filed(nobody, locations=(f"resource_{resource_id.hex}",))
    await followed(system.ports)
    await likeness.decide_claim(judge, made.claim.id, uphold=False, explanation="It is <i>somebody</i> else.\nSorry.")
    page = f"{url}/claims/{made.claim.case_code}"

    seen, browser = await shown(npm, page, made.pin)

    assert (seen["status"], seen["problem"], seen["focus"]) == ("Rejected", None, "status")
    assert seen["shown"] == ["decision", "found"]
    assert seen["decision-explanation"] == "It is <i>somebody</i> else.\nSorry."
    assert seen["affected"].startswith(f"A model (resource_{resource_id.hex}) ")
    assert browser == {
        "requested": [f"GET {page}", f"POST {url}/graphql"],
        "complaints": [],
        "address": page,
        "title": f"Claim {made.claim.case_code}",
    }


async def test_a_wrong_pin_shows_nothing(url: str, npm: Path, nobody: Scope) -> None:
    made = await filed(nobody)

    seen, browser = await shown(npm, f"{url}/claims/{made.claim.case_code}", "0123456789")

    assert seen["shown"] == ["open"]
    assert seen["problem"] == "This case code and PIN open no claim. Please check both and try again."
    assert (seen["status"], seen["focus"], browser["complaints"]) == (None, "problem", [])


async def test_a_claim_that_came_by_e_mail_is_completed(url: str, npm: Path, nobody: Scope, db: asyncpg.Pool) -> None:
    code, pin = await mailed(nobody, db)

    before, refused, after, browser = await shown(npm, f"{url}/claims/{code}", pin, "complete")

    claim = await likeness.open_claim(nobody, code, pin)
    assert before["shown"] == ["complete", "withdrawal"]
    assert refused["problem"] == "A named creator is not an account here: give handles as they are shown."
    assert (refused["invalid"], refused["focus"]) == (["creators"], "creators")
    assert (after["done"], after["shown"]) == ("The claim is complete. Thank you.", ["withdrawal"])
    assert browser["complaints"] == []
    assert claim is not None
    assert (claim.complete, claim.relation, claim.consent) == (True, "SELF", "DENY_ALL")
    assert (claim.person_name, claim.contact_email) == (NAME, "aldebaran@example.org")
    assert (claim.explanation, claim.locations) == ("<b>Please</b> stop.", ("resource_1",))


async def test_a_claim_is_withdrawn(url: str, npm: Path, nobody: Scope) -> None:
    made = await filed(nobody)

    before, after, browser = await shown(npm, f"{url}/claims/{made.claim.case_code}", made.pin, "withdraw")

    claim = await likeness.open_claim(nobody, made.claim.case_code, made.pin)
    assert (before["status"], before["shown"]) == ("Received", ["withdrawal"])
    assert (after["status"], after["done"], after["shown"]) == ("Withdrawn", "The claim is withdrawn.", [])
    assert browser["complaints"] == []
    assert claim is not None
    assert claim.status == "WITHDRAWN"
