"""One execution for many subscribers.

Subscriptions with the same document, variables and authority give the same answers (and authority doesn't matter
to those that select only what is public). So they are executed and encoded
once an event, in a room, and every subscriber sends the same text. Who asks for the past, or falls behind what the
room still holds, runs alone until it has caught up with the room, and then enters it: nothing is lost or said twice,
because both count by the log's numbers.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import FieldNode, GraphQLError, NullValueNode, ValueNode, VariableNode, Visitor, visit

from countenance import metrics
from countenance.crowds import Crowd, Crowded, Turn
from countenance.documents import Operation, RequestError
from countenance.execution import Executor
from countenance.feed import LiveFeed, Trace
from countenance.impartial import Impartiality
from countenance.tail import Tail
from domain.kernel.limits import network_of
from domain.kernel.scope import Scope
from schema.context import Context, Heard

Variables = Mapping[str, Any] | None
Key = tuple[str, str | None, bytes, object]

_MOST_ITEMS = 512
_MOST_CHARACTERS = 4 * 1024 * 1024


class _TracedFeed:
    """The feed as one execution sees it: from a number if one is given, and with its way recorded."""

    def __init__(self, feed: LiveFeed, start: int | None, places: asyncio.Semaphore) -> None:
        self._feed = feed
        self._start = start
        self._followed: list[AsyncGenerator[Heard, None]] = []
        self.trace = Trace(turn=Turn(places))

    def follow(self, scope: Scope, topic: str, after: str | None) -> AsyncIterator[Heard]:
        """Follow one topic, as `schema.context.Feed` says."""
        followed = self._feed.follow_from(scope, topic, after, self._start, self.trace)
        self._followed.append(followed)
        return followed

    async def aclose(self) -> None:
        """Leave the topics: an `async for` that is broken off leaves its iterator open."""
        self.trace.turn.give()
        for followed in self._followed:
            await followed.aclose()


@dataclass(frozen=True, slots=True)
class Start:
    """Where a subscription begins: `head` is the log's last number then, `resumes` whether it asked for the past."""

    head: int
    resumes: bool


class _Room:
    """One running execution, from a number on, and its last answers as text."""

    def __init__(self, start: int) -> None:
        self.tail: Tail[str] = Tail(start, items=_MOST_ITEMS, size=_MOST_CHARACTERS)
        self.members = 0
        self.failure: RequestError | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self, answers: AsyncGenerator[tuple[int, str], None]) -> None:
        """Begin, in a context of its own: the room belongs to none of its members."""
        self._task = asyncio.create_task(self._perform(answers), context=contextvars.Context())
        metrics.ROOMS.inc()

    async def shut(self) -> None:
        """End, and wait until everything is put away."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        metrics.ROOMS.dec()

    async def _perform(self, answers: AsyncGenerator[tuple[int, str], None]) -> None:
        """Collect the answers until there are no more."""
        try:
            async with contextlib.aclosing(answers):
                async for no, text in answers:
                    self.tail.add(no, text, len(text))
        except RequestError as error:
            self.failure = error
        finally:
            self.tail.close()


class Subscriptions:
    """Runs subscriptions, sharing what can be shared."""

    def __init__(self, executor: Executor, feed: LiveFeed, callers: Crowd, *, places: int = 5) -> None:
        """Let each of the `callers` have as many as they may; `places` executions look at an event at once."""
        self._executor = executor
        self._callers = callers
        self._places = asyncio.Semaphore(places)
        self._feed = feed
        self._impartial = Impartiality(executor.schema)
        self._rooms: dict[Key, _Room] = {}

    async def start(self, operation: Operation, variables: Variables) -> Start:
        """Say where a subscription begins. Whatever is numbered from here on will reach it."""
        return Start(await self._feed.head(), _resumes(operation, variables))

    async def texts(
        self, operation: Operation, variables: Variables, scope: Scope, start: Start
    ) -> AsyncGenerator[str, None]:
        """Give each answer as the text of a GraphQL response, until the session ends. Raises RequestError."""
        try:
            with self._callers.joined(scope.account_id or network_of(scope.address)):
                async with contextlib.aclosing(self._shared(operation, variables, scope, start)) as texts:
                    async for text in texts:
                        yield text
        except Crowded as full:
            raise RequestError(GraphQLError(str(full))) from None

    async def _shared(
        self, operation: Operation, variables: Variables, scope: Scope, start: Start
    ) -> AsyncGenerator[str, None]:
        """Give each answer from the room, and alone until the subscriber has caught up with it."""
        position = None if start.resumes else start.head
        if self._impartial.of(operation):
            scope = scope.as_(None)  # it says the same to everybody, so everybody shares it
        with metrics.SUBSCRIPTIONS.track_inprogress():
            async with self._room(operation, variables, scope, start.head) as room:
                while True:
                    if position is None or position < room.tail.floor:
                        async with contextlib.aclosing(
                            self._alone(operation, variables, scope, position, room)
                        ) as alone:
                            async for reached, answer in alone:
                                position = reached
                                if answer is not None:
                                    yield answer
                        if position is None or position < room.tail.floor:
                            return  # it ended before it caught up: the session is over
                    for reached, text in room.tail.after(position) or ():
                        position = reached
                        yield text
                    if room.tail.closed and position >= room.tail.last:
                        if room.failure is not None:
                            raise room.failure
                        return
                    await room.tail.wait(lambda seen=position: room.tail.last > seen)  # type: ignore[misc]

    @contextlib.asynccontextmanager
    async def _room(self, operation: Operation, variables: Variables, scope: Scope, head: int) -> AsyncIterator[_Room]:
        """Enter the room of a subscription, opened from number `head` if there is none; the last one out closes it."""
        key = _key(operation, variables, scope)
        room = self._rooms.get(key)
        if room is None or room.tail.closed:
            room = self._rooms[key] = _Room(head)
            answers = self._answers(operation, variables, scope, _TracedFeed(self._feed, head, self._places))
            room.open(answers)
        room.members += 1
        try:
            yield room
        finally:
            room.members -= 1
            if not room.members:
                if self._rooms.get(key) is room:
                    del self._rooms[key]
                await room.shut()

    async def _answers(
        self, operation: Operation, variables: Variables, scope: Scope, feed: _TracedFeed
    ) -> AsyncGenerator[tuple[int, str], None]:
        """Execute: each answer with the number of its event."""
        context = Context(scope=scope, feed=feed)
        stream = self._executor.stream(operation, variables, context)
        async with contextlib.aclosing(feed), contextlib.aclosing(stream) as answers:
            async for answer in answers:
                said = answer.encode().decode()
                feed.trace.turn.give()  # whoever reads it may be slow
                yield feed.trace.given, said

    async def _alone(
        self, operation: Operation, variables: Variables, scope: Scope, start: int | None, room: _Room
    ) -> AsyncGenerator[tuple[int, str | None], None]:
        """Execute for one subscriber until it has caught up with the room; a text of None only says how far it is."""
        feed = _TracedFeed(self._feed, start, self._places)
        answers = self._answers(operation, variables, scope, feed)
        reached = -1
        pending: asyncio.Future[tuple[int, str]] | None = None
        try:
            while reached < room.tail.floor:
                pending = pending or asyncio.ensure_future(anext(answers))
                moved = asyncio.ensure_future(feed.trace.moved.wait())
                either: set[asyncio.Future[Any]] = {pending, moved}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                moved.cancel()
                if pending.done():
                    done, pending = pending, None
                    reached, text = done.result()
                    yield reached, text
                else:
                    feed.trace.moved.clear()
                    reached = max(reached, feed.trace.taken)
                    yield reached, None
        except StopAsyncIteration:
            return
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.wait([pending])
            await answers.aclose()


def _key(operation: Operation, variables: Variables, scope: Scope) -> Key:
    """Name a room. The cursor is left out: it says where one begins, not what is said."""
    given = dict(variables or {})
    cursor = _cursor_argument(operation)
    if isinstance(cursor, VariableNode) and _uses(operation, cursor.name.value) == 1:
        given.pop(cursor.name.value, None)
    session = scope.actor.session_id if scope.actor else None
    return operation.text, operation.name, orjson.dumps(given, option=orjson.OPT_SORT_KEYS), session


def _resumes(operation: Operation, variables: Variables) -> bool:
    """Say whether a subscription may ask for the past; where it can't be told, it may."""
    [root, *_] = operation.definition.selection_set.selections
    if not isinstance(root, FieldNode):
        return True
    cursor = _cursor_argument(operation)
    if isinstance(cursor, VariableNode):
        name = cursor.name.value
        if name in (variables or {}):
            return (variables or {})[name] is not None
        return any(
            definition.variable.name.value == name and definition.default_value is not None
            for definition in operation.definition.variable_definitions or ()
        )
    return cursor is not None and not isinstance(cursor, NullValueNode)


def _cursor_argument(operation: Operation) -> ValueNode | None:
    """Find what the subscribed field is given as `after`."""
    [root, *_] = operation.definition.selection_set.selections
    arguments = root.arguments or () if isinstance(root, FieldNode) else ()
    return next((argument.value for argument in arguments if argument.name.value == "after"), None)


def _uses(operation: Operation, name: str) -> int:
    """Count the uses of a variable in the document, its definition left out."""

    class Count(Visitor):
        found = 0

        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            self.found += node.name.value == name

    count = Count()
    visit(operation.document, count)
    definitions = operation.definition.variable_definitions or ()
    return count.found - sum(definition.variable.name.value == name for definition in definitions)
