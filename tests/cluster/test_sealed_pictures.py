"""What is handed in to bounties, read through the vault's door by a real validator: a picture, a model, or neither."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from countenance.blobs import BlobStore
from countenance.embedded.local_ray import LocalRay
from countenance.sealing import Seal
from domain import bounties, resources
from domain.bounties import BountyEntry, BountyKind, EntryStatus
from domain.kernel.findings import Signal, Verdict
from domain.kernel.ids import new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import Inspection
from domain.registry.snapshot import EnrolledFace, Person, Snapshot
from gpu_cluster.gateway import RayCluster
from tests import fakes, serving
from tests.actions.bounties import followed, opened, somebody, submitted
from tests.actions.test_samples import adopt
from tests.cluster.model_files import safetensors_bytes, small_lora
from tests.portraits import landscape, portrait
from tests.vault.world import file_of_entry

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Marketplace:
    """A server of its own, and the validator that reads from it."""

    ports: Ports
    url: str
    cluster: RayCluster
    folder: Path

    async def handed_in(self, author: Scope, kind: BountyKind, data: bytes) -> BountyEntry:
        """An entry to a bounty of this kind; its file is called a safetensors file, whatever it is."""
        return await submitted(author, await opened(await somebody(self.ports), kind=kind), self.folder, data)

    async def inspected(self) -> Inspection:
        """What the validator says of the one waiting file."""
        [order] = await resources.claim_scans(self.ports, "validator", 1)
        order = replace(order, source_url=order.source_url.replace(serving.ORIGIN, self.url))
        async with asyncio.timeout(60):
            return await self.cluster.inspect(order)

    async def recorded(self, found: Inspection) -> None:
        """An inspection is stored, and what follows has happened."""
        assert await resources.record_inspection(Scope.of_system(self.ports), found)
        await followed(self.ports)

    async def status_of(self, author: Scope, entry: BountyEntry) -> EntryStatus:
        """The status of an entry, as its author sees it."""
        return (await bounties.entries_by_ids(author, [entry.id]))[entry.id].status


@pytest.fixture
async def marketplace(
    ray_head: LocalRay, ray_cluster: RayCluster, ports: Ports, *, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[Marketplace]:
    """With a key to keep faces under; nobody gets credits but by the test.

    A validator loads the models of faces with its first picture, and dlib lets nothing else run meanwhile: its gateway
    waits for answers as long as a worker does, and not as briefly as that of the other tests.
    """
    blobs = BlobStore((tmp_path / "blobs").as_uri(), signing_key="k" * 32, public_origin="http://test")
    vault = fakes.a_vault(blobs)
    ports = replace(ports, policy=Policy(signup_grant=0), blobs=blobs, vault=vault, sealer=Seal("ab" * 32))
    settings = serving.settings(database_url, redis_url, tmp_path)
    async with serving.app_of(settings, ports) as app, serving.served(app, settings) as url:
        cluster = RayCluster(ray_head.address, pools=ray_cluster.pools)
        await cluster.connect()
        yield Marketplace(ports, url, cluster, tmp_path)
        await cluster.close()


def png(name: str = "") -> bytes:
    """A portrait, or a picture with nobody in it."""
    out = io.BytesIO()
    (portrait(name) if name else landscape()).save(out, "PNG")
    return out.getvalue()


def enrol(scope: Scope, face: bytes) -> Person:
    """Somebody whose face this is, in a registry that the process holds."""
    person = Person(new_id(), "Test Person Aldebaran")
    adopt(scope, Snapshot(1, (person,), faces=(EnrolledFace(person.id, face),)))
    return person


async def test_a_portrait_is_accepted_until_its_face_is_enrolled(marketplace: Marketplace, db: asyncpg.Pool) -> None:
    author = await somebody(marketplace.ports)
    entry = await marketplace.handed_in(author, BountyKind.IMAGE, png("astronaut"))

    found = await marketplace.inspected()
    await marketplace.recorded(found)
    before = await marketplace.status_of(author, entry)
    kept = await db.fetchval("SELECT faces FROM scan")
    person = enrol(author, found.faces[0])
    await followed(marketplace.ports)

    file = await file_of_entry(entry)
    [finding] = file.scan.findings
    assert (found.format, found.hashes, len(found.faces)) == ("png", {"SHA256": file.sha256}, 1)
    assert (before, found.faces[0] in kept) == (EntryStatus.ACCEPTED, False)
    assert (finding.signal, finding.verdict, finding.person_id) == (Signal.FACE_IN_SAMPLE, Verdict.HELD, person.id)
    assert await marketplace.status_of(author, entry) is EntryStatus.HELD


async def test_a_face_that_is_enrolled_while_it_is_examined_holds_a_portrait_and_nothing_else(
    marketplace: Marketplace,
) -> None:
    author = await somebody(marketplace.ports)
    shore = await marketplace.handed_in(author, BountyKind.IMAGE, png())
    of_shore = await marketplace.inspected()
    portrayed = await marketplace.handed_in(author, BountyKind.IMAGE, png("astronaut"))
    of_portrait = await marketplace.inspected()

    enrol(author, of_portrait.faces[0])
    await marketplace.recorded(of_shore)
    await marketplace.recorded(of_portrait)

    statuses = [await marketplace.status_of(author, entry) for entry in (shore, portrayed)]
    assert statuses == [EntryStatus.ACCEPTED, EntryStatus.HELD]


async def test_a_file_of_the_other_sort_is_given_back_with_a_sentence(marketplace: Marketplace) -> None:
    author = await somebody(marketplace.ports)
    model = await marketplace.handed_in(author, BountyKind.IMAGE, safetensors_bytes({}, small_lora(1024)))
    await marketplace.recorded(await marketplace.inspected())
    picture = await marketplace.handed_in(author, BountyKind.LORA, png())
    await marketplace.recorded(await marketplace.inspected())

    scans = [(await file_of_entry(entry)).scan for entry in (model, picture)]

    assert [(scan.verdict, scan.error) for scan in scans] == [
        (Verdict.FAILED, "This is not a picture in PNG, JPEG or WebP format: it is a safetensors file."),
        (Verdict.FAILED, "This is not a model file in safetensors format: it is a PNG picture."),
    ]
    assert [await marketplace.status_of(author, entry) for entry in (model, picture)] == [EntryStatus.DRAFT] * 2
