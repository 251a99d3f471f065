"""What each part loads, seen in a fresh process: a package's `__init__` can break what the import linter can't see."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "transformers", "peft", "ray")
STATE = ("piccolo", "asyncpg", "redis", "broadcaster", "obstore")
WEB = ("strawberry", "starlette", "graphql", "uvicorn", "pydantic_settings")


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print('\\n'.join(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("domain.kernel.wire", HEAVY + STATE + WEB),
        ("domain.kernel.ports", HEAVY + STATE + WEB),
        ("domain.registry.names", HEAVY + STATE + WEB),
        ("domain.registry.gates", HEAVY + STATE + WEB),
        ("gpu_cluster.inspector", HEAVY + STATE + WEB),
        ("gpu_cluster.artist", STATE + WEB + ("ray",)),
        ("gpu_cluster.gateway", STATE + WEB + ("torch", "diffusers", "transformers", "peft")),
        ("domain.reactions", HEAVY + WEB),
        ("resolvers.root", HEAVY),
        ("countenance.asgi", HEAVY),
        ("countenance.cli", HEAVY),
    ],
)
def test_a_part_loads_nothing_that_it_must_not_know(module: str, never: tuple[str, ...]) -> None:
    loaded = loaded_by(module)

    assert module.split(".", maxsplit=1)[0] in loaded
    assert loaded.isdisjoint(never), f"{module} loads {sorted(loaded.intersection(never))}"
