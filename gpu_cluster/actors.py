"""The plain classes on a Ray cluster: what a gateway may call, and in which lane each call runs.

An actor starts with an empty registry, because what an actor is made from must outlive whoever made it; it refuses
orders until the gateway has given it the registry that they were made under. It must hear every few seconds that
this is still the newest, or it fails closed.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from uuid import UUID

import ray

from domain.kernel.wire import InspectOrder, RenderOrder
from domain.registry.adopting import MOST_BEHIND_SECONDS
from domain.registry.snapshot import EMPTY
from gpu_cluster.artist import Artist
from gpu_cluster.faces import FaceCheck, face_reader
from gpu_cluster.inspector import Inspector
from gpu_cluster.parcels import Binder, Page, Part, in_parts
from gpu_cluster.pulse import Pulse

LANES = {"work": 1, "control": 4}
"""Ray's concurrency groups of every actor here: one thing is done at a time, and the control lane answers meanwhile."""


class ArtistActor:
    """An artist on the cluster. One job is drawn at a time; the control lane answers while it is."""

    def __init__(self, cache_dir: str, cache_bytes: int, threads: int | None) -> None:
        """Make the artist and load torch and diffusers in the background, so that the first job needn't wait."""
        self._artist = Artist(
            EMPTY,
            Path(cache_dir),
            threads=threads or _cores(),
            cache_bytes=cache_bytes,
            picture_check=FaceCheck(),
            patience=MOST_BEHIND_SECONDS,
        )
        self._binder = Binder()
        self._artist.warm()

    @ray.method(concurrency_group="work", num_returns="streaming")  # type: ignore[untyped-decorator]
    def render(self, order: RenderOrder) -> Iterator[Part]:
        """Draw an order; see `Artist.render`. Each event comes in parts."""
        for event in self._artist.render(order):
            yield from in_parts(event)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def cancel(self, job_id: UUID, below: int | None = None) -> None:
        """Stop a job; see `Artist.cancel`."""
        self._artist.cancel(job_id, below)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def adopt(self, page: Page) -> int:
        """Take a page of a newer registry; give the version that holds now, the newer one with the last page."""
        news = self._binder.add(page)
        return self._artist.version if news is None else self._artist.adopt(news)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def pulse(self, version: int = -1, age: float = math.inf) -> Pulse:
        """Say that it lives, and how; and hear that the newest registry was at `version`, `age` seconds ago."""
        self._artist.confirm(version, age)
        silence = self._artist.silence
        return Pulse(self._artist.version, busy=silence is not None, silence=silence or 0.0)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def nodes(self) -> int:
        """Count the cluster's living nodes; asked here because `ray.nodes()` can abort the process that calls it."""
        return _nodes()

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def pid(self) -> int:
        """Give the process id on its node, for operators and tests."""
        return os.getpid()


class ValidatorActor:
    """An inspector on the cluster. One file is read at a time; the control lane answers while it is."""

    def __init__(self) -> None:
        """Make the inspector, and load what looks for faces in the background: the first picture needn't wait."""
        self._inspector = Inspector(EMPTY, patience=MOST_BEHIND_SECONDS)
        self._binder = Binder()
        self._busy = False
        Thread(target=face_reader, name="warm", daemon=True).start()

    @ray.method(concurrency_group="work", num_returns="streaming")  # type: ignore[untyped-decorator]
    def inspect(self, order: InspectOrder) -> Iterator[Part]:
        """Read one file and say what it is; see `Inspector.inspect`. The inspection comes in parts."""
        self._busy = True
        try:
            yield from in_parts(self._inspector.inspect(order))
        finally:
            self._busy = False

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def adopt(self, page: Page) -> int:
        """Take a page of a newer registry; give the version that holds now, the newer one with the last page."""
        news = self._binder.add(page)
        return self._inspector.version if news is None else self._inspector.adopt(news)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def pulse(self, version: int = -1, age: float = math.inf) -> Pulse:
        """Say that it lives, and hear of the registry. Reading a file shows no steps, so it is never called silent."""
        self._inspector.confirm(version, age)
        return Pulse(self._inspector.version, busy=self._busy)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def nodes(self) -> int:
        """Count the cluster's living nodes; asked here because `ray.nodes()` can abort the process that calls it."""
        return _nodes()

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def pid(self) -> int:
        """Give the process id on its node, for operators and tests."""
        return os.getpid()


def _nodes() -> int:
    return sum(bool(node["Alive"]) for node in ray.nodes())


def _cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
