"""The embedded Valkey."""

from pathlib import Path

import pytest
import redis

from countenance.embedded.valkey import Valkey


def test_it_answers_who_knows_the_password_also_after_a_restart(folder: Path) -> None:
    server = Valkey(folder / "valkey", log=folder / "log", password="opensesame")
    server.start()
    server.wait()

    with redis.Redis.from_url(server.url) as client:
        client.set("greeting", "hello")
        before = client.get("greeting")
    with (
        redis.Redis.from_url(server.url.replace("opensesame", "guess")) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert server.child is not None
    server.child.stop()
    server.start()
    server.wait()
    with redis.Redis.from_url(server.url) as client:
        after = client.get("greeting")
    server.stop()

    assert before == b"hello"
    assert after is None  # it keeps nothing on disk


def test_the_password_is_not_on_the_command_line(folder: Path) -> None:
    server = Valkey(folder / "valkey", log=folder / "log", password="opensesame")

    child = server.start()
    server.wait()
    said = Path(f"/proc/{child.pid}/cmdline").read_text()
    server.stop()

    assert "opensesame" not in said
    assert (folder / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
