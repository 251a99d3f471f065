"""The six steps of the demonstration, each made sure of before the next begins."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from countenance.demo import documents
from countenance.demo.client import Refused
from countenance.demo.stage import DRAW_SECONDS, SCAN_SECONDS, Player, Stage, demand, join, sign_in, upload
from countenance.demo_world import PERSON, DemoAccount
from gpu_cluster.provenance import read
from gpu_cluster.starter import STARTER_TITLE

_ENDS = ("SUCCEEDED", "FAILED", "CANCELLED", "REFUSED")
_POT = 150


async def people_sign_in(stage: Stage, moderator: DemoAccount) -> None:
    """Two members and a moderator sign in."""
    stage.players["maker"] = await join(stage.guest, "maker")
    stage.players["patron"] = await join(stage.guest, "patron")
    stage.players["moderator"] = await sign_in(stage.guest, email=moderator.email, password=moderator.password)
    for role, player in stage.players.items():
        stage.say(f"{role} [bold]{player.handle}[/] holds {(await player.purse())['available']} credits")


async def clean_lora_is_published(stage: Stage) -> None:
    """A member's LoRA is read on the cluster, comes out clean, and is published while the member watches."""
    file = await stage.lora("harbour-lights", seed=11, metadata=_metadata("harbour lights", "harbour"))
    stage.made["clean"], sha256, last = await _share(stage, "Harbour lights", file)
    [shared] = last["files"]
    hashes = {each["algorithm"]: each["value"] for each in shared["hashes"]}
    demand(last["status"] == "PUBLISHED", f"The clean LoRA came out {last['status']} instead of PUBLISHED.")
    demand(shared["scan"]["verdict"] == "CLEAN", f"Its scan says {shared['scan']['verdict']} instead of CLEAN.")
    demand(hashes.get("SHA256") == sha256, "The inspector's SHA256 is not that of the file.")
    demand(last["generation"]["allowed"], "The generator may not use the clean LoRA.")
    stage.say("CLEAN and PUBLISHED; " + ", ".join(f"{name} {value[:12]}" for name, value in sorted(hashes.items())))


async def named_lora_is_blocked(stage: Stage) -> None:
    """A LoRA whose training metadata names a protected person is blocked, whatever its title says."""
    file = await stage.lora("evening-palette", seed=12, metadata=_metadata("evening palette", PERSON.lower()))
    stage.made["blocked"], _, last = await _share(stage, "Evening palette", file)
    demand(last["status"] == "BLOCKED", f"The LoRA that names a person came out {last['status']} instead of BLOCKED.")
    findings = [each for each in last["files"][0]["scan"]["findings"] if each["signal"] == "NAME_IN_METADATA"]
    demand(bool(findings), "No finding says that its metadata names a person.")
    demand(all(each["person"] is None for each in findings), "A finding names the person to somebody who may not know.")
    statement = last["statementOfReasons"]
    demand(statement is not None, "It was blocked without a statement of reasons.")
    seen = await stage.players["moderator"].client.ask(documents.RESOURCE_PERSONS, id=stage.made["blocked"])
    persons = {
        each["person"]["displayName"]
        for each in seen["resource"]["files"][0]["scan"]["findings"]
        if each["person"] is not None
    }
    demand(persons == {PERSON}, "The moderator does not see whom the finding is about.")
    stage.say(f"BLOCKED: {findings[0]['detail']}")
    stage.say(f"statement of reasons {statement['puid']}: {statement['decisionGround']}")


async def picture_is_drawn(stage: Stage) -> None:
    """The member gets a picture with the clean LoRA, step by step; its seed gives the same bytes again."""
    maker = stage.players["maker"]
    wish = await _wish(stage, "clean")
    quote = (await maker.client.deed(documents.QUOTE, input=wish))["quote"]
    before = (await maker.purse())["available"]
    stage.say(f"quoted {quote['cost']} credits, {quote['queueLength']} jobs before it")
    first, events = await _draw(maker, wish)
    steps = [event["job"]["progress"]["step"] for event in events if event["job"]["progress"]]
    demand(
        sorted(set(steps)) == list(range(1, wish["steps"] + 1)), f"Not every step arrived live: {sorted(set(steps))}"
    )
    demand(all(one <= other for one, other in pairwise(steps)), "The steps did not arrive in order.")
    png = await maker.client.download(first["url"], sha256=first["sha256"])
    origin = read(png)
    demand(origin.ai_made and origin.record.get("seed") == wish["seed"], "The picture does not say how it was made.")
    path = stage.folder / f"{first['sha256'][:12]}.png"
    path.write_bytes(png)
    stage.made["picture"] = str(path)
    stage.say(f"{len(set(steps))} steps arrived live; the picture is [bold]{path}[/] ({len(png)} bytes)")
    again, _ = await _draw(maker, wish)
    demand(again["sha256"] == first["sha256"], "The same seed did not give the same bytes.")
    stage.say(f"the same seed again gives the same bytes, sha256 {again['sha256'][:16]}…")
    paid = before - (await maker.purse())["available"]
    demand(paid == 2 * quote["cost"], f"Two pictures were charged {paid} credits instead of {2 * quote['cost']}.")
    stranger = await stage.players["patron"].client.status_of(first["url"])
    demand(stranger == 403, f"Somebody else's session could read the picture's URL: {stranger}.")


async def blocked_lora_is_refused(stage: Stage) -> None:
    """The same request with the blocked LoRA is refused, and nothing is charged."""
    maker = stage.players["maker"]
    before = await maker.purse()
    refused: Mapping[str, Any] = {"__typename": "GenerationRequestSuccess"}
    try:
        await maker.client.deed(documents.REQUEST, input=await _wish(stage, "blocked"))
    except Refused as answer:
        refused = answer.error
    demand(refused["__typename"] == "LikenessRefusedError", f"The answer was {refused['__typename']}.")
    demand(bool(refused["findings"]), "The refusal comes without findings.")
    demand(await maker.purse() == before, "A refused request moved credits.")
    stage.say(f"LIKENESS_REFUSED: {refused['message']}")
    stage.say(f"the purse is untouched: {before['available']} credits")


async def bounty_is_awarded(stage: Stage) -> None:
    """A bounty is opened, an entry is awarded, the pot moves, and only the initiator reads the outcome."""
    patron, maker = stage.players["patron"], stage.players["maker"]
    async with (
        stage.guest.follow(documents.BOUNTY_LIVE) as watched,
        patron.client.follow(documents.INBOX_LIVE) as inbox,
    ):
        bounty = await _open_bounty(stage, patron)
        entry, sha256 = await _enter(stage, maker, bounty)
        await inbox.until(lambda event: _is(event, "ENTRY_DECIDED", entry, "ACCEPTED"), seconds=SCAN_SECONDS)
        before = (await maker.purse())["available"]
        awarded = await patron.client.deed(documents.BOUNTY_AWARD, id=bounty, entry=entry)
        demand(awarded["bounty"]["status"] == "AWARDED", f"The bounty is {awarded['bounty']['status']}.")
        gained = (await maker.purse())["available"] - before
        demand(gained == _POT, f"The author got {gained} credits instead of the pot of {_POT}.")
        seen = await watched.until(
            lambda event: event["kind"] == "AWARDED" and event["bounty"]["id"] == bounty, seconds=15
        )
    kinds = [event["kind"] for event in seen if event["bounty"] and event["bounty"]["id"] == bounty]
    wanted = ["OPENED", "PLEDGED", "ENTRY_SUBMITTED", "AWARDED"]
    demand(kinds == wanted, f"The second client saw {kinds} instead of {wanted}.")
    stage.say(
        f"the pot of {_POT} credits moved to {maker.handle}; a client that is not signed in saw {', '.join(kinds)}"
    )
    await _outcome_is_private(stage, entry, sha256)


async def _share(stage: Stage, title: str, file: Path) -> tuple[str, str, dict[str, Any]]:
    """Draft, upload and submit a LoRA, and follow it to its verdict; give its id, SHA256 and last state."""
    maker = stage.players["maker"]
    drafted = await maker.client.deed(documents.DRAFT, input={"kind": "LORA", "title": title})
    resource_id: str = drafted["resource"]["id"]
    async with maker.client.follow(documents.RESOURCE_LIVE, id=resource_id) as activity:
        sha256, size = await upload(maker, file, resourceId=resource_id)
        stage.say(f"“{title}”: {file.name}, {size} bytes, uploaded by tus and submitted")
        await maker.client.deed(documents.SUBMIT, id=resource_id)
        events = await activity.until(
            lambda event: event["resource"]["status"] not in ("DRAFT", "SCANNING"), seconds=SCAN_SECONDS
        )
    return resource_id, sha256, events[-1]["resource"]


async def _wish(stage: Stage, lora: str) -> dict[str, Any]:
    """Give the request that steps four and five make, with one of the two LoRAs."""
    found = await stage.guest.ask(documents.CHECKPOINTS, search=STARTER_TITLE.split()[0])
    usable = [edge["node"] for edge in found["resources"]["edges"] if edge["node"]["title"] == STARTER_TITLE]
    demand(bool(usable), "The starter checkpoint is not there; start the server with its demonstration world.")
    return {
        "checkpointId": usable[0]["id"],
        "resources": [{"resourceId": stage.made[lora], "weight": 0.8}],
        "prompt": "a lighthouse at night, oil painting",
        "negativePrompt": "blurry",
        "width": 256,
        "height": 256,
        "steps": 20,
        "seed": 20_240_613,
    }


async def _draw(maker: Player, wish: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Request a picture and follow it to its end; give it and every event."""
    async with maker.client.connected() as progress:
        job = (await maker.client.deed(documents.REQUEST, input=wish))["job"]
        await progress.subscribe(documents.JOB_LIVE, id=job["id"])
        events = await progress.until(lambda event: event["job"]["status"] in _ENDS, seconds=DRAW_SECONDS)
    last = events[-1]["job"]
    demand(last["status"] == "SUCCEEDED", f"The job ended {last['status']}: {last['error'] or 'without a reason'}")
    return last["images"][0], events


async def _open_bounty(stage: Stage, patron: Player) -> str:
    """Open a bounty with a pledge and pledge some more; give its id."""
    asked = {
        "kind": "LORA",
        "title": "A LoRA of paper boats",
        "brief": "Folded paper boats on still water, from above.",
        "pledge": _POT - 50,
        "closesAt": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
    }
    opened = await patron.client.deed(documents.BOUNTY_OPEN, input=asked)
    bounty_id: str = opened["bounty"]["id"]
    pledged = await patron.client.deed(documents.BOUNTY_PLEDGE, id=bounty_id, amount=50)
    demand(pledged["bounty"]["pot"] == _POT, f"The pot holds {pledged['bounty']['pot']} credits instead of {_POT}.")
    stage.say(f"{patron.handle} opened a bounty and holds {_POT} credits in escrow for it")
    return bounty_id


async def _enter(stage: Stage, maker: Player, bounty_id: str) -> tuple[str, str]:
    """Draft, upload and submit an entry; give its id and the file's SHA256."""
    file = await stage.lora("paper-boats", seed=13, metadata=_metadata("paper boats", "paper boat"))
    drafted = await maker.client.deed(documents.ENTRY_DRAFT, input={"bountyId": bounty_id, "note": "Ready."})
    entry_id: str = drafted["entry"]["id"]
    sha256, _ = await upload(maker, file, entryId=entry_id)
    await maker.client.deed(documents.ENTRY_SUBMIT, id=entry_id)
    stage.say(f"{maker.handle} entered {file.name}; it is scanned like any resource")
    return entry_id, sha256


async def _outcome_is_private(stage: Stage, entry_id: str, sha256: str) -> None:
    """Make sure that the initiator reads the outcome, and that nobody else does."""
    patron = stage.players["patron"]
    [file] = (await patron.client.ask(documents.OUTCOME, id=entry_id))["node"]["outcome"]["files"]
    await patron.client.download(file["downloadUrl"], sha256=sha256)
    for role in ("maker", "moderator"):
        other = stage.players[role].client
        found = (await other.ask(documents.OUTCOME, id=entry_id))["node"]
        demand(found is None or found["outcome"] is None, f"The {role} sees the outcome.")
        status = await other.status_of(file["downloadUrl"])
        demand(status == 403, f"The {role} could read the outcome by its URL: {status}.")
    demand((await stage.guest.ask(documents.OUTCOME, id=entry_id))["node"] is None, "A stranger sees the entry.")
    stage.say(f"only {patron.handle} reads the outcome {file['name']}; author, moderator and strangers don't")


def _is(event: Mapping[str, Any], kind: str, subject: str, status: str) -> bool:
    """Say whether an inbox event tells of this state of this thing."""
    about = event["subject"] or {}
    return event["kind"] == kind and about.get("id") == subject and about.get("status") == status


def _metadata(output: str, concept: str) -> dict[str, str]:
    """Give training metadata as training tools write it."""
    return {
        "ss_output_name": output,
        "ss_tag_frequency": json.dumps({f"10_{concept}": {concept: 20, "water": 7}}),
        "ss_network_module": "networks.lora",
        "ss_base_model_version": "sd_v1",
    }
