"""The home: one owner at a time, secrets that stay secret, and a sentence for each thing that is wrong with it."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from countenance.embedded.home import Home, Secrets
from countenance.failures import CannotStart


def test_secrets_are_made_once_and_for_the_owner_only(folder: Path) -> None:
    first = Home.open(folder)
    made = first.secrets
    first.close()

    second = Home.open(folder)
    kept = second.secrets
    second.close()

    assert made == kept
    assert len(set(astuple(made))) == 7
    assert all(len(secret) == 64 for secret in astuple(made))
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600
    assert not any(secret in repr(made) for secret in astuple(made))


def test_a_home_of_an_earlier_release_gets_the_secrets_that_it_lacks(folder: Path) -> None:
    Home.open(folder).close()
    file = folder / "secrets.json"
    older = {name: kept for name, kept in json.loads(file.read_text()).items() if name != "biometrics_key"}
    file.write_text(json.dumps(older))

    home = Home.open(folder)
    home.close()

    assert len(home.secrets.biometrics_key) == 64
    assert json.loads(file.read_text()) == {**older, "biometrics_key": home.secrets.biometrics_key}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_owner_is_refused_at_once(folder: Path) -> None:
    home = Home.open(folder)

    with pytest.raises(CannotStart) as refused:
        Home.open(folder)

    home.close()
    assert str(refused.value) == (
        f"Another Countenance already runs in {folder} (process {os.getpid()}); "
        "stop it, or choose another --home and --port."
    )


def test_a_killed_owners_home_is_free_when_its_children_are_gone(folder: Path) -> None:
    owner = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from countenance.embedded.child import Child\n"
        "from countenance.embedded.home import Home\n"
        f"home = Home.open(Path({str(folder)!r}))\n"
        "child = Child.start('slow', [sys.executable, '-c',\n"
        '    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: time.sleep(1) or exit());"\n'
        "    \"print('up', flush=True); time.sleep(300)\"], log=home.log('slow'), held=(home.lock,))\n"
        "assert child.wait_until(lambda: child.tail() == 'up', seconds=10)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", owner], check=False)

    home = Home.open(folder)

    left = [line for line in _command_lines() if "exit());" in line and "time.sleep(300)" in line]
    home.close()
    assert left == []


def _command_lines() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return found


def test_too_little_space_is_said_before_anything_is_written(folder: Path) -> None:
    with pytest.raises(CannotStart) as refused:
        Home.open(folder / "new", min_free_bytes=1 << 60)

    assert str(refused.value).startswith("Only ")
    assert str(refused.value).endswith(
        f" GiB are free on the disk of {folder / 'new'}, and 1073741824.0 GiB are needed; "
        "make room, or choose another --home."
    )
    assert {entry.name for entry in (folder / "new").iterdir()} == {"lock"}


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    (folder / "thesis.tex").write_text("chapter one")

    with pytest.raises(CannotStart) as refused:
        Home.open(folder)

    assert str(refused.value) == (
        f"{folder} is not empty and no home of Countenance (it has no secrets.json); choose an empty or new folder "
        "with --home, or restore secrets.json from a backup."
    )
    assert [entry.name for entry in folder.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way_is_said(folder: Path) -> None:
    (folder / "home").write_text("")

    with pytest.raises(CannotStart) as refused:
        Home.open(folder / "home")

    assert str(refused.value) == (
        f"The home {folder / 'home'} can't be used (file exists); choose another with --home, or correct its rights."
    )


def test_a_place_where_nothing_can_be_made_is_said() -> None:
    with pytest.raises(CannotStart) as refused:
        Home.open(Path("/proc/home"))

    assert str(refused.value) == (
        "The home /proc/home can't be used (no such file or directory); "
        "choose another with --home, or correct its rights."
    )


def test_what_members_upload_is_for_the_owners_eyes_only(folder: Path) -> None:
    folder.chmod(0o755)

    Home.open(folder).close()

    modes = {part: stat.S_IMODE((folder / part).stat().st_mode) for part in ("blobs", "uploads", "logs")}
    assert modes == {"blobs": 0o700, "uploads": 0o700, "logs": 0o700}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"signing_key": "x"}'])
def test_damaged_secrets_are_said_and_not_replaced(folder: Path, content: str) -> None:
    (folder / "secrets.json").write_text(content)

    with pytest.raises(CannotStart) as refused:
        Home.open(folder)

    assert str(refused.value).startswith(f"{folder / 'secrets.json'} is damaged")
    assert (folder / "secrets.json").read_text() == content


def test_what_runs_is_announced_to_the_owner_only_and_taken_back(folder: Path) -> None:
    home = Home.open(folder)

    home.announce({"DATABASE_URL": "postgresql://there"})
    note = folder / "running.json"
    said, mode = json.loads(note.read_text()), stat.S_IMODE(note.stat().st_mode)
    home.close()

    assert (said, mode) == ({"DATABASE_URL": "postgresql://there"}, 0o600)
    assert not note.exists()


def test_the_log_of_the_run_before_is_kept(folder: Path) -> None:
    home = Home.open(folder)
    home.log("part").write_text("first")

    log = home.log("part")

    home.close()
    assert not log.exists()
    assert log.with_suffix(".before.log").read_text() == "first"


def test_fresh_secrets_differ() -> None:
    assert Secrets.fresh() != Secrets.fresh()
