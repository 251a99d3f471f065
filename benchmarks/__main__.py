"""`make bench`: run every bench, or those named, print one table and write one JSON file.

    python -m benchmarks [--short] [--out FILE] [NAME …]

A bench is a module here with `run(short: bool) -> list[Figure]`. `--short` is what CI runs: fewer runs of smaller work,
to see that the benches work, not to quote figures from.
"""

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.harness import Figure, machine

BENCHES = (
    "scan",
    "inspect",
    "vault",
    "names",
    "weights",
    "faces",
    "reads",
    "queries",
    "search",
    "fanout",
    "generation",
    "propagation",
    "backscan",
)

_MOST_SECONDS = 900
"""No bench takes so long; one that does is ended, and counts as failed."""


def table(figures: list[Figure]) -> Table:
    """Lay the figures out beside their yardsticks."""
    grid = Table("figure", "measured", "beside", "ratio", "target", "")
    for figure in figures:
        grid.add_row(
            figure.name,
            f"{figure.measured:,.4g} {figure.unit}",
            f"{figure.yardstick:,.4g} {figure.unit} {figure.beside}" if figure.yardstick else "",
            f"{figure.ratio:.2f}" if figure.ratio else "",
            figure.target or "",
            {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.met],
        )
    return grid


def measured(name: str, short: bool) -> list[Figure]:
    """Run one bench in this process."""
    figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").run(short=short)
    return figures


def measured_apart(name: str, *, short: bool) -> list[Figure] | None:
    """Run one bench in a process of its own, so that none inherits another's heap or Ray; None when it fails."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks", *(["--short"] if short else []), "--out", str(out), name]
        try:
            subprocess.run(command, check=True, timeout=_MOST_SECONDS, stdout=subprocess.DEVNULL)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        figures: list[Figure] = [Figure.of_json(row) for row in json.loads(out.read_text())["figures"][name]]
        return figures


def main() -> int:
    """Run the benches that were asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--short", action="store_true", help="smaller work, fewer runs")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/latest.local.json"))
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help=f"of {', '.join(BENCHES)}")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench named {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    console = Console(width=160)
    results: dict[str, list[dict[str, Any]]] = {}
    failed = []
    for name in asked.names or BENCHES:
        console.print(f"[bold]{name}[/] …")
        figures = measured_apart(name, short=asked.short) if len(asked.names) != 1 else measured(name, asked.short)
        if figures is None:
            failed.append(name)
        else:
            results[name] = [figure.to_json() for figure in figures]
            console.print(table(figures))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "at": datetime.now(UTC).isoformat(),
        "short": asked.short,
        "machine": machine(),
        "figures": results,
    }
    asked.out.write_text(json.dumps(body, indent=2) + "\n")
    console.print(f"on {body['machine']}; written to {asked.out}")
    if failed:
        console.print(f"[red]These benches did not come to their end: {', '.join(failed)}.[/]")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
