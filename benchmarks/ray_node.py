"""A second Ray node on this machine, as a process of its own: `python -m benchmarks.ray_node HOST:PORT`.

`ray start` refuses a second node on loopback, so the node is made as Ray's own multi-node tests make theirs. Prints a
line when it has joined, and ends on SIGTERM.
"""

import signal
import sys
import threading

from ray._private.node import Node
from ray._private.parameter import RayParams


def main() -> int:
    """Join the cluster whose head is named, until told to stop."""
    address = sys.argv[1]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parameters = RayParams(
        redis_address=address,
        gcs_address=address,
        node_ip_address="127.0.0.1",
        num_cpus=2,
        num_gpus=0,
        object_store_memory=256 * 1024**2,
        node_manager_port=0,
        min_worker_port=0,
        max_worker_port=0,
        include_log_monitor=False,
        dashboard_agent_listen_port=None,
    )
    node = Node(parameters, head=False, shutdown_at_exit=True, spawn_reaper=False)
    print("joined", flush=True)
    stop.wait()
    node.kill_all_processes(check_alive=False, allow_graceful=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
