"""What has happened to a generation. All go to the topic `job:<id>`, which its owner and moderators may follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, JobId


def topic_of(job_id: JobId) -> str:
    """Name the live topic of one job."""
    return f"job:{job_id}"


@dataclass(frozen=True, slots=True)
class GenerationRequested(Fact):
    """A job was queued and its cost is held."""

    job_id: JobId
    owner_id: AccountId

    def topics(self) -> Iterable[str]:
        """Name its topics."""
        return (topic_of(self.job_id),)


@dataclass(frozen=True, slots=True)
class GenerationMoved(Fact):
    """A job took a step that is not its last: VALIDATING, RUNNING, or back to QUEUED."""

    job_id: JobId
    status: str

    def topics(self) -> Iterable[str]:
        """Name its topics."""
        return (topic_of(self.job_id),)


@dataclass(frozen=True, slots=True)
class GenerationStepped(Fact):
    """A denoising step of a picture is done; both count from 1. `preview` is a small data URL on few steps."""

    lasting: ClassVar[bool] = False

    job_id: JobId
    attempt: int
    image: int
    quantity: int
    step: int
    steps: int
    preview: str | None = None

    def topics(self) -> Iterable[str]:
        """Name its topics."""
        return (topic_of(self.job_id),)


@dataclass(frozen=True, slots=True)
class GenerationStopAsked(Fact):
    """A job that an artist may be drawing must stop: its owner cancelled it, or it may no longer be drawn."""

    job_id: JobId


@dataclass(frozen=True, slots=True)
class PicturesWithheld(Fact):
    """The pictures of a finished job are withheld, or given back, because the registry has changed."""

    job_id: JobId
    owner_id: AccountId
    withheld: bool

    def topics(self) -> Iterable[str]:
        """Go to the owner."""
        return (f"inbox:{self.owner_id}",)


@dataclass(frozen=True, slots=True)
class GenerationFinished(Fact):
    """A job took its last step and its credits are settled."""

    job_id: JobId
    owner_id: AccountId
    status: str

    def topics(self) -> Iterable[str]:
        """Name its topics."""
        return (topic_of(self.job_id), f"inbox:{self.owner_id}")
