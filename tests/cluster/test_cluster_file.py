"""The launcher file is what Ray's launcher accepts, and asks everybody for the token."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def cluster_file() -> dict[str, Any]:
    file: dict[str, Any] = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text(encoding="utf-8"))
    return file


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema that ships with Ray; found without importing Ray, which reads its token when it is imported."""
    import importlib.util

    spec = importlib.util.find_spec("ray")
    assert spec is not None
    assert spec.origin is not None
    schema: dict[str, Any] = json.loads((Path(spec.origin).parent / "autoscaler/ray-schema.json").read_text())
    return schema


def test_the_launchers_schema_accepts_it(cluster_file: dict[str, Any], schema: dict[str, Any]) -> None:
    jsonschema.validate(cluster_file, schema)


def test_the_schema_would_have_found_a_slip(cluster_file: dict[str, Any], schema: dict[str, Any]) -> None:
    slip = {**cluster_file, "max_worker": 8}

    with pytest.raises(jsonschema.ValidationError, match="max_worker"):
        jsonschema.validate(slip, schema)


def test_the_head_draws_nothing_and_gpu_workers_scale(cluster_file: dict[str, Any]) -> None:
    head = cluster_file["available_node_types"][cluster_file["head_node_type"]]
    workers = [kind for name, kind in cluster_file["available_node_types"].items() if name != "head"]

    assert "GPU" not in head["resources"]
    assert [kind["resources"]["GPU"] for kind in workers] == [1]
    assert all(kind["min_workers"] < kind["max_workers"] <= cluster_file["max_workers"] for kind in workers)


def test_every_node_starts_with_the_token(cluster_file: dict[str, Any]) -> None:
    commands = cluster_file["head_start_ray_commands"] + cluster_file["worker_start_ray_commands"]

    assert all(command.startswith("RAY_AUTH_MODE=token ") for command in commands)
    assert "~/.ray/auth_token" in cluster_file["file_mounts"]
