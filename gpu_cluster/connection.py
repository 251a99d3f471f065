"""A connection to a Ray cluster that can be lost and made again without taking the process with it.

Ray ends a driver's process when its head has been away for a minute, and a `ray.nodes()` under way while a head
restarts aborts it at once (both measured on Ray 2.60). So the head's port is watched from here, Ray is shut down in
this process as soon as the port is closed, and whoever waits for an answer hears ClusterUnavailable.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from domain.kernel.wire import ActorLost, ClusterFault, ClusterUnavailable

T = TypeVar("T")

_log = logging.getLogger(__name__)

GONE = "The generation cluster can't be reached."


class ActorGone(ActorLost):
    """The actor is lost for good: Ray will not restart it, so it must be made anew."""


class Connection:
    """One process's connection to one cluster. Use it from one event loop."""

    def __init__(self, address: str, *, token: str | None, namespace: str, connect_seconds: float = 30.0) -> None:
        """Remember where the head is (`host:port`); `token` is the cluster's, None where it asks for none.

        The token must be known before Ray is imported in this process.
        """
        self._address = address
        self._token = token
        self.namespace = namespace
        self._connect_seconds = connect_seconds
        self._head: tuple[str, int] | None = None
        self._owned = False
        self._changing = asyncio.Lock()
        self._lost = asyncio.Event()
        self._lost.set()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return not self._lost.is_set()

    async def open(self) -> None:
        """Connect, unless there is a connection. Raises ClusterUnavailable."""
        async with self._changing:
            if self.is_open:
                return
            try:
                async with asyncio.timeout(self._connect_seconds):
                    if ":" in self._address:
                        await self._knock(*_split(self._address))
                    self._head = await asyncio.to_thread(self._init)
            except (OSError, TimeoutError) as error:
                raise ClusterUnavailable(GONE) from error
            self._lost.clear()

    async def close(self) -> None:
        """Leave the cluster. Whoever waits for an answer gets ClusterUnavailable; the actors live on."""
        if not self.is_open:
            return
        self._lost.set()
        async with self._changing:
            if self._owned:
                import ray

                await asyncio.to_thread(ray.shutdown)

    async def reachable(self, *, seconds: float = 2.0) -> bool:
        """Whether the head's port is open."""
        head = self._head or _split(self._address)
        try:
            async with asyncio.timeout(seconds):
                await self._knock(*head)
        except (OSError, TimeoutError):
            return False
        return True

    def call(self, method: Any, *arguments: Any) -> Any:
        """Call an actor's method and give Ray's reference to the answer. Raises ClusterUnavailable."""
        if not self.is_open:
            raise ClusterUnavailable(GONE)
        try:
            return method.remote(*arguments)
        except Exception as error:  # Ray raises a bare Exception for an actor of another cluster
            _log.warning("Ray took no call: %s", error)
            raise ClusterUnavailable(GONE) from error

    async def ask(self, method: Any, *arguments: Any, seconds: float | None = None) -> Any:
        """Call an actor's method and wait for the answer; see `answer`."""
        return await self.answer(self.call(method, *arguments), seconds=seconds)

    async def answer(self, work: Awaitable[T], *, seconds: float | None = None) -> T:
        """Wait for what Ray was asked, at most `seconds`, and give up at once when the connection is lost.

        Raises TimeoutError and the faults of `domain.kernel.wire`.
        """
        if not self.is_open:
            if isinstance(work, Coroutine):
                work.close()
            raise ClusterUnavailable(GONE)
        task = asyncio.ensure_future(_awaited(work))
        try:
            if not await self.settle(task, seconds=seconds):
                raise TimeoutError
            return task.result()
        except Exception as error:
            raise fault_of(error) from None
        finally:
            task.cancel()

    async def settle(self, task: "asyncio.Future[Any]", *, seconds: float | None) -> bool:
        """Wait for a task without ever cancelling it; tell whether it is done. Raises ClusterUnavailable."""
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({task, lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
        if not task.done() and self._lost.is_set():
            raise ClusterUnavailable(GONE)
        return task.done()

    async def _knock(self, host: str, port: int) -> None:
        """Open and close a TCP connection to the head."""
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _init(self) -> tuple[str, int]:
        """Connect Ray in this process and give the head's address. In a thread Ray takes no signal handlers."""
        if self._token is not None:
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ["RAY_AUTH_TOKEN"] = self._token
        # Ten minutes instead of one until Ray would end this process: its loop may be busy, and the watch with it.
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "600")
        os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a call after a loss must fail, not start a cluster of its own
        import ray

        if not ray.is_initialized():
            try:
                ray.init(
                    address=self._address,
                    namespace=self.namespace,
                    log_to_driver=False,
                    configure_logging=False,
                    logging_level=logging.WARNING,
                )
            except (ConnectionError, RuntimeError, ray.exceptions.RayError) as error:
                raise ClusterUnavailable(GONE) from error
            self._owned = True
        return _split(ray.get_runtime_context().gcs_address)


def fault_of(error: Exception) -> Exception:
    """Turn what Ray raises into the faults that the domain knows, without the traceback in Ray's message."""
    import ray

    if isinstance(error, ray.exceptions.RayTaskError):
        cause = error.cause
        if isinstance(cause, ClusterFault):
            return type(cause)(*cause.args)
        _log.error("An actor raised what it should not.\n%s", error)
        return ActorLost(f"The actor failed with {type(cause).__name__}.")
    if isinstance(error, ray.exceptions.ActorDiedError):
        return ActorGone("The actor was lost while it worked.")
    if isinstance(error, _losses()):
        return ActorLost("The actor was lost while it worked.")
    if isinstance(error, ray.exceptions.RayError):
        _log.error("Ray failed: %s", error)
        return ClusterUnavailable(GONE)
    return error


def _losses() -> tuple[type[Exception], ...]:
    from ray import exceptions

    return (
        exceptions.RayActorError,
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.OutOfMemoryError,
        exceptions.ObjectLostError,
    )


async def _awaited(work: Awaitable[T]) -> T:
    """Make a coroutine of anything awaitable, such as an object ref."""
    return await work


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
