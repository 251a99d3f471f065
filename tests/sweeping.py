"""The back-scan run to its end, as the worker runs it in a queue of its own."""

from domain import backscan
from domain.kernel.scope import Scope

_MOST_CALLS = 100


async def swept(scope: Scope) -> int:
    """Everything stored is brought up to the registry that this process holds; gives how many things were touched."""
    return sum([await _to_its_end(scope, name) for name in backscan.SWEEPS])


async def _to_its_end(scope: Scope, name: str) -> int:
    touched = 0
    for _ in range(_MOST_CALLS):
        more = await backscan.sweep(scope, name, worker="test")
        if more is None:
            return touched
        touched += more
    raise AssertionError(f"the sweep of {name} does not end")
