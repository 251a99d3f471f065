"""`make bench`: run every bench, or those named, print one table and write one JSON file.

    python -m benchmarks [--short] [--out FILE] [NAME …]

A bench is a module here with `run(short: bool) -> list[Figure]`. `--short` is what CI runs: fewer runs of smaller work,
to see that the benches work, not to quote figures from.
"""

import argparse
import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

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
    results: dict[str, list[Figure]] = {}
    for name in asked.names or BENCHES:
        console.print(f"[bold]{name}[/] …")
        results[name] = importlib.import_module(f"benchmarks.{name}").run(short=asked.short)
        console.print(table(results[name]))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "at": datetime.now(UTC).isoformat(),
        "short": asked.short,
        "machine": machine(),
        "figures": {name: [figure.to_json() for figure in figures] for name, figures in results.items()},
    }
    asked.out.write_text(json.dumps(body, indent=2) + "\n")
    console.print(f"on {body['machine']}; written to {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
