"""GraphQL over HTTP, as its specification says: one operation a request, as JSON, by POST, or by GET for queries."""

from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from countenance import metrics
from countenance.callers import Callers, ForeignOrigin
from countenance.documents import Operation, RequestError
from countenance.execution import Answer, Executor, defect
from domain.kernel.scope import Scope as Authority
from schema.context import Context, Feed

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"

MAX_BODY = 1024 * 1024
"""The most bytes that a request may have."""

_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(eq=False)
class Unreadable(Exception):
    """A request that is no GraphQL request; `sentence` says what is wrong and what to send instead."""

    sentence: str
    status: int = 400
    allow: str = ""
    """What a request of another method may be, for status 405."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None

    @classmethod
    def read(cls, body: Any) -> "Parameters":
        """Check what came as JSON. Raises Unreadable."""
        if isinstance(body, list):
            raise Unreadable("Batching is not supported: send one operation a request.")
        if not isinstance(body, dict):
            raise Unreadable("Send a JSON object with `query`, and `variables` and `operationName` where needed.")
        query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
        if not isinstance(query, str) or not query:
            raise Unreadable("`query` must be the text of a GraphQL document.")
        if not isinstance(variables, dict | None):
            raise Unreadable("`variables` must be an object or null.")
        if not isinstance(name, str | None):
            raise Unreadable("`operationName` must be a string or null.")
        if not isinstance(body.get("extensions"), dict | None):
            raise Unreadable("`extensions` must be an object or null.")
        return cls(query, variables, name)


class EventStreams(Protocol):
    """What answers a request that asks for an event stream."""

    async def response(self, operation: Operation, variables: dict[str, Any] | None, authority: Authority) -> Any:
        """Give the ASGI application that sends the events. Raises Unreadable."""
        ...


class GraphQLEndpoint:
    """The ASGI application behind `/graphql`, for HTTP."""

    def __init__(self, executor: Executor, callers: Callers, feed: Feed, streams: EventStreams) -> None:
        self._executor = executor
        self._callers = callers
        self._feed = feed
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        except Exception as error:  # the database is away, say: a client of GraphQL gets an answer of GraphQL
            response = _answer(self._executor.refuse(defect(error)), JSON, 500)
        metrics.REQUESTS.labels(getattr(response, "status_code", 200)).inc()
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Any:
        media = accepted(request.headers.get("accept", ""))
        try:
            if media is None:
                raise Unreadable(f"Answers come as {GRAPHQL_JSON}, {JSON} or {EVENTS}: accept one of them.", 406)
            parameters = await _parameters(request)
            authority = await self._authority(request)
            operation = self._executor.documents.operation(parameters.query, parameters.operation_name)
            if request.method == "GET" and operation.kind is OperationType.MUTATION:
                raise Unreadable("A mutation must be sent by POST.", 405, "POST")
            if media == EVENTS:
                return await self._streams.response(operation, parameters.variables, authority)
        except Unreadable as error:
            return _plain(error, media)
        except RequestError as error:
            # An event stream that can't begin is refused as a plain answer: its client reads the status.
            return _answer(self._executor.refuse(error), GRAPHQL_JSON if media == EVENTS else media)
        return await self._run(operation, parameters, authority, media)

    async def _authority(self, request: Request) -> Authority:
        try:
            return await self._callers.scope(request)
        except ForeignOrigin as error:
            raise Unreadable(str(error), 403) from None

    async def _run(self, operation: Operation, parameters: Parameters, authority: Authority, media: str) -> Response:
        if operation.kind is OperationType.SUBSCRIPTION:
            sentence = f"Subscribe over a WebSocket (graphql-transport-ws), or with `Accept: {EVENTS}`."
            return _answer(self._executor.refuse(RequestError(GraphQLError(sentence))), media)
        context = Context(scope=authority, feed=self._feed)
        answer = await self._executor.run(operation, parameters.variables, context)
        response = _answer(answer, media)
        self._callers.put_cookies(response, context.cookies)
        return response


def accepted(header: str) -> str | None:
    """Choose the media type of the answer; None when none of ours is accepted. The first in the header wins a tie."""
    if not header:
        return GRAPHQL_JSON
    best: tuple[float, str] | None = None
    for part in header.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        media = {"*/*": JSON, "application/*": GRAPHQL_JSON, "text/*": EVENTS}.get(name, name)
        if media not in (GRAPHQL_JSON, JSON, EVENTS):
            continue
        weight = _weight(parameters)
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, media)
    return best[1] if best else None


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


async def _parameters(request: Request) -> Parameters:
    match request.method:
        case "GET":
            return Parameters.read(_from_url(request))
        case "POST":
            return Parameters.read(await _from_body(request))
        case _:
            raise Unreadable("Use POST, or GET for queries.", 405, "GET, POST")


def _from_url(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in found:
            found[name] = _json(found[name].encode(), f"`{name}` in the URL") if found[name] else None
    return found


async def _from_body(request: Request) -> Any:
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        raise Unreadable(f"Send the request as `Content-Type: {JSON}`, in UTF-8.", 415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Unreadable(f"A request may have at most {MAX_BODY} bytes.", 413)
    return _json(bytes(body), "The body")


def _json(raw: bytes, what: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Unreadable(f"{what} is not valid JSON.") from None


def _answer(answer: Answer, media: str | None, status: int | None = None) -> Response:
    """Send an answer. Only the newer media type tells by its status that nothing was executed."""
    if status is None:
        status = 400 if media == GRAPHQL_JSON and not answer.executed else 200
    return Response(answer.encode(), status, _PRIVATE, f"{media}; charset=utf-8")


def _plain(refused: Unreadable, media: str | None) -> Response:
    """Refuse a request in one sentence, in the shape of a GraphQL answer."""
    said = GRAPHQL_JSON if media == GRAPHQL_JSON else JSON
    body = orjson.dumps({"errors": [{"message": refused.sentence}]})
    headers = {**_PRIVATE, "Allow": refused.allow} if refused.allow else _PRIVATE
    return Response(body, refused.status, headers, f"{said}; charset=utf-8")
