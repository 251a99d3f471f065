"""The artist: takes an order, loads what it needs, draws, and yields what happens, step by step.

A plain class: `gpu_cluster.actors` puts it on a Ray cluster. One thread draws, because pipelines are not thread-safe;
`cancel` and `adopt` come from other threads while it does and are seen at the next step.
"""

import hashlib
import math
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from domain.kernel.wire import (
    ClusterUnavailable,
    PictureDone,
    RenderCancelled,
    RenderEvent,
    RenderFinished,
    RenderOrder,
    RenderRefused,
    SourceUnreachable,
    StepDone,
)
from domain.registry.changes import News
from domain.registry.snapshot import Snapshot
from gpu_cluster import adapters, pipelines, provenance
from gpu_cluster.gate import Gate, PictureCheck, Refused
from gpu_cluster.models import ModelCache

if TYPE_CHECKING:
    import torch

_CANCELS_KEPT = 1000


class Artist:
    """Draws the pictures of one order at a time.

    Up to `pipelines_kept` checkpoints stay in memory. `threads` are torch's, None for its own choice: pictures are
    the same bytes only under the same number.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        cache_dir: Path,
        *,
        threads: int | None = None,
        pipelines_kept: int = 2,
        cache_bytes: int = 100 * 1024**3,
        picture_check: PictureCheck | None = None,
        patience: float | None = None,
    ) -> None:
        """Start with a registry and a folder for weights; nothing is loaded before the first order.

        With a `patience`, in seconds, it must hear again and again that its registry is the newest.
        """
        self._gate = Gate(snapshot, picture_check, patience=patience)
        self._cache = ModelCache(cache_dir, max_bytes=cache_bytes)
        self._studios: OrderedDict[str, pipelines.Studio] = OrderedDict()
        self._pipelines_kept = pipelines_kept
        self._threads = threads
        self._brush = ThreadPoolExecutor(max_workers=1, thread_name_prefix="brush", initializer=self._set_threads)
        self._cancelled: OrderedDict[UUID, float] = OrderedDict()
        self._lock = threading.Lock()
        self._running: _Job | None = None

    @property
    def version(self) -> int:
        """The registry version that holds here now."""
        return self._gate.version

    @property
    def silence(self) -> float | None:
        """For how many seconds the running job has shown no sign of life; None when none runs."""
        job = self._running
        return None if job is None else time.monotonic() - job.seen_alive

    def warm(self) -> None:
        """Load torch and diffusers in the background, so that the first order needn't wait for them."""
        self._brush.submit(pipelines.import_libraries)

    def adopt(self, news: News) -> int:
        """Take a newer registry; a job that runs is judged by it at its next step. Gives the version that holds."""
        return self._gate.adopt(news)

    def confirm(self, version: int, age: float) -> None:
        """Hear that the newest registry was at `version`, `age` seconds ago."""
        self._gate.confirm(version, age)

    def cancel(self, job_id: UUID, below: int | None = None) -> None:
        """Stop a job within one step: every attempt of it, or those numbered below `below`.

        A job that does not run is remembered, in case its order is still on its way.
        """
        fence = math.inf if below is None else below
        with self._lock:
            self._cancelled[job_id] = max(fence, self._cancelled.get(job_id, 0))
            self._cancelled.move_to_end(job_id)
            while len(self._cancelled) > _CANCELS_KEPT:
                self._cancelled.popitem(last=False)

    def render(self, order: RenderOrder) -> Generator[RenderEvent, None, None]:
        """Draw the order, yielding each step and each picture that passed the gate, then one last event.

        Raises RenderFailed, SourceUnreachable, ClusterUnavailable. A caller that closes the iterator stops the job.
        """
        job = _Job(order)
        work = self._brush.submit(self._draw, job)
        work.add_done_callback(lambda _work: job.events.put(None))
        try:
            while (event := job.events.get()) is not None:
                yield event
        finally:
            job.abandoned.set()
            wait([work])
        work.result()

    def close(self) -> None:
        """Stop the drawing thread and forget the pipelines."""
        self._brush.shutdown(wait=True, cancel_futures=True)
        self._studios.clear()

    def _draw(self, job: "_Job") -> None:
        """Run in the drawing thread: one order from the first check to the last event."""
        order, started = job.order, time.perf_counter()
        job.seen_alive = time.monotonic()
        self._running = job
        try:
            self._watch(job)
            studio, clothes = self._prepare(order)
            with clothes:
                for image, seed in enumerate(order.seeds, start=1):
                    job.image, job.step = image, 0
                    job.events.put(self._picture(job, studio, seed))
            seconds = time.perf_counter() - started
            job.events.put(RenderFinished(order.job_id, order.attempt, self._gate.version, seconds))
        except Refused as refusal:
            job.events.put(RenderRefused(order.job_id, order.attempt, refusal.findings, refusal.registry_version))
        except pipelines.Stopped:
            job.events.put(RenderCancelled(order.job_id, order.attempt, job.image, job.step))
        except (SourceUnreachable, ClusterUnavailable):
            raise
        except Exception:
            # A library may have put half a LoRA on: start the next job from the files again.
            self._studios.pop(order.checkpoint.sha256, None)
            raise
        finally:
            self._running = None

    def _picture(self, job: "_Job", studio: pipelines.Studio, seed: int) -> PictureDone:
        """Draw one picture and take it through the gate."""
        order = job.order

        def after_step(step: int, latents: "torch.Tensor") -> None:
            job.step = step
            self._watch(job)
            small = self._preview(order, studio, latents) if _is_previewed(order, step) else None
            quantity = len(order.seeds)
            job.events.put(StepDone(order.job_id, order.attempt, job.image, quantity, step, order.steps, small))

        picture = pipelines.draw(studio, order, seed, after_step)
        png = provenance.sign(picture, order, seed)
        self._watch(job)
        self._gate.release(picture, order)
        return PictureDone(
            job_id=order.job_id,
            attempt=order.attempt,
            image=job.image,
            png=png,
            sha256=hashlib.sha256(png).hexdigest(),
            width=picture.width,
            height=picture.height,
            seed=seed,
            mature=order.mature,
        )

    def _watch(self, job: "_Job") -> None:
        """Stop the drawing when the job was cancelled, nobody listens any more, or the registry forbids it now."""
        job.seen_alive = time.monotonic()
        with self._lock:
            cancelled = job.order.attempt < self._cancelled.get(job.order.job_id, 0)
        if cancelled or job.abandoned.is_set():
            raise pipelines.Stopped
        if job.judged_by != self._gate.version:
            job.judged_by = self._gate.admit(job.order)

    def _preview(self, order: RenderOrder, studio: pipelines.Studio, latents: "torch.Tensor") -> str | None:
        """Give a preview as a data URL if it passes the gate: nothing unchecked may leave."""
        small = pipelines.preview(studio, latents)
        return pipelines.data_url(small) if self._gate.may_show(small, order) else None

    def _prepare(self, order: RenderOrder) -> tuple[pipelines.Studio, ExitStack]:
        """Have the checkpoint in memory wearing the order's LoRAs and embeddings; closing the stack takes them off."""
        studio = self._studio(order)
        with ExitStack() as held:
            loras, embeddings = [], []
            for use in order.resources:
                model, path = use.model, held.enter_context(self._cache.hold(use.model))
                if use.kind == "EMBEDDING":
                    trigger = use.trigger_words[0] if use.trigger_words else None
                    embeddings.append(adapters.LocalEmbedding(model.resource_id, path, use.weight, trigger))
                else:
                    loras.append(adapters.LocalLora(model.resource_id, model.sha256, path, use.weight))
            clothes = ExitStack()
            clothes.enter_context(adapters.wearing(studio, loras, embeddings))
        return studio, clothes

    def _studio(self, order: RenderOrder) -> pipelines.Studio:
        """Give the order's checkpoint, loaded now or kept from before; the least recently used one makes room."""
        sha256 = order.checkpoint.sha256
        studio = self._studios.pop(sha256, None)
        if studio is None:
            while len(self._studios) >= self._pipelines_kept:
                self._studios.popitem(last=False)
            with self._cache.hold(order.checkpoint) as path:
                studio = pipelines.load_checkpoint(path)
        self._studios[sha256] = studio
        return studio

    def _set_threads(self) -> None:
        """Fix torch's threads in the drawing thread, once it is born."""
        if self._threads is not None:
            import torch

            torch.set_num_threads(self._threads)


def _is_previewed(order: RenderOrder, step: int) -> bool:
    """Whether a step shows a preview; the last is followed by the picture itself."""
    return order.preview_every >= 1 and step % order.preview_every == 0 and step < order.steps


class _Job:
    """One order on its way: what happened so far, and where the drawing stands."""

    def __init__(self, order: RenderOrder) -> None:
        self.order = order
        self.events: queue.SimpleQueue[RenderEvent | None] = queue.SimpleQueue()
        self.abandoned = threading.Event()
        self.image = 1
        self.step = 0
        self.seen_alive = time.monotonic()
        self.judged_by: int | None = None
