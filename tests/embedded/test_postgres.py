"""The embedded Postgres: it keeps what it was given, and says what is wrong with its folder."""

import asyncio
import contextlib
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil
import pytest

from countenance.embedded.child import tail
from countenance.embedded.postgres import Postgres
from countenance.failures import CannotStart
from tests.embedded.conftest import descendants


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", log=folder / "log", password="opensesame", durable=False)
    server.start()
    server.wait()
    yield server
    server.stop()


def _again(folder: Path) -> Postgres:
    """Start a new server on what the last one left."""
    server = Postgres(folder / "postgres", log=folder / "log", password="opensesame", durable=False)
    server.start()
    server.wait()
    return server


async def _ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_it_is_an_18_that_listens_on_its_socket_only(postgres: Postgres, folder: Path) -> None:
    version = await _ask(postgres.url, "SHOW server_version_num")
    addresses = await _ask(postgres.url, "SHOW listen_addresses")

    assert str(version).startswith("18")
    assert addresses == ""
    assert stat.S_IMODE((folder / "postgres" / "socket").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "postgres" / "data").stat().st_mode) == 0o700


async def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _ask(postgres.url.replace("opensesame", "guess"), "SELECT 1")


async def test_committed_rows_outlive_a_stop_and_a_crash(postgres: Postgres, folder: Path) -> None:
    await _ask(postgres.url, "CREATE TABLE kept AS SELECT 42 AS figure")
    postgres.stop()

    second = _again(folder)
    after_stop = await _ask(second.url, "SELECT figure FROM kept")
    assert second.child is not None
    for process in descendants(second.child.pid):
        with contextlib.suppress(psutil.NoSuchProcess):  # they follow the first one by themselves
            process.send_signal(signal.SIGKILL)
    second.child.stop()
    assert (folder / "postgres" / "data" / "postmaster.pid").exists()
    third = _again(folder)
    after_crash = await _ask(third.url, "SELECT figure FROM kept")
    third.stop()

    assert (after_stop, after_crash) == (42, 42)


async def test_a_process_id_that_now_belongs_to_another_is_not_believed(postgres: Postgres, folder: Path) -> None:
    note = folder / "postgres" / "data" / "postmaster.pid"
    lines = note.read_text().splitlines()
    postgres.stop()
    note.write_text("\n".join([str(psutil.Process().pid), *lines[1:]]) + "\n")

    second = _again(folder)
    answer = await _ask(second.url, "SELECT 1")
    second.stop()

    assert answer == 1


@pytest.mark.parametrize("name", ["long" * 30, "my data, mostly", "données"])
def test_a_path_that_is_too_long_or_odd_for_a_socket_goes_through_a_link(folder: Path, name: str) -> None:
    far = folder / name
    server = Postgres(far, log=folder / "log", password="opensesame", durable=False)
    link = Path(parse_qs(urlsplit(server.url).query)["host"][0])

    server.start()
    server.wait()
    answer = asyncio.run(_ask(server.url, "SELECT 1"))
    server.stop()

    assert answer == 1
    assert len(str(link)) < 30
    assert not link.is_symlink()


def test_a_link_left_by_a_killed_run_is_removed(folder: Path) -> None:
    far = folder / ("long" * 30)
    Postgres(far, log=folder / "log", password="opensesame")
    left = Path((far / "socket" / "short-path").read_text())

    Postgres(far, log=folder / "log", password="opensesame").stop()

    assert not left.exists()


def _refusal(folder: Path) -> str:
    """Start on a folder that is wrong, and give the sentence."""
    server = Postgres(folder / "postgres", log=folder / "log", password="opensesame")

    def start() -> None:
        server.start()
        server.wait()

    with pytest.raises(CannotStart) as refused:
        start()
    assert server.child is None or server.child.exit_code is not None
    server.stop()
    return str(refused.value)


def test_a_folder_with_something_else_in_it_is_left_alone(folder: Path) -> None:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "diary.txt").write_text("mine")

    said = _refusal(folder)

    assert said == (
        f"{data} is not empty and not a Postgres data folder (it has no PG_VERSION); "
        "move it away or choose another --home."
    )
    assert (data / "diary.txt").read_text() == "mine"


def test_another_version_is_named(postgres: Postgres, folder: Path) -> None:
    postgres.stop()
    (folder / "postgres" / "data" / "PG_VERSION").write_text("15\n")

    said = _refusal(folder)

    assert said == (
        f"{folder / 'postgres' / 'data'} was made by Postgres 15 and this version brings Postgres 18; "
        "dump it with the old one, or choose another --home."
    )


def test_missing_parts_are_named(postgres: Postgres, folder: Path) -> None:
    postgres.stop()
    (folder / "postgres" / "data" / "global" / "pg_control").unlink()

    said = _refusal(folder)

    assert "is broken (global/pg_control missing)" in said
    assert said.endswith("restore it from a backup, or choose another --home.")


def test_a_damaged_control_file_is_told_in_postgres_own_words(postgres: Postgres, folder: Path) -> None:
    postgres.stop()
    control = folder / "postgres" / "data" / "global" / "pg_control"
    control.write_bytes(os.urandom(len(control.read_bytes())))

    said = _refusal(folder)

    assert said.startswith("The embedded Postgres does not start. It said last: ")
    assert tail(folder / "log", 1) in said
    assert f"See {folder / 'log'}; if the data are broken" in said
