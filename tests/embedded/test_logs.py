"""Logs: JSON lines that carry the request and never a secret."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from countenance import logs


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """Logging set up as in production; put back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = StringIO()
    logs.configure(production=True, stream=written)
    yield written
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def _written(lines: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_line_carries_its_request(lines: StringIO) -> None:
    log = structlog.get_logger("part")

    with logs.bound(request_id="r-1"):
        log.info("uploaded", bytes=12)
    log.info("later")

    first, second = _written(lines)
    assert {key: first[key] for key in ("event", "bytes", "request_id", "level", "logger")} == {
        "event": "uploaded",
        "bytes": 12,
        "request_id": "r-1",
        "level": "info",
        "logger": "part",
    }
    assert str(first["timestamp"]).endswith("Z")
    assert "request_id" not in second


def test_the_standard_librarys_loggers_take_the_same_way(lines: StringIO) -> None:
    with logs.bound(request_id="r-2"):
        logging.getLogger("uvicorn.error").warning("slow client %s", "10.0.0.7")

    (line,) = _written(lines)
    assert (line["event"], line["level"], line["request_id"]) == ("slow client 10.0.0.7", "warning", "r-2")


def test_what_has_a_secret_name_is_masked_however_deep(lines: StringIO) -> None:
    structlog.get_logger("part").info(
        "signed in",
        password="opensesame",
        headers={"Authorization": "Bearer opensesame", "Accept": "text/html"},
        accounts=[{"email": "opensesame@example.org", "handle": "aldebaran"}],
        token=None,
    )

    (line,) = _written(lines)
    assert line["password"] == logs.MASK
    assert line["headers"] == {"Authorization": logs.MASK, "Accept": "text/html"}
    assert line["accounts"] == [{"email": logs.MASK, "handle": "aldebaran"}]
    assert line["token"] is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /blobs/a?expires=1&sig=opensesame HTTP/1.1", "GET /blobs/a?expires=1&sig=[masked] HTTP/1.1"),
        ("cannot reach postgresql://me:opensesame@db/name", "cannot reach postgresql://me:[masked]@db/name"),
        ("cannot reach redis://:opensesame@127.0.0.1:1/0", "cannot reach redis://:[masked]@127.0.0.1:1/0"),
        ("header was Bearer opensesame123", "header was Bearer [masked]"),
        ("mail to open.sesame+x@example.org bounced", "mail to [masked] bounced"),
        ("nothing to see @ all: a:b, x@y", "nothing to see @ all: a:b, x@y"),
    ],
)
def test_secrets_inside_texts_are_masked(lines: StringIO, text: str, masked: str) -> None:
    logging.getLogger("uvicorn.access").info(text)

    (line,) = _written(lines)
    assert line["event"] == masked


def test_a_traceback_is_masked_too(lines: StringIO) -> None:
    try:
        raise ConnectionError("postgresql://me:opensesame@db/name is gone")
    except ConnectionError:
        structlog.get_logger("part").exception("failed")

    (line,) = _written(lines)
    assert "opensesame" not in str(line)
    assert "ConnectionError: postgresql://me:[masked]@db/name is gone" in str(line["exception"])


def test_what_json_does_not_know_becomes_text(lines: StringIO) -> None:
    structlog.get_logger("part").info("kept", where=ValueError("odd"), path={1: {2}})

    (line,) = _written(lines)
    assert (line["where"], line["path"]) == ("odd", {"1": [2]})


@pytest.mark.parametrize("production", [True, False])
def test_a_traceback_shows_no_local_variable(lines: StringIO, production: bool) -> None:
    written = StringIO()
    logs.configure(production=production, stream=written)
    structlog.reset_defaults()
    logs.configure(production=production, stream=written)
    pin = "".join(["98765", "43210"])

    try:
        raise ValueError("went wrong for somebody@example.org")
    except ValueError:
        structlog.get_logger("part").exception("an operation failed")

    assert "ValueError: went wrong" in written.getvalue()
    assert pin not in written.getvalue()
    assert "somebody@example.org" not in written.getvalue()
