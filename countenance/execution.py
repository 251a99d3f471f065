"""Running one operation, and saying what came of it: data, refusals as data, and defects only by an id.

Strawberry gives the types and the resolvers; graphql-core runs them here directly, so that a document that was read
once is not read again.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any
from uuid import uuid4

import orjson
import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError, execute, subscribe
from strawberry.execution import optimized_is_awaitable

from countenance import metrics
from countenance.documents import Documents, Operation, RequestError
from countenance.plain_fields import PlainFieldsExecutor
from domain.kernel.refusals import InvalidInput, RateLimited, Refusal
from schema.context import Context

log = structlog.get_logger(__name__)

Variables = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation gave. `executed` is False when it was refused before anything of it ran."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    executed: bool = True

    def encode(self) -> bytes:
        """Write it as a GraphQL response; a request that was not executed has no `data` entry."""
        body: dict[str, Any] = {"data": self.data} if self.executed else {}
        if self.errors:
            body["errors"] = self.errors
        return orjson.dumps(body)


_NUMBERS = re.compile(r"\[\s*-?\d[^\[\]]*(?:\]|$)")
"""A list of numbers in what GraphQL says of a value that does not fit: it may be somebody's face."""


class Executor:
    """Runs operations of one schema."""

    def __init__(
        self, schema: strawberry.Schema, *, masks: bool, introspection: bool = True, seconds: float = 30.0
    ) -> None:
        """Take the schema. `masks` hides defects behind an id; `seconds` is the most that one answer may take."""
        self.schema = schema._schema  # strawberry has no public name for the graphql-core schema it holds
        self.documents = Documents(self.schema, introspection=introspection, suggestions=not masks)
        self._masks = masks
        self._seconds = seconds

    async def run(self, operation: Operation, variables: Variables, context: Context) -> Answer:
        """Run a query or a mutation to its end."""
        with metrics.OPERATION_SECONDS.labels(operation.kind.value).time():
            try:
                async with asyncio.timeout(self._seconds):
                    result = await self._execute(operation, variables, context)
            except TimeoutError:
                sentence = f"This took longer than {self._seconds:g} seconds and was stopped; ask for less at once."
                result = ExecutionResult(None, [GraphQLError(sentence, path=[])])
        return self.answer(result)

    async def stream(
        self, operation: Operation, variables: Variables, context: Context
    ) -> AsyncGenerator[Answer, None]:
        """Run a subscription: one answer an event. Raises RequestError when it can't begin or can't go on."""
        source = subscribe(
            self.schema,
            operation.document,
            context_value=context,
            variable_values=dict(variables or {}),
            operation_name=operation.name,
            executor_class=PlainFieldsExecutor,
            hide_suggestions=self._masks,
        )
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            raise RequestError(*(source.errors or ()))
        try:
            async for result in source:
                yield self.answer(result)
        except GraphQLError as error:
            raise RequestError(error) from None
        except Exception as error:  # a resolver's own failure comes out of graphql-core as it is
            raise defect(error) from None
        finally:
            await source.aclose()  # type: ignore[attr-defined]  # graphql-core gives an async generator

    def refuse(self, error: RequestError) -> Answer:
        """Say why a request was not executed."""
        return Answer(None, [self._said(each) for each in error.errors], executed=False)

    def answer(self, result: ExecutionResult) -> Answer:
        """Say what an execution gave. Errors without a path arose before it began."""
        errors = result.errors or []
        executed = not errors or result.data is not None or any(error.path is not None for error in errors)
        return Answer(result.data, [self._said(error) for error in errors], executed)

    async def _execute(self, operation: Operation, variables: Variables, context: Context) -> ExecutionResult:
        result = execute(
            self.schema,
            operation.document,
            context_value=context,
            variable_values=dict(variables or {}),
            operation_name=operation.name,
            executor_class=PlainFieldsExecutor,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # strawberry's is a plain predicate
            hide_suggestions=self._masks,
        )
        return await result if isawaitable(result) else result

    def _said(self, error: GraphQLError) -> dict[str, Any]:
        """Write an error: a refusal with its code, a mistake in the request as it is, a defect by its id."""
        said: dict[str, Any] = dict(error.formatted)
        cause = _cause(error)
        if cause is None:
            said["message"] = _NUMBERS.sub("[…]", said["message"])
            return said
        if isinstance(cause, Refusal):
            metrics.ERRORS.labels(cause.code.value).inc()
            said["message"] = cause.message
            said["extensions"] = {"code": cause.code.value, **_details(cause)}
            return said
        reference = uuid4().hex[:12]
        metrics.ERRORS.labels("INTERNAL").inc()
        log.error("an operation failed", error_id=reference, path=error.path, exc_info=cause)
        masked = f"Something went wrong on our side; if you report it, quote {reference}."
        said["message"] = masked if self._masks else f"{type(cause).__name__}: {cause}"
        said["extensions"] = {"code": "INTERNAL", "id": reference}
        return said


def defect(error: Exception) -> RequestError:
    """Wrap what failed outside the resolvers, such as a database that is away, so that it is said and logged alike."""
    return RequestError(GraphQLError(str(error), original_error=error))


def _cause(error: GraphQLError) -> Exception | None:
    """Give what a resolver raised, or None for an error of GraphQL itself."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _details(refusal: Refusal) -> dict[str, Any]:
    match refusal:
        case InvalidInput():
            return {"field": refusal.field}
        case RateLimited():
            return {"retryAfterSeconds": refusal.retry_after_seconds}
        case _:
            return {}
