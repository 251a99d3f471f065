"""Who sees what of bounties and entries: every field of both, in every state, for everybody, through the API.

The tables say it all. Who is named in a cell sees what is there; everybody else is told `HIDDEN`. A field that is in
the schema and not in its table fails the test, and so does one that is in the table and not in the schema.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from countenance.vault.pictures import drawn
from domain import bounties, moderation
from domain.bounties import Review, Share, TermsChange
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, Credits, EntryId, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Role, Scope
from tests import factories
from tests.actions.bounties import followed, opened, uploaded, validated
from tests.api.test_previews import a_picture, shown
from tests.resourcing import NAME, registered
from tests.serving import Api
from tests.sweeping import swept
from tests.vault.world import Member

ROLES = {
    "a": "anonymous",
    "m": "member",
    "w": "winner",
    "l": "loser",
    "b": "backer",
    "i": "initiator",
    "o": "moderator",
}
STATES = {
    "OPEN": "OPEN",
    "JUDGING": "JUDGING",
    "AWARDED": "AWARDED",
    "SPLIT": "AWARDED",
    "REFUNDED": "REFUNDED",
    "CANCELLED": "CANCELLED",
    "HELD": "OPEN",
    "CLOSED_OFF": "AWARDED",
    "ERASED": "AWARDED",
    "REVIEW": "OPEN",
    "REFUSED": "CANCELLED",
}
"""Every state, and the status that is told there. CANCELLED is by a moderator. HELD: a name in the title is protected
now. CLOSED_OFF: one in the note of what was bought is. ERASED: what did not win was deleted. REVIEW: the terms were
changed to something that a moderator has to look at, and nobody could enter. REFUSED: the moderator did not list it."""

BOUNTY = """
field              OPEN    JUDGING AWARDED SPLIT   REFUNDED CANCELLED HELD  CLOSED_OFF ERASED  REVIEW REFUSED
id                 amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
kind               amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
title              amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
brief              amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
status             amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
mature             amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
depictsRealPerson  amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
initiator          amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
pot                amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
backerCount        amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
entryCount         amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
autoAward          amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
extendedAt         amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
payoutsStopped     amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
createdAt          amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
closesAt           amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
judgedBy           amwlbio amwlbio amwlbio amwlbio amwlbio  amwlbio   wlbio amwlbio    amwlbio bio    bio
awardedEntry       .       .       wio     wio     .        .         .     wio        wio     .      .
awards/winner      .       .       wio     wio     .        .         .     wio        wio     .      .
awards/loser       .       .       .       lio     .        .         .     .          .       .      .
entries/winner     wio     wio     wio     wio     wio      wio       wio   wio        wio     .      .
entries/loser      lio     lio     lio     lio     lio      lio       lio   lio        lio     .      .
heldAt             .       .       .       .       .        .         wlbio .          .       bio    bio
findings           .       .       .       .       .        .         io    .          .       io     io
references         .       .       .       .       .        .         .     .          .       .      .
statementOfReasons .       .       .       .       .        io        io    .          .       io     io
"""

WINNER = """
field              OPEN JUDGING AWARDED SPLIT REFUNDED CANCELLED HELD CLOSED_OFF ERASED REVIEW REFUSED
id                 wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
bounty             wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
author             wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
note               wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
status             wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
scan               wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
submittedAt        wio  wio     wio     wio   wio      wio       wio  wio        wio    .      .
outcome            .    .       i       i     .        .         .    .          i      .      .
previews           wi   wi      wi      wi    wi       wi        wi   wi         wi     .      .
files              w    w       w       w     w        w         w    w          w      .      .
files/downloadUrl  w    w       .       .     w        w         w    .          .      .      .
caseFiles          .    .       .       .     .        .         .    .          .      .      .
reads/own          w    w       w       w     w        w         w    w          w      .      .
reads/initiator    .    .       wi      wi    .        .         .    wi         wi     .      .
filesErasedAt      .    .       .       .     .        .         .    .          .      .      .
statementOfReasons .    .       .       .     .        .         .    wo         .      .      .
"""

LOSER = """
field              OPEN JUDGING AWARDED SPLIT REFUNDED CANCELLED HELD CLOSED_OFF ERASED REVIEW REFUSED
id                 lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
bounty             lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
author             lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
note               lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
status             lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
scan               lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
submittedAt        lio  lio     lio     lio   lio      lio       lio  lio        lio    .      .
outcome            .    .       .       i     .        .         .    .          .      .      .
previews           li   li      li      li    li       li        li   li         l      .      .
files              l    l       l       l     l        l         l    l          l      .      .
files/downloadUrl  l    l       l       .     l        l         l    l          .      .      .
caseFiles          .    .       .       .     .        .         .    .          .      .      .
reads/own          l    l       l       l     l        l         l    l          l      .      .
reads/initiator    .    .       .       li    .        .         .    .          .      .      .
filesErasedAt      .    .       .       .     .        .         .    .          lio    .      .
statementOfReasons .    .       .       .     .        .         .    .          .      .      .
"""

HIDDEN: Mapping[str, Any] = {
    "awards": [],
    "entries": [],
    "findings": [],
    "previews": [],
    "files": [],
    "caseFiles": [],  # to who holds the claim of a case: tests/api/test_case_files.py
    "reads": [],
    "references": [],  # none is uploaded here: tests/actions/test_bounty_references.py shows who sees which
}
"""What is told to those who may see the thing and not this field; null where it isn't said."""

SELECTIONS = {
    "initiator": "{ id }",
    "awardedEntry": "{ id }",
    "awards": "{ entry { id } }",
    "entries": "{ totalCount edges { node { id } } }",
    "findings": "{ signal }",
    "references": "{ id }",
    "statementOfReasons": "{ puid }",
    "bounty": "{ id }",
    "author": "{ id }",
    "scan": "{ verdict }",
    "outcome": "{ files { name } }",
    "previews": "{ verdict }",
    "files": "{ name downloadUrl }",
    "caseFiles": "{ id }",
    "reads": "{ totalCount edges { node { reader { id } } } }",
}

Cells = Mapping[str, Mapping[str, str]]
"""By field and state, who sees it."""


def _read(table: str) -> Cells:
    [_, *states], *rows = (line.split() for line in table.strip().splitlines())
    return {field: dict(zip(states, cells, strict=True)) for field, *cells in rows}


CELLS = {"bounty": _read(BOUNTY), "winner": _read(WINNER), "loser": _read(LOSER)}


def _fields(thing: str) -> list[str]:
    """The fields of the schema that a table speaks of."""
    return list(dict.fromkeys(row.partition("/")[0] for row in CELLS[thing]))


def _selection(thing: str) -> str:
    return " ".join(f"{field} {SELECTIONS.get(field, '')}" for field in _fields(thing))


BOUNTY_FIELDS, ENTRY_FIELDS = _selection("bounty"), _selection("winner")
"""Every field of both types, as they can be selected."""

QUERY = f"""
query ($bounty: ID!, $winner: ID!, $loser: ID!) {{
  bounty: node(id: $bounty) {{ ... on Bounty {{ {BOUNTY_FIELDS} }} }}
  winner: node(id: $winner) {{ ... on BountyEntry {{ {ENTRY_FIELDS} }} }}
  loser: node(id: $loser) {{ ... on BountyEntry {{ {ENTRY_FIELDS} }} }}
}}
"""


@dataclass(frozen=True)
class World:
    """One bounty in one state, with everybody who looks at it."""

    ports: Ports
    scopes: dict[str, Scope]
    tokens: dict[str, str]
    ids: dict[str, str]
    """The ids of the bounty, of both entries, and, by their letters, of everybody."""

    @property
    def system(self) -> Scope:
        """The product itself."""
        return Scope.of_system(self.ports)

    async def join(self, letter: str, role: Role) -> None:
        """Give somebody an account."""
        signed = await factories.signed_in(role=role)
        account = signed.account
        actor = Actor(account.id, account.handle, account.role, signed.session_id)
        await factories.give(actor, 1000)
        self.scopes[letter], self.tokens[letter] = Scope(ports=self.ports, actor=actor), signed.token
        self.ids[letter] = f"account_{account.id.hex}"

    async def enter(self, author: str, bounty_id: BountyId, note: str, folder: Path) -> EntryId:
        """Hand in an entry with a model and a preview, whose files its author has looked at."""
        scope = self.scopes[author[0]]
        entry = await bounties.draft_entry(scope, bounty_id, note=note)
        await uploaded(scope, entry.id, folder)
        await shown(Member(scope, ""), entry, folder, a_picture((64, 48)))
        await bounties.own_files(scope, [entry], urls=True)
        await bounties.submit_entry(scope, entry.id)
        return entry.id

    def there(self, row: str, thing: str, value: Any) -> bool:
        """Tell whether a row that speaks of a part of a field is there in the field's value."""
        match row.split("/"):
            case ["awards", who]:
                return self.ids[who] in [award["entry"]["id"] for award in value]
            case ["entries", who]:
                assert value["totalCount"] == len(value["edges"])
                return self.ids[who] in [edge["node"]["id"] for edge in value["edges"]]
            case ["files", part]:
                return any(file[part] for file in value)
            case ["reads", who]:
                reader = self.ids[{"own": thing[0], "initiator": "i"}[who]]
                return reader in [edge["node"]["reader"]["id"] for edge in value["edges"]]
            case _:
                raise AssertionError(f"{row} is not a part of anything")

    def truth(self, thing: str, state: str) -> dict[str, Any]:
        """What stands in the fields whose content is plain, for whoever sees them."""
        if thing == "bounty":
            return {
                "id": self.ids["bounty"],
                "kind": "LORA",
                "status": STATES[state],
                "mature": False,
                "initiator": {"id": self.ids["i"]},
                "pot": 150,
                "backerCount": 2,
                "entryCount": 0 if state in ("REVIEW", "REFUSED") else 2,
                "autoAward": False,
                "payoutsStopped": False,
                "awardedEntry": {"id": self.ids["winner"]},
            }
        author = thing[0]
        return {
            "id": self.ids[thing],
            "bounty": {"id": self.ids["bounty"]},
            "author": {"id": self.ids[author]},
            "scan": {"verdict": "CLEAN"},
            "previews": [{"verdict": "CLEAN"}],
        }


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and what did not win is erased after an hour."""
    return replace(ports, policy=Policy(signup_grant=0, unawarded_kept_seconds=3600))


async def _world(ports: Ports, folder: Path, state: str) -> World:
    """Everybody, and a bounty in OPEN, with two entries if the way into its state doesn't keep them out."""
    world = World(ports, {"a": Scope(ports=ports)}, {"a": ""}, {})
    for letter, role in ROLES.items():
        if role != "anonymous":
            await world.join(letter, Role.MODERATOR if role == "moderator" else Role.MEMBER)
    bounty = await opened(world.scopes["i"], title=f"In the manner of {NAME}" if state == "HELD" else "Lighthouses")
    await bounties.pledge(world.scopes["b"], bounty.id, Credits(50))
    await bounties.extend(world.scopes["i"], bounty.id, bounty.closes_at + timedelta(hours=1))
    world.ids["bounty"] = f"bounty_{bounty.id.hex}"
    notes = {"winner": f"As {NAME} did it." if state == "CLOSED_OFF" else "As asked.", "loser": "As asked."}
    for author, note in notes.items():
        entry_id = new_id()
        if state not in ("REVIEW", "REFUSED"):
            entry_id = await world.enter(author, bounty.id, note, folder)
        world.ids[author] = f"entry_{entry_id.hex}"
    await validated(ports)
    await bounties.draw_previews(world.system, drawn)
    return world


@dataclass(frozen=True)
class Deeds:
    """What brings a bounty from OPEN into each state."""

    world: World
    clock: HandClock

    def id(self, thing: str) -> Any:
        return UUID(hex=self.world.ids[thing].partition("_")[2])

    async def none(self) -> None:
        """Leave it open."""

    async def close(self) -> None:
        self.clock.turn(timedelta(days=1, hours=1))
        await bounties.close_due(self.world.system)

    async def award(self) -> None:
        await bounties.award(self.world.scopes["i"], self.id("bounty"), to=self.id("winner"))
        await self.read_outcome("winner")

    async def split(self) -> None:
        shares = [Share(self.id("winner"), 60), Share(self.id("loser"), 40)]
        await bounties.split(self.world.scopes["i"], self.id("bounty"), shares)
        await self.read_outcome("winner", "loser")

    async def refund(self) -> None:
        await self.close()
        self.clock.turn(timedelta(days=7))
        await bounties.refund_due(self.world.system)

    async def cancel(self) -> None:
        await bounties.cancel(self.world.scopes["o"], self.id("bounty"))

    async def protect(self) -> None:
        await registered(self.world.scopes["i"])
        await swept(self.world.system)

    async def award_and_protect(self) -> None:
        await self.award()
        await self.protect()

    async def award_and_erase(self) -> None:
        await self.award()
        self.clock.turn(timedelta(hours=2))
        await bounties.erase_due(self.world.system)

    async def change_to_what_needs_a_review(self) -> None:
        change = TermsChange(brief="A LoRA of my neighbour, please.")
        await bounties.change_terms(self.world.scopes["i"], self.id("bounty"), change)

    async def have_refused(self) -> None:
        await self.change_to_what_needs_a_review()
        refusing = "It asks for a private person."
        await moderation.review_bounty(self.world.scopes["o"], self.id("bounty"), Review.REFUSE, explanation=refusing)

    async def read_outcome(self, *won: str) -> None:
        entries = await bounties.entries_by_ids(self.world.system, [self.id(each) for each in won])
        await bounties.outcomes(self.world.scopes["i"], list(entries.values()), urls=True)


WAYS: Mapping[str, Callable[[Deeds], Awaitable[None]]] = {
    "OPEN": Deeds.none,
    "JUDGING": Deeds.close,
    "AWARDED": Deeds.award,
    "SPLIT": Deeds.split,
    "REFUNDED": Deeds.refund,
    "CANCELLED": Deeds.cancel,
    "HELD": Deeds.protect,
    "CLOSED_OFF": Deeds.award_and_protect,
    "ERASED": Deeds.award_and_erase,
    "REVIEW": Deeds.change_to_what_needs_a_review,
    "REFUSED": Deeds.have_refused,
}


@pytest.mark.parametrize("state", STATES)
async def test_everybody_sees_of_a_bounty_what_the_tables_say(
    client: Api, ports: Ports, clock: HandClock, tmp_path: Path, state: str
) -> None:
    world = await _world(ports, tmp_path, state)
    await WAYS[state](Deeds(world, clock))
    await followed(ports)

    asked = {thing: world.ids[thing] for thing in CELLS}
    answers = {role: await client.data(QUERY, asked, token=world.tokens[role]) for role in ROLES}

    wrong = [
        f"{ROLES[role]}: {thing} {row}: {(answers[role][thing] or {}).get(row.partition('/')[0])}"
        for role in ROLES
        for thing, cells in CELLS.items()
        for row, cell in cells.items()
        if not _as_said(world, state, f"{thing}/{row}", answers[role][thing], seen=role in cell[state])
    ]
    assert wrong == []


def _as_said(world: World, state: str, cell: str, answer: Mapping[str, Any] | None, *, seen: bool) -> bool:
    """Tell whether one cell is as the table says; it is named by the thing and the row."""
    thing, _, row = cell.partition("/")
    if not answer:  # who may not see the whole thing sees no field of it
        return not seen
    value = answer[row.partition("/")[0]]
    if "/" in row:
        return world.there(row, thing, value) is seen
    if not seen:
        return bool(value == HIDDEN.get(row))
    return value not in (None, HIDDEN.get(row)) and bool(value == world.truth(thing, state).get(row, value))


async def test_the_tables_have_a_row_for_each_field_of_the_schema(client: Api) -> None:
    query = "query ($name: String!) { __type(name: $name) { fields { name } } }"

    for thing in CELLS:
        name = "Bounty" if thing == "bounty" else "BountyEntry"
        found = (await client.data(query, {"name": name}))["__type"]["fields"]
        assert {field["name"] for field in found} == set(_fields(thing)), f"{thing}: add a row for what is new"


def test_the_tables_speak_of_every_state() -> None:
    assert all(list(cells) == list(STATES) for table in CELLS.values() for cells in table.values())
    assert set(WAYS) == set(STATES)
