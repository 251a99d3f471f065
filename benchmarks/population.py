"""Compute what LoRAs of the starter have in common, the data that `domain.registry.weights` takes away from sketches.

    python -m benchmarks.population

It trains LoRAs of subjects that no other bench uses (or takes them from the cache), and writes their mean and the few
directions in which they vary most. Run it after a change of the sketch, then measure anew with
`python -m benchmarks weights`.
"""

from pathlib import Path

import numpy as np

from benchmarks.trained_loras import Recipe, recipes, trained
from domain.registry import weights
from domain.registry.weights import HALF, Floats, read_raw
from gpu_cluster.inspector import Inspector

DIRECTIONS = 6
"""The mean, and the five strongest directions beside it."""


def planned() -> list[Recipe]:
    """Plan the LoRAs: what is common grows and turns while they are trained, so some are trained for long."""
    short = recipes(range(1000, 1024))
    return [*short, *recipes(range(1024, 1036), steps=220), *recipes(range(1036, 1042), steps=450)]


def common_directions(rows: Floats) -> Floats:
    """Give orthonormal directions for each half of the sketches: their mean first, then the strongest deviations."""
    halves = [_of_half(rows[:, :HALF]), _of_half(rows[:, HALF:])]
    return np.hstack(halves).astype(np.float32)


def _of_half(rows: Floats) -> Floats:
    mean = rows.mean(axis=0)
    mean /= np.linalg.norm(mean)
    beside = rows - np.outer(rows @ mean, mean)
    _, _, strongest = np.linalg.svd(beside, full_matrices=False)
    return np.vstack([mean, strongest[: DIRECTIONS - 1]]).astype(np.float32)


def main() -> None:
    """Write the data in force anew."""
    inspector = Inspector()
    sketches = [inspector.inspect_path(path).sketch for _, path in trained(planned())]
    directions = common_directions(read_raw([sketch for sketch in sketches if sketch is not None]))
    target = Path(weights.__file__).parent / "data" / weights.POPULATION
    np.save(target, directions.astype(np.float16))
    print(f"{len(directions)} directions common to {len(sketches)} LoRAs: {target}")


if __name__ == "__main__":
    main()
