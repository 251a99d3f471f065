"""A client of the public API and of nothing else: GraphQL over HTTP and WebSocket, tus, and signed URLs."""

import asyncio
import contextlib
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

_PIECE = 256 * 1024
_ANSWER_SECONDS = 10.0
_PROTOCOL = Subprotocol("graphql-transport-ws")


class DemoFailed(Exception):
    """A step did not go as it must; the message is one sentence."""


class Refused(DemoFailed):
    """The API refused a deed; `error` is the union's member as it was selected."""

    def __init__(self, deed: str, error: Mapping[str, Any]) -> None:
        """Keep what was refused and why."""
        super().__init__(f"{deed} was refused: {error.get('message', error['__typename'])}")
        self.error = error


class Client:
    """One person at the API; `token` is empty for somebody who is not signed in."""

    def __init__(self, url: str, http: httpx.AsyncClient, token: str = "") -> None:
        """Talk to the server at `url`."""
        self._url = url.rstrip("/")
        self._http = http
        self._token = token

    def as_(self, token: str) -> "Client":
        """Give the same client for a signed-in account."""
        return Client(self._url, self._http, token)

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"} if self._token else {}

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Run a query or a mutation and give its data. Raises DemoFailed."""
        answer = await self._http.post(
            f"{self._url}/graphql", json={"query": document, "variables": variables}, headers=self._headers
        )
        if answer.headers.get("content-type", "").split(";")[0] not in (
            "application/json",
            "application/graphql-response+json",
        ):
            raise DemoFailed(f"{self._url}/graphql answered {answer.status_code} and not with GraphQL.")
        return _data(answer.json())

    async def deed(self, document: str, **variables: Any) -> dict[str, Any]:
        """Run a mutation of one field and give its success. Raises Refused."""
        [(name, result)] = (await self.ask(document, **variables)).items()
        if not result["__typename"].endswith("Success"):
            raise Refused(name, result)
        success: dict[str, Any] = result
        return success

    async def upload(self, url: str, content: bytes) -> int:
        """Send a file by tus in pieces, asking for the offset before each; give the number of pieces."""
        url = urljoin(self._url, url)
        tus = {"tus-resumable": "1.0.0", **self._headers}
        pieces = 0
        while True:
            known = await self._http.head(url, headers=tus)
            offset = int(known.headers.get("upload-offset", -1)) if known.is_success else -1
            if not 0 <= offset <= len(content):
                raise DemoFailed(f"The upload endpoint answered {known.status_code} to HEAD.")
            if offset == len(content):
                return pieces
            piece = content[offset : offset + _PIECE]
            headers = {**tus, "upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
            sent = await self._http.patch(url, content=piece, headers=headers)
            if not sent.is_success:
                raise DemoFailed(f"The upload endpoint answered {sent.status_code}: {sent.text[:200]}")
            pieces += 1

    async def download(self, url: str, *, sha256: str) -> bytes:
        """Read a signed URL and make sure of its contents. Raises DemoFailed."""
        answer = await self._http.get(url, headers=self._headers)
        if not answer.is_success:
            raise DemoFailed(f"A download was answered with {answer.status_code}: {answer.text[:200]}")
        if hashlib.sha256(answer.content).hexdigest() != sha256:
            raise DemoFailed("A download is not what the API says it is: its SHA256 differs.")
        return answer.content

    async def status_of(self, url: str) -> int:
        """Try a signed URL and give the answer's status."""
        return (await self._http.get(url, headers=self._headers)).status_code

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator["Live"]:
        """Open a live connection, for one subscription."""
        address = f"ws{self._url.removeprefix('http')}/graphql"
        try:
            async with connect(address, subprotocols=[_PROTOCOL], max_size=4 * 1024 * 1024) as socket:
                live = Live(socket)
                await live.begin(self._token)
                yield live
        except (WebSocketException, OSError) as error:
            raise DemoFailed(f"The live connection was lost: {error}") from error

    @contextlib.asynccontextmanager
    async def follow(self, document: str, **variables: Any) -> AsyncIterator["Live"]:
        """Open a live connection and subscribe; what happens from now on will be heard."""
        async with self.connected() as live:
            await live.subscribe(document, **variables)
            yield live


class Live:
    """A live connection with one subscription; its events are those of the document's one field, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        """Speak over this socket."""
        self._socket = socket
        self._early: deque[dict[str, Any]] = deque()

    async def begin(self, token: str) -> None:
        """Say who we are. Raises DemoFailed."""
        await self._send({"type": "connection_init", "payload": {"token": token} if token else {}})
        message = await self._receive(_ANSWER_SECONDS)
        if message["type"] != "connection_ack":
            raise DemoFailed(f"The server opened the live connection with {message['type']!r}.")

    async def subscribe(self, document: str, **variables: Any) -> None:
        """Subscribe, and wait by a ping until the subscription has begun."""
        payload = {"query": document, "variables": variables}
        await self._send({"id": "1", "type": "subscribe", "payload": payload})
        await self._send({"type": "ping"})
        while (message := await self._receive(_ANSWER_SECONDS))["type"] != "pong":
            self._early.append(message)

    async def next(self, seconds: float) -> dict[str, Any]:
        """Wait for the next event. Raises DemoFailed when none comes in time."""
        while True:
            message = self._early.popleft() if self._early else await self._receive(seconds)
            if message["type"] == "next":
                [event] = _data(message["payload"]).values()
                found: dict[str, Any] = event
                return found
            if message["type"] == "ping":
                await self._send({"type": "pong"})
            elif message["type"] in ("error", "complete"):
                raise DemoFailed(f"A subscription ended: {message.get('payload', 'without a word')}")

    async def until(self, wanted: Callable[[dict[str, Any]], bool], *, seconds: float) -> list[dict[str, Any]]:
        """Collect events up to and with the first wanted one; `seconds` in all. Raises DemoFailed."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        events = [await self.next(seconds)]
        while not wanted(events[-1]):
            events.append(await self.next(max(0.1, end - loop.time())))
        return events

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._socket.send(orjson.dumps(message).decode())

    async def _receive(self, seconds: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                message: dict[str, Any] = orjson.loads(await self._socket.recv())
                return message
        except TimeoutError:
            raise DemoFailed(f"No live event came within {seconds:.0f} seconds.") from None


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Give the data of an answer. Raises DemoFailed with the first error's sentence."""
    if answer.get("errors"):
        raise DemoFailed(f"The API answered with an error: {answer['errors'][0]['message']}")
    data: dict[str, Any] = answer["data"]
    return data
