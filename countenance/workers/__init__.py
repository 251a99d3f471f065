"""The worker process: relay, dispatcher, back-scan, clock and more, each kept running; as many of them as one likes.

One relay in the world is at work at a time. Queues and deadlines are shared: whoever is there takes what is due.
"""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

import structlog
import uvloop

from countenance.cluster_state import publish
from countenance.composition import Composed, compose
from countenance.ending import end_if_asked
from countenance.mail import post_for_ever, post_of
from countenance.relay import Relay
from countenance.settings import Settings
from countenance.workers.backscanning import sweep_for_ever
from countenance.workers.clock import tick_for_ever
from countenance.workers.drawing import draw_for_ever, recover_for_ever
from countenance.workers.figures import tell_for_ever
from countenance.workers.scanning import scan_for_ever
from countenance.workers.supervision import keep
from domain.kernel.ports import Ports
from domain.kernel.wire import ClusterUnavailable
from gpu_cluster.gateway import Pools, RayCluster

log = structlog.get_logger(__name__)

Part = Callable[[], Awaitable[None]]

_STATUS_SECONDS = 1.0
_GRACE_SECONDS = 3.5
_LEAVING_SECONDS = 1.0


def main(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then give back what is at work and leave within five seconds."""
    # Ray would print its stack on SIGTERM, which is how this process is asked to stop. Ray is imported later.
    os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings))


async def run(settings: Settings) -> None:
    """Work until a signal asks this process to stop."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    composed = compose(settings)
    cluster = ray_cluster(settings)
    async with composed.opened():
        parts = parts_of(composed, replace(composed.ports, cluster=cluster), cluster)
        tasks = [asyncio.create_task(keep(name, part), name=name) for name, part in parts.items()]
        log.info("the worker is at work", parts=list(parts))
        await stopping.wait()
        log.info("the worker is stopping; what is at work goes back into the queues")
        await _stop(tasks, cluster)


def ray_cluster(settings: Settings) -> RayCluster:
    """Describe the cluster of the settings; it is not connected yet.

    On CPUs torch uses as many threads as an artist was given CPUs: the same seed must give the same bytes.
    """
    pools = Pools(
        cache_dir=settings.model_folder,
        cache_bytes=settings.model_folder_bytes,
        artists=settings.artists,
        artist_gpus=settings.artist_gpus,
        artist_cpus=settings.artist_cpus,
        artist_threads=None if settings.artist_gpus else max(1, int(settings.artist_cpus)),
        validators=settings.validators,
        validator_cpus=settings.validator_cpus,
    )
    token = settings.ray_auth_token
    return RayCluster(settings.ray_address, pools=pools, token=token.get_secret_value() if token else None)


def parts_of(composed: Composed, ports: Ports, cluster: RayCluster) -> Mapping[str, Part]:
    """Give what a worker process does, by name."""
    settings = composed.settings
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    relay = Relay(ports, database_url=settings.database_url.get_secret_value(), redis=composed.redis)
    parts: dict[str, Part] = {
        "relay": relay.run,
        "registry": partial(composed.registry.pass_on, cluster),
        "cluster": partial(_connect_and_tell, composed, cluster),
        "scans": partial(scan_for_ever, ports, worker=worker, validators=settings.validators),
        "pictures": partial(draw_for_ever, ports, worker=worker, artists=settings.artists),
        "recovery": partial(recover_for_ever, ports),
        "back-scan": partial(sweep_for_ever, ports, worker=worker),
        "clock": partial(tick_for_ever, ports),
        "letters": partial(post_for_ever, ports, post_of(settings), sender=settings.mail_from),
    }
    if settings.work_port is not None:
        parts["figures"] = partial(tell_for_ever, settings.host, settings.work_port)
    return parts


async def _connect_and_tell(composed: Composed, cluster: RayCluster) -> None:
    """Connect to the cluster, and say for ever what it looks like. The gateway mends a lost connection by itself."""
    answers = True
    try:
        await cluster.connect()
    except ClusterUnavailable as fault:
        log.warning("the cluster doesn't answer yet; trying on", reason=str(fault))
    while True:
        try:
            state = await cluster.status()
            await publish(composed.redis, state)
            end_if_asked()  # redis swallows a cancellation that reaches it while it dials
            if not answers:
                log.info("the cluster answers again", artists=state.artists, validators=state.validators)
            answers = True
        except ClusterUnavailable as fault:
            if answers:
                log.warning("the cluster doesn't answer; orders wait", reason=str(fault))
            answers = False
        await asyncio.sleep(_STATUS_SECONDS)


async def _stop(tasks: list[asyncio.Task[None]], cluster: RayCluster) -> None:
    """Cancel every part, wait until orders are given back, and leave the cluster, whose actors stay."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
    try:
        async with asyncio.timeout(_LEAVING_SECONDS):
            await cluster.close()
    except (TimeoutError, ClusterUnavailable):
        log.warning("the cluster was left without a goodbye")
