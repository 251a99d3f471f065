"""Weights on a node: fetched once, verified, bounded."""

import io
import os
import tarfile
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from domain.kernel.wire import ModelRef, RenderFailed, SourceUnreachable
from gpu_cluster.models import ModelCache, digest_of, pack
from tests.cluster.storage import Storage


def test_a_model_is_fetched_once(storage: Storage, tmp_path: Path) -> None:
    model = storage.put("a", b"weights" * 1000)
    cache = ModelCache(tmp_path)

    with cache.hold(model) as first, ModelCache(tmp_path).hold(model) as second:
        contents = first.read_bytes(), second.read_bytes()

    assert contents == (b"weights" * 1000, b"weights" * 1000)
    assert first == second == tmp_path / f"{model.sha256}.safetensors"
    assert storage.requests == ["/a"]


def test_many_who_ask_at_once_share_one_download(storage: Storage, tmp_path: Path) -> None:
    model = storage.put("a", os.urandom(2_000_000))
    sizes = []

    def fetch() -> None:
        with ModelCache(tmp_path).hold(model) as path:
            sizes.append(path.stat().st_size)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sizes == [2_000_000] * 6
    assert storage.requests == ["/a"]


@pytest.mark.parametrize("content", [b"other" * 10, b"weights!", b"w"])
def test_what_is_not_the_registered_file_is_not_kept(storage: Storage, tmp_path: Path, content: bytes) -> None:
    model = storage.put("a", b"weights?")
    storage.files["/a"] = content

    with pytest.raises(RenderFailed, match="is not the one that was registered"), ModelCache(tmp_path).hold(model):
        pass

    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_storage_that_refuses_is_no_fault_of_the_job(storage: Storage, tmp_path: Path) -> None:
    model = storage.put("a", b"weights")
    storage.files.clear()

    with pytest.raises(SourceUnreachable, match="403"), ModelCache(tmp_path).hold(model):
        pass

    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_the_least_recently_used_make_room_but_not_what_is_held(storage: Storage, tmp_path: Path) -> None:
    models = [storage.put(str(number), bytes([number]) * 1000) for number in range(4)]
    cache = ModelCache(tmp_path, max_bytes=2500)
    for number, model in enumerate(models[:2]):
        with cache.hold(model) as path:
            os.utime(path, (number, number))

    with cache.hold(models[0]) as held:
        os.utime(held, (0, 0))  # the oldest of all, but in use
        for model in models[2:]:
            with cache.hold(model):
                pass
        kept = {path.stem for path in tmp_path.glob("*.safetensors")}

    assert models[0].sha256 in kept
    assert models[1].sha256 not in kept
    assert models[3].sha256 in kept


def test_a_pipeline_comes_as_a_tar_and_is_unpacked(storage: Storage, tmp_path: Path, models_folder: Path) -> None:
    archive = io.BytesIO()
    pack(models_folder / "starter", archive)
    model = storage.put("starter.tar", archive.getvalue(), kind="diffusers-tar")

    with ModelCache(tmp_path).hold(model) as folder:
        unpacked = digest_of(folder)

    assert unpacked == (model.sha256, model.size_bytes)
    assert unpacked == digest_of(models_folder / "starter")


@pytest.mark.parametrize("name", ["../outside", "weights.bin", "unet/model.CKPT", "link"])
def test_an_archive_with_anything_else_in_it_is_refused(storage: Storage, tmp_path: Path, name: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo(name)
        if name == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(member)
    model = storage.put("bad.tar", archive.getvalue(), kind="diffusers-tar")

    with pytest.raises(RenderFailed, match="checkpoint"), ModelCache(tmp_path / "cache").hold(model):
        pass

    assert not (tmp_path / "outside").exists()
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_folder_in_place_is_verified_and_verified_again_when_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    sha256, size = digest_of(folder)
    model = ModelRef(uuid4(), "", sha256, size, "diffusers-tar", str(folder))
    cache = ModelCache(tmp_path / "cache")
    with cache.hold(model) as held:
        assert held == folder

    (folder / "model_index.json").write_text("{ }")

    with pytest.raises(RenderFailed, match="is not the one that was registered"), cache.hold(model):
        pass


def test_a_checkpoint_that_is_not_on_the_node_says_so(tmp_path: Path) -> None:
    model = ModelRef(uuid4(), "", "0" * 64, 1, "safetensors", str(tmp_path / "gone.safetensors"))

    with (
        pytest.raises(RenderFailed, match=r"^The checkpoint gone\.safetensors is not on this node"),
        ModelCache(tmp_path / "cache").hold(model),
    ):
        pass
