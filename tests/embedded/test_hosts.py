"""Defaults that suit one host: a server that was left with them says so once, and one that was not is silent."""

from pathlib import Path

import pytest
import uvicorn
from structlog.testing import capture_logs

from countenance import serving
from countenance.hosts import harmful_defaults
from countenance.settings import Settings

_SERVICES = {
    "database_url": "postgresql://db.example/name",
    "redis_url": "redis://redis.example",
    "ray_address": "ray.example:6379",
    "blob_url": "s3://bucket",
    "signing_key": "s" * 32,
}
_DECIDED = {
    "public_url": "https://example.org",
    "trusted_proxies": "127.0.0.1",
    "upload_folder": "/srv/uploads",
}


def settings(**given: object) -> Settings:
    """Settings of a server whose services are elsewhere."""
    return Settings.model_validate({**_SERVICES, **given})


@pytest.mark.parametrize("left", list(_DECIDED))
def test_each_harmful_default_is_named(left: str) -> None:
    given = {name: value for name, value in _DECIDED.items() if name != left}

    harms = harmful_defaults(settings(**given))

    assert list(harms) == [left]
    assert harms[left].partition(":")[0].endswith(left.upper())


def test_what_somebody_decided_is_no_default_even_with_the_same_value() -> None:
    assert harmful_defaults(settings(**_DECIDED)) == {}


def test_an_embedded_instance_has_one_host(tmp_path: Path) -> None:
    assert harmful_defaults(settings(home=tmp_path)) == {}


@pytest.mark.parametrize(("given", "warnings"), [({}, 1), (_DECIDED, 0)])
def test_a_server_says_it_once_at_its_start(
    given: dict[str, object], warnings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "create_app", lambda _: None)
    monkeypatch.setattr(serving, "configuration", lambda *_: None)
    monkeypatch.setattr(uvicorn, "Server", lambda _: _Ended())

    with capture_logs() as logs:
        serving.serve(settings(**given))

    assert len(logs) == warnings
    assert [len(entry["harms"]) for entry in logs] == [3] * warnings


class _Ended:
    """A server that ends at once."""

    def run(self) -> None:
        """End."""
