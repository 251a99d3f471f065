"""A sealed file on its whole way: uploaded, read by a real validator through the vault's door, accepted."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from countenance.blobs import BlobStore
from domain import bounties, resources
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from gpu_cluster.gateway import RayCluster
from gpu_cluster.starter import build_demo_lora
from tests import fakes, serving
from tests.actions.bounties import followed, opened, somebody, submitted
from tests.vault.world import file_of_entry, sealed_file_of

pytestmark = pytest.mark.cluster


async def test_a_validator_reads_a_sealed_lora_and_finds_what_is_in_it(
    ray_cluster: RayCluster, ports: Ports, db: asyncpg.Pool, *, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    blobs = BlobStore((tmp_path / "blobs").as_uri(), signing_key="k" * 32, public_origin="http://test")
    ports = replace(ports, policy=Policy(signup_grant=0), blobs=blobs, vault=fakes.a_vault(blobs))
    path = tmp_path / "lora.safetensors"
    await asyncio.to_thread(build_demo_lora, path, seed=7, metadata={"ss_output_name": "lighthouse"})
    model = await asyncio.to_thread(path.read_bytes)
    author = await somebody(ports)
    entry = await submitted(author, await opened(await somebody(ports)), tmp_path, model)
    settings = serving.settings(database_url, redis_url, tmp_path)

    async with serving.app_of(settings, ports) as app, serving.served(app, settings) as url:
        [order] = await resources.claim_scans(ports, "validator", 1)
        order = replace(order, source_url=order.source_url.replace("http://testserver", url))
        async with asyncio.timeout(60):
            found = await ray_cluster.inspect(order)
    assert await resources.record_inspection(Scope.of_system(ports), found)
    await followed(ports)

    file = await file_of_entry(entry)
    stored = (tmp_path / "blobs" / (await sealed_file_of(entry)).blob_key).read_bytes()
    assert (found.hashes["SHA256"], file.scan.sha256, file.format) == (file.sha256, file.sha256, "safetensors")
    assert "lighthouse" in [text.text for text in found.texts]
    assert not any(model[at : at + 12] in stored for at in range(0, len(model) - 12, 997))
    assert (await bounties.entries_by_ids(author, [entry.id]))[entry.id].status == "ACCEPTED"
    assert await db.fetchval("SELECT count(*) FROM outcome_download") == 0
