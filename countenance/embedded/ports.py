"""Ports: finding free ones, and saying in time that one is taken."""

import socket

from countenance.failures import CannotStart


def free_port() -> int:
    """Find a loopback port that nothing uses now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Find `count` different loopback ports that nothing uses now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def demand_free(host: str, port: int) -> None:
    """Raise CannotStart when a server could not listen on this address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: old connections don't count
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise CannotStart(
                f"Port {port} on {host} can't be used ({(error.strerror or str(error)).lower()}); "
                "stop the program that holds it, or choose another with --port."
            ) from None
