"""The head of a local Ray, as a process of its own: `python -m countenance.embedded.ray_head`.

`ray.init` rather than `ray start`: it starts no Ray Client server (a second, unneeded door), and it can keep every
port on loopback. Ends on SIGTERM, or when one of Ray's own processes is gone, so that its starter can start it again.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import psutil

_VITAL = {"gcs_server", "raylet"}


def main() -> int:
    """Run a local Ray until told to stop; `--ready` is a file that appears when it takes work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--cpus", type=float, required=True)
    parser.add_argument("--object-store-bytes", type=int, required=True)
    parser.add_argument("--ready", type=Path, required=True)
    options = parser.parse_args()

    import ray  # noqa: PLC0415  # slow, and of no use to --help

    ray.init(
        address="local",
        num_cpus=options.cpus,
        object_store_memory=options.object_store_bytes,
        include_dashboard=False,
        log_to_driver=False,
        _temp_dir=options.folder,
        _system_config={"prestart_worker_first_driver": False},  # this driver gives no work
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    vital = [process for process in psutil.Process().children() if process.name() in _VITAL]
    options.ready.touch()
    while not stop.wait(0.5):
        dead = [process for process in vital if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE]
        if dead:
            print(f"{len(dead)} of Ray's processes ended unexpectedly", file=sys.stderr)
            os._exit(1)  # an orderly shutdown would wait for what is gone; the keeper sweeps
    ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
