"""What every bench shares: a figure with what stands beside it, medians, and the machine's name."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside a yardstick that was measured in the same run.

    `ratio` is measured over yardstick; `target` says what was to be reached and `met` whether it was, or both are None
    where nothing was promised.
    """

    name: str
    measured: float
    unit: str
    beside: str | None = None
    yardstick: float | None = None
    target: str | None = None
    met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How the measured figure stands to the yardstick."""
        return self.measured / self.yardstick if self.yardstick else None

    @classmethod
    def of_json(cls, row: dict[str, Any]) -> "Figure":
        """Read a figure from a result file."""
        return cls(**{key: value for key, value in row.items() if key != "ratio"})

    def to_json(self) -> dict[str, Any]:
        """Give the figure as it is written to the result file."""
        return asdict(self) | {"ratio": self.ratio}


def median_seconds(call: Callable[[], object], *, runs: int = 5, warm: int = 1) -> float:
    """Time `call` and give the median of `runs` runs in seconds, after `warm` runs that do not count."""
    for _ in range(warm):
        call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


LOOP = "a loop of 300,000 additions"


def loop_milliseconds() -> float:
    """Time a fixed loop of Python: how fast the machine is at this moment, where others share its processors."""

    def loop() -> None:
        total = 0
        for number in range(300_000):
            total += number * number % 7

    return 1e3 * median_seconds(loop, runs=3)


def machine() -> dict[str, Any]:
    """Name the machine: figures are ratios, and only comparable beside it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  # not a path of ours
            cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        cpu = platform.processor()
    return {"cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
