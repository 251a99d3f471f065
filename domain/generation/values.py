"""The frozen values that leave the generation context; rows stay home."""

from dataclasses import dataclass
from datetime import datetime

from domain.generation.rules import JobStatus, Use
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, Credits, ImageId, JobId, ResourceId


@dataclass(frozen=True, slots=True)
class Progress:
    """The last denoising step that was reported; `image` and `step` count from 1."""

    image: int
    quantity: int
    step: int
    steps: int
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its owner sees it."""

    id: JobId
    owner_id: AccountId
    status: JobStatus
    checkpoint_id: ResourceId
    prompt: str
    negative_prompt: str
    cost: Credits
    charged: Credits
    progress: Progress | None
    refusal: tuple[Finding, ...] | None
    withheld: tuple[Finding, ...] | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture of a job that ended well. Whoever may see it gets a signed URL for `blob_key`."""

    id: ImageId
    job_id: JobId
    owner_id: AccountId
    position: int
    blob_key: str
    width: int
    height: int
    seed: int
    mature: bool
    sha256: str

    @property
    def file_name(self) -> str:
        """The name under which it is downloaded."""
        return f"{self.job_id.hex[-12:]}-{self.position}.png"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a wish would cost, how many jobs stand before it, and when it may be done; None when nobody can know."""

    cost: Credits
    queue_length: int
    estimated_seconds: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that a worker holds until its lease runs out. `attempt` is the fence for all that it reports."""

    job_id: JobId
    attempt: int
    worker: str


@dataclass(frozen=True, slots=True)
class Lease:
    """What a worker hears when it renews: whether it still holds the job, and whether the job must stop."""

    held: bool
    stop: bool


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs wait and how many are being validated or drawn."""

    queued: int
    running: int


__all__ = ["Claim", "Job", "Lease", "Picture", "Progress", "QueueState", "Quote", "Use"]
