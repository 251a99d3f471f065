"""Write requirements.lock: what pyproject.toml asks for, at the versions that are installed now.

`make lock` runs it after an upgrade. Only what the project needs gets a line, however much the environment holds.
There are no hashes, because torch has different builds of one version for different machines; a local version such
as `+cpu` is cut off for the same reason. Markers are kept, so that one file serves every supported Python.
"""

import importlib.metadata
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11.0", "3.11.9", "3.12.9", "3.13.5", "3.14.2")
ELSEWHERE = {"async-timeout": 'async-timeout==5.0.1; python_full_version < "3.11.3"'}
"""Lines for packages that are not installed here, because only other machines need them."""
MACHINES = (("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64"))


def environments() -> Iterator[dict[str, str]]:
    """Every kind of machine that the lock file is for."""
    for python in PYTHONS:
        for platform, system, machine in MACHINES:
            yield {
                **{key: str(value) for key, value in default_environment().items()},
                "python_full_version": python,
                "python_version": ".".join(python.split(".")[:2]),
                "sys_platform": platform,
                "platform_system": system,
                "platform_machine": machine,
            }


def applies(marker: Marker | None, extras: frozenset[str], everywhere: list[dict[str, str]]) -> bool:
    """Whether a requirement holds on any of the machines."""
    if marker is None:
        return True
    return any(marker.evaluate({**one, "extra": extra}) for one in everywhere for extra in extras or {""})


def main() -> int:
    """Walk from the project's own requirements through those of everything installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = project["optional-dependencies"].values()  # development has every extra on
    queue = [Requirement(line) for lines in (project["dependencies"], *groups) for line in lines]
    everywhere, lines = list(environments()), {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while queue:
        requirement = queue.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name not in ELSEWHERE:
                print(f"{requirement} is not installed and has no line in ELSEWHERE.", file=sys.stderr)
                return 1
            lines[name] = ELSEWHERE[name]
            continue
        lines[name] = f"{name}=={found.version.partition('+')[0]}"
        needed = (Requirement(line) for line in found.requires or ())
        queue.extend(one for one in needed if applies(one.marker, extras, everywhere))
    head = "# Written by `make lock`; see .ci/lock.py.\n"
    (ROOT / "requirements.lock").write_text(head + "".join(f"{line}\n" for _, line in sorted(lines.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
