"""Orders for artists and validators, with the starter's files in place on this machine."""

import asyncio
import io
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from PIL import Image

from domain.kernel.wire import (
    ClusterState,
    ClusterUnavailable,
    LoraUse,
    ModelRef,
    PictureDone,
    RenderEvent,
    RenderOrder,
)
from gpu_cluster.artist import Artist
from gpu_cluster.gateway import RayCluster
from gpu_cluster.models import digest_of

NUMPY_AND_TORCH = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
"""diffusers' Euler scheduler makes an array of a tensor in a way that numpy 2 no longer likes."""


def in_place(path: Path, *, kind: str = "safetensors") -> ModelRef:
    """A reference to a file or folder that lies on this machine."""
    sha256, size = digest_of(path)
    return ModelRef(UUID(int=int(sha256[:32], 16)), "", sha256, size, kind, str(path))


def render_order(checkpoint: ModelRef, **changes: Any) -> RenderOrder:
    """A small and quick order: 64 × 64 pixels in 4 steps."""
    order: dict[str, Any] = {
        "job_id": uuid4(),
        "attempt": 1,
        "checkpoint": checkpoint,
        "resources": (),
        "prompt": "a lighthouse at sunset",
        "negative_prompt": "",
        "width": 64,
        "height": 64,
        "steps": 4,
        "guidance": 7.0,
        "sampler": "EULER",
        "seeds": (7,),
        "registry_version": 0,
    }
    return RenderOrder(**{**order, **changes})


_AWAKE_SECONDS = 90.0
"""Shorter than a test may take as a whole, so that this says what is amiss."""


async def all_awake(cluster: RayCluster, *, artists: int = 2, version: int = 0) -> ClusterState:
    """Wait until so many artists and a validator answer and hold this registry; say how it stands where they don't."""
    seen: object = "nobody has answered"
    try:
        async with asyncio.timeout(_AWAKE_SECONDS):
            while True:
                try:
                    seen = state = await cluster.status()
                except ClusterUnavailable as fault:
                    seen = fault  # none of them is awake yet
                else:
                    holding = set(state.registry_versions.values()) == {version}
                    if state.artists == artists and state.validators and holding:
                        return state
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"the cluster is not awake after {_AWAKE_SECONDS:g} s: {seen}") from None


async def always_confirmed(cluster: RayCluster) -> None:
    """Say again and again that the registry which the cluster was given is the newest, as a worker does."""
    while True:
        cluster.confirm(cluster._bulletin.version)
        await asyncio.sleep(0.1)


def lora(model: ModelRef, weight: float = 1.0, trigger_words: tuple[str, ...] = ()) -> LoraUse:
    """The use of a LoRA."""
    return LoraUse(model, weight, trigger_words=trigger_words)


def embedding(model: ModelRef, trigger: str, weight: float = 1.0) -> LoraUse:
    """The use of a textual inversion."""
    return LoraUse(model, weight, kind="EMBEDDING", trigger_words=(trigger,))


def pictures(events: list[RenderEvent]) -> list[PictureDone]:
    """The pictures among the events of a job."""
    return [event for event in events if isinstance(event, PictureDone)]


def picture(artist: Artist, order: RenderOrder) -> bytes:
    """Draw one picture and give its pixels, without what is written about its origin."""
    [done] = pictures(list(artist.render(order)))
    with Image.open(io.BytesIO(done.png)) as image:
        return image.tobytes()
