"""Following a resource: its owner sees each step, others only what they may, and a gap is made up for."""

from countenance.relay import Relay
from domain import resources
from domain.accounts import SignedIn
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Scope
from tests import factories
from tests.realtime import world
from tests.realtime.clients import socket
from tests.resourcing import drafted, scanned, uploaded

ACTIVITY = """
subscription ($id: ID!, $after: Cursor) {
  resourceActivity(resourceId: $id, after: $after) { cursor resync resource { status files { scan { verdict } } } }
}
"""


def scope_of(ports: Ports, signed: SignedIn) -> Scope:
    account = signed.account
    return Scope(ports=ports, actor=Actor(account.id, account.handle, account.role, signed.session_id))


async def test_an_owner_sees_each_step_and_others_only_what_is_published(url: str, relay: Relay, ports: Ports) -> None:
    signed = await factories.signed_in()
    owner = scope_of(ports, signed)
    resource_id = await drafted(owner)
    await uploaded(owner, resource_id)
    await world.relayed()
    watched = f"resource_{resource_id.hex}"
    async with socket(url, signed.token) as theirs, socket(url) as public:
        await theirs.subscribe("1", ACTIVITY, id=watched)

        await resources.submit(owner, resource_id)
        scanning = (await theirs.next("1"))["resourceActivity"]
        await public.subscribe_unawaited("1", ACTIVITY, id=watched)
        refused = await public.receive()
        await scanned(owner)
        shown = (await theirs.next("1"))["resourceActivity"]
        await public.subscribe("2", ACTIVITY, id=watched)
        await resources.remove(owner, resource_id)
        gone = (await public.next("2"))["resourceActivity"]

    assert scanning["resource"] == {"status": "SCANNING", "files": [{"scan": {"verdict": "PENDING"}}]}
    assert shown["resource"] == {"status": "PUBLISHED", "files": [{"scan": {"verdict": "CLEAN"}}]}
    assert refused["payload"][0]["extensions"] == {"code": "NOT_FOUND"}
    assert gone["resource"] is None


async def test_who_was_cut_off_hears_what_was_missed(url: str, relay: Relay, ports: Ports) -> None:
    signed = await factories.signed_in()
    owner = scope_of(ports, signed)
    resource_id = await drafted(owner)
    await uploaded(owner, resource_id)
    watched = f"resource_{resource_id.hex}"
    async with socket(url, signed.token) as before:
        await before.subscribe("1", ACTIVITY, id=watched)
        await resources.submit(owner, resource_id)
        last = (await before.next("1"))["resourceActivity"]["cursor"]

    await scanned(owner)
    await resources.remove(owner, resource_id)
    await world.relayed()
    async with socket(url, signed.token) as after:
        await after.subscribe_unawaited("1", ACTIVITY, id=watched, after=last)
        missed = [(await after.next("1"))["resourceActivity"] for _ in range(2)]
        quiet = await after.silent()

    assert quiet
    assert [event["resync"] for event in missed] == [False, False]
    assert missed[0]["cursor"] != missed[1]["cursor"]
    assert [event["resource"]["status"] for event in missed] == ["REMOVED", "REMOVED"]
