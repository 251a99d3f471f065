"""Logs: one structured line an event, JSON in production, colours in development, and never a secret.

Lines of the standard library's loggers (uvicorn, ray, asyncio) take the same way as ours.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import orjson
import structlog

MASK = "[masked]"

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)|secret|token|authori[sz]ation|cookie|e.?mail|signature|^sig$|api.?key|signing.?key|credential",
    re.IGNORECASE,
)
_SECRETS_IN_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)([^/\s:@]*):[^@/\s]+@"), rf"\1:{MASK}@"),  # the password inside a URL
    (re.compile(r"(?i)([?&](?:sig|token|key|signature|x-amz-signature)=)[^&\s\"']+"), rf"\1{MASK}"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),  # e-mail addresses
)


def configure(*, production: bool, level: str = "info", stream: TextIO | None = None) -> None:
    """Set up logging for this process, to standard error if no other stream is given."""
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # Tracebacks are plain and masked in development, too: pretty ones show local variables, which hold PINs and faces.
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_json)
        if production
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    last: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, mask, renderer]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "ray"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every URL, signatures and all


@contextmanager
def bound(**values: str) -> Iterator[None]:
    """Add values, such as `request_id`, to every line logged inside; tasks started inside inherit them."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide values whose key names a secret, and secrets inside texts, however deep; a structlog processor."""
    for key, value in list(event.items()):
        event[key] = _masked(key, value)
    return event


def _masked(key: str, value: Any) -> Any:
    """Give `value` without secrets."""
    if _SECRET_KEY.search(key) and value is not None:
        return MASK
    if isinstance(value, str):
        for pattern, replacement in _SECRETS_IN_TEXT:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {str(inner): _masked(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", item) for item in value]
    return value


def _json(event: Any, **_: Any) -> str:
    """Write one line of JSON; what JSON doesn't know becomes text."""
    return orjson.dumps(event, default=str).decode()
