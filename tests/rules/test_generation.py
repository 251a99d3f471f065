"""The pure decisions of the generation context."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.generation import rules
from domain.generation.rules import JobPriority, JobStatus, Use, Wish
from domain.kernel.ids import ResourceId, new_id
from domain.kernel.ports import Policy
from domain.kernel.refusals import Conflict, InvalidInput

POLICY = Policy()
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CHECKPOINT = ResourceId(new_id())
LORA = ResourceId(new_id())
WISH = Wish(checkpoint_id=CHECKPOINT, prompt="a lighthouse at night")


def test_a_wish_within_its_bounds_is_cleaned() -> None:
    wish = replace(WISH, prompt="  a lighthouse ", negative_prompt=" fog ", uses=(Use(LORA, -1.0),), seed=7.0)

    cleaned = rules.check_wish(wish, POLICY)

    assert cleaned == ("a lighthouse", "fog")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": ""}, "input.prompt"),
        ({"prompt": " \n"}, "input.prompt"),
        ({"prompt": "x" * 4001}, "input.prompt"),
        ({"prompt": "a\0b"}, "input.prompt"),
        ({"prompt": "a\ud800b"}, "input.prompt"),
        ({"negative_prompt": "x" * 4001}, "input.negativePrompt"),
        ({"width": 56}, "input.width"),
        ({"width": 100}, "input.width"),
        ({"height": 2056}, "input.height"),
        ({"steps": 0}, "input.steps"),
        ({"steps": 151}, "input.steps"),
        ({"guidance": -0.1}, "input.guidance"),
        ({"guidance": 30.1}, "input.guidance"),
        ({"guidance": math.nan}, "input.guidance"),
        ({"quantity": 0}, "input.quantity"),
        ({"quantity": 9}, "input.quantity"),
        ({"seed": -1.0}, "input.seed"),
        ({"seed": 0.5}, "input.seed"),
        ({"seed": 2.0**53}, "input.seed"),
        ({"seed": math.inf}, "input.seed"),
        ({"seed": math.nan}, "input.seed"),
        ({"uses": (Use(LORA, 2.1),)}, "input.resources.0.weight"),
        ({"uses": (Use(LORA, math.nan),)}, "input.resources.0.weight"),
        ({"uses": (Use(LORA), Use(LORA))}, "input.resources.1.resourceId"),
        ({"uses": (Use(CHECKPOINT),)}, "input.resources.0.resourceId"),
        ({"uses": tuple(Use(ResourceId(new_id())) for _ in range(9))}, "input.resources"),
    ],
)
def test_a_wish_out_of_bounds_names_its_field(change: dict[str, object], field: str) -> None:
    wish = replace(WISH, **change)  # type: ignore[arg-type]

    with pytest.raises(InvalidInput) as refused:
        rules.check_wish(wish, POLICY)

    assert refused.value.field == field


def test_the_policy_bounds_the_pixels() -> None:
    wish = replace(WISH, width=1024, height=1024)

    with pytest.raises(InvalidInput) as refused:
        rules.check_wish(wish, replace(POLICY, max_pixels=1024 * 1024 - 1))

    assert refused.value.field == "input.width"


@pytest.mark.parametrize(
    ("width", "steps", "quantity", "priority", "cost"),
    [
        (512, 25, 1, JobPriority.NORMAL, 7),  # 6.55 megapixel steps
        (512, 25, 3, JobPriority.NORMAL, 21),
        (512, 25, 1, JobPriority.HIGH, 14),
        (512, 25, 1, JobPriority.LOW, 4),
        (64, 1, 1, JobPriority.LOW, 1),
        (64, 1, 8, JobPriority.NORMAL, 8),
        (2048, 150, 8, JobPriority.HIGH, 10072),
    ],
)
def test_cost_is_by_the_picture(width: int, steps: int, quantity: int, priority: JobPriority, cost: int) -> None:
    wish = replace(WISH, width=width, height=width, steps=steps, quantity=quantity, priority=priority)

    found = rules.cost_of(wish, POLICY)

    assert found == cost
    assert found % quantity == 0


def test_every_step_is_in_the_table_or_a_conflict() -> None:
    allowed = []

    for now, to in product(JobStatus, JobStatus):
        if to in rules.STEPS[now]:
            allowed.append((now, rules.step(now, to)))
            continue
        with pytest.raises(Conflict) as refused:
            rules.step(now, to)
        assert refused.value.state == now

    assert len(allowed) == 13
    assert {now for now in JobStatus if rules.is_final(now)} == {"SUCCEEDED", "FAILED", "CANCELLED", "REFUSED"}


def test_a_priority_is_a_head_start_and_waiting_makes_up_for_it() -> None:
    low = rules.turn_of(JobPriority.LOW, NOON)

    later = [rules.turn_of(JobPriority.HIGH, NOON + timedelta(minutes=minutes)) for minutes in (0, 11, 13)]

    assert [turn < low for turn in later] == [True, True, False]
    assert rules.turn_of(JobPriority.NORMAL, NOON) == NOON


def test_seeds_count_up_and_around() -> None:
    last = rules.MAX_SEED

    assert rules.seeds_for(5, 3) == (5, 6, 7)
    assert rules.seeds_for(last, 2) == (last, 0)


def test_a_job_is_given_up_after_its_last_loss() -> None:
    found = [rules.after_loss(losses, replace(POLICY, max_render_attempts=3)) for losses in (1, 2, 3)]

    assert found == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED]


def test_rests_grow_to_half_a_minute() -> None:
    assert [rules.backoff(failures).total_seconds() for failures in (0, 1, 2, 3, 5, 6, 100)] == [1, 1, 2, 4, 16, 30, 30]


def test_an_estimate_needs_something_drawn_lately() -> None:
    assert rules.estimated_seconds(10.0, 0.0, 1, []) is None
    assert rules.estimated_seconds(10.0, 20.0, 2, [(5.0, 10.0), (1.0, 1.0), (1.0, 9.0), (0.0, 3.0)]) == 40.0
    assert rules.estimated_seconds(10.0, 20.0, 0, [(5.0, 10.0)]) == 60.0
