"""What a generation may ask for, what it costs, when its turn comes, and which steps its job may take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.kernel.ids import Credits, ResourceId
from domain.kernel.ports import Policy
from domain.kernel.refusals import Conflict, InvalidInput
from domain.kernel.text import clean

MAX_PROMPT = 4_000
MAX_RESOURCES = 8
MAX_SEED = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""


class JobStatus(StrEnum):
    """Where a job stands. The last four are final."""

    QUEUED = "QUEUED"
    VALIDATING = "VALIDATING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"


class Sampler(StrEnum):
    """How noise becomes a picture."""

    DDIM = "DDIM"
    EULER = "EULER"
    EULER_ANCESTRAL = "EULER_ANCESTRAL"
    DPMPP_2M = "DPMPP_2M"
    DPMPP_2M_KARRAS = "DPMPP_2M_KARRAS"
    LCM = "LCM"
    UNIPC = "UNIPC"


class JobPriority(StrEnum):
    """How urgent a job is: HIGH costs twice as much and goes ahead, LOW costs half and waits."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


STEPS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.VALIDATING, JobStatus.CANCELLED, JobStatus.REFUSED}),
    JobStatus.VALIDATING: frozenset(
        {JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REFUSED}
    ),
    JobStatus.RUNNING: frozenset(
        {JobStatus.SUCCEEDED, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REFUSED}
    ),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.REFUSED: frozenset(),
}
"""Every step that a job may take. VALIDATING and RUNNING go back to QUEUED when the cluster, not the job, failed."""

DELIVERED = frozenset({JobStatus.SUCCEEDED, JobStatus.CANCELLED})
"""Only here are pictures shown. What is refused or failed delivers nothing, even if pictures were finished."""

MAX_SOURCE_FAULTS = 20
"""So often in a row may a resource's file be unreadable, some eight minutes in all, before the job is given up."""

_PRICE_FACTOR = {JobPriority.LOW: 0.5, JobPriority.NORMAL: 1.0, JobPriority.HIGH: 2.0}
_HEAD_START = {
    JobPriority.LOW: timedelta(minutes=-10),
    JobPriority.NORMAL: timedelta(),
    JobPriority.HIGH: timedelta(minutes=2),
}
_SHORTEST_BACKOFF = timedelta(seconds=1)
_LONGEST_BACKOFF = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Use:
    """A resource of a wish or a job with its weight, −1 to 2."""

    resource_id: ResourceId
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member asks to be drawn: `quantity` pictures of `width` × `height` pixels, with seeds counted up."""

    checkpoint_id: ResourceId
    prompt: str
    uses: tuple[Use, ...] = ()
    negative_prompt: str = ""
    width: int = 512
    height: int = 512
    steps: int = 25
    guidance: float = 7.0
    sampler: Sampler = Sampler.EULER
    seed: float | None = None
    quantity: int = 1
    priority: JobPriority = JobPriority.NORMAL


def is_final(status: JobStatus) -> bool:
    """Say whether a job in this state takes no further step."""
    return not STEPS[status]


def step(now: JobStatus, to: JobStatus) -> JobStatus:
    """Take a step that the table allows. Raises Conflict with the state that the job is in."""
    if to not in STEPS[now]:
        raise Conflict(f"This job is {now}, so it can't become {to}.", state=now)
    return to


def check_wish(wish: Wish, policy: Policy) -> tuple[str, str]:
    """Hold a wish against its bounds; give prompt and negative prompt as they are stored. Raises InvalidInput."""
    prompt = clean(wish.prompt, "input.prompt", MAX_PROMPT, 1)
    negative = clean(wish.negative_prompt, "input.negativePrompt", MAX_PROMPT)
    _check_picture(wish, policy)
    _check_range("steps", wish.steps, 1, 150)
    _check_range("guidance", wish.guidance, 0, 30)
    _check_range("quantity", wish.quantity, 1, policy.max_quantity)
    if wish.seed is not None and not (0 <= wish.seed <= MAX_SEED and wish.seed == math.floor(wish.seed)):
        raise InvalidInput(f"`seed` must be a whole number from 0 to {MAX_SEED}.", field="input.seed")
    _check_uses(wish)
    return prompt, negative


def _check_picture(wish: Wish, policy: Policy) -> None:
    """Hold the size of a picture against what models can draw and the policy allows."""
    for name, pixels in (("width", wish.width), ("height", wish.height)):
        _check_range(name, pixels, 64, 2048)
        if pixels % 8:
            raise InvalidInput(
                f"`{name}` must be a multiple of 8; the nearest is {round(pixels / 8) * 8}.", f"input.{name}"
            )
    if wish.width * wish.height > policy.max_pixels:
        raise InvalidInput(f"A picture may have at most {policy.max_pixels} pixels.", field="input.width")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN, which is no number at all
        raise InvalidInput(f"`{name}` must be from {low:g} to {high:g}.", field=f"input.{name}")


def _check_uses(wish: Wish) -> None:
    """Hold the list of resources against its bounds."""
    if len(wish.uses) > MAX_RESOURCES:
        raise InvalidInput(f"At most {MAX_RESOURCES} resources may be used at once.", field="input.resources")
    seen = {wish.checkpoint_id}
    for place, use in enumerate(wish.uses):
        if not -1 <= use.weight <= 2:
            raise InvalidInput("`weight` must be from -1 to 2.", field=f"input.resources.{place}.weight")
        if use.resource_id in seen:
            raise InvalidInput("A resource may be used only once.", field=f"input.resources.{place}.resourceId")
        seen.add(use.resource_id)


def cost_of_picture(wish: Wish, policy: Policy) -> Credits:
    """Price one picture: megapixels × steps × the policy's price × the priority's factor, rounded up, at least 1."""
    work = wish.width * wish.height / 1_000_000 * wish.steps
    return Credits(max(1, math.ceil(work * policy.price_per_megapixel_step * _PRICE_FACTOR[wish.priority])))


def cost_of(wish: Wish, policy: Policy) -> Credits:
    """Price a wish: so many pictures at the price of one, so that a cancelled job can pay for just what it got."""
    return Credits(cost_of_picture(wish, policy) * wish.quantity)


def work_of(width: int, height: int, steps: int, quantity: int) -> float:
    """Measure work in megapixel steps; the time that a picture takes grows about in proportion."""
    return width * height / 1_000_000 * steps * quantity


def turn_of(priority: JobPriority, asked_at: datetime) -> datetime:
    """Give the time by which the queue is sorted.

    A priority is a head start and not a class of its own: as time passes a LOW job comes before every HIGH one that was
    asked for later than its lag, so none waits for ever.
    """
    return asked_at - _HEAD_START[priority]


def seeds_for(seed: int, quantity: int) -> tuple[int, ...]:
    """Count seeds up from the first, beginning again at 0 behind the largest."""
    return tuple((seed + n) % (MAX_SEED + 1) for n in range(quantity))


def after_loss(losses: int, policy: Policy) -> JobStatus:
    """Decide about a job that has now lost its artist `losses` times: again, or given up."""
    return JobStatus.QUEUED if losses < policy.max_render_attempts else JobStatus.FAILED


def backoff(failures: int) -> timedelta:
    """Wait longer after each failure in a row: 1 s, 2 s, 4 s… 30 s at most."""
    return min(_LONGEST_BACKOFF, _SHORTEST_BACKOFF * (1 << min(max(failures - 1, 0), 10)))


def estimated_seconds(own: float, ahead: float, artists: int, recent: Sequence[tuple[float, float]]) -> float | None:
    """Estimate when a wish is done, from the median speed of recent jobs given as (work, seconds).

    `own` and `ahead` are work in megapixel steps, that which stands before it being shared by the artists at work. None
    when nothing was drawn lately.
    """
    speeds = sorted(seconds / work for work, seconds in recent if work > 0)
    if not speeds:
        return None
    median = speeds[len(speeds) // 2]
    return round(median * (own + ahead / max(1, artists)), 1)
