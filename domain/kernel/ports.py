"""What the domain asks of the world outside: protocols that the composition root fills in."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from domain.kernel.vault import Vault
from domain.kernel.wire import ClusterState, Inspection, InspectOrder, RenderEvent, RenderOrder

if TYPE_CHECKING:
    # The registry stands above the kernel; only the type checker looks up here.
    from domain.registry.matching import Matcher
    from domain.registry.snapshot import Snapshot


class Clock(Protocol):
    """The time. Tests turn it by hand."""

    def now(self) -> datetime:
        """Give the current time, aware, in UTC."""
        ...


class Blobs(Protocol):
    """Bytes by key, in a local folder or an object store."""

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all; an existing blob is replaced."""
        ...

    async def put_file(self, key: str, path: str) -> None:
        """Store the local file at `path` under `key`, streamed."""
        ...

    async def put_stream(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store what `pieces` give under `key`, whole or, when they raise, not at all; an existing blob is replaced."""
        ...

    async def get(self, key: str) -> bytes:
        """Read a small blob whole. Raises FileNotFoundError."""
        ...

    def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Read bytes `start` to `end` (exclusive) in chunks. Raises FileNotFoundError on the first one."""
        ...

    async def size(self, key: str) -> int | None:
        """Give the size in bytes, or None when there is no such blob."""
        ...

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete blobs; a key that is not there is no error."""
        ...

    async def signed_url(self, key: str, *, seconds: int, file_name: str | None = None, audience: str = "") -> str:
        """Make a URL that reads this blob without further rights and expires.

        `audience` binds the URL to an account id; empty for URLs that only the cluster gets.
        """
        ...


class Cluster(Protocol):
    """The generation and validation cluster behind its gateway."""

    async def inspect(self, order: InspectOrder) -> Inspection:
        """Have a validator read one file. Raises ActorLost, SourceUnreachable, ClusterUnavailable."""
        ...

    def render(self, order: RenderOrder) -> AsyncIterator[RenderEvent]:
        """Have an artist draw; ends with RenderFinished, RenderRefused or RenderCancelled.

        Raises ActorLost, RenderFailed, SourceUnreachable, ClusterUnavailable.
        """
        ...

    async def cancel(self, job_id: UUID) -> None:
        """Stop a running job within one step. A job that does not run is no error."""
        ...

    async def adopt(self, snapshot: "Snapshot") -> None:
        """Give every actor a newer registry."""
        ...

    async def status(self) -> ClusterState:
        """Say what is there. Raises ClusterUnavailable."""
        ...


class Limiter(Protocol):
    """Rate limits shared by every process."""

    async def hit(self, rule: str, key: str) -> int | None:
        """Count one use of `rule` by `key`; None when allowed, else the whole seconds to wait."""
        ...

    async def wait(self, rule: str, key: str) -> int | None:
        """Say what `hit` would, without counting."""
        ...


class Registry(Protocol):
    """The registry that this process holds now; replaced as a whole when a newer one is adopted."""

    @property
    def matcher(self) -> "Matcher":
        """The matcher of the newest adopted snapshot. Raises RegistryUnread when it may not be the newest any more."""
        ...

    @property
    def version(self) -> int:
        """Its version."""
        ...

    async def reach(self, version: int) -> bool:
        """Adopt what is newer, if this process holds an older one; whether it holds that version now."""
        ...


class Sealer(Protocol):
    """Keeps bytes secret at rest. `about` is what they belong to: under another one they don't open."""

    def seal(self, plain: bytes, *, about: bytes) -> bytes:
        """Encrypt and authenticate."""
        ...

    def open(self, sealed: bytes, *, about: bytes) -> bytes:
        """Give the bytes back. Raises ValueError for what was changed, or sealed under another key or subject."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """The figures that rules need, read once from settings. Credits are whole; times are in seconds."""

    signup_grant: int = 1000
    session_seconds: int = 30 * 24 * 3600
    max_file_bytes: int = 8 * 1024**3
    max_sample_bytes: int = 20 * 1024**2
    upload_seconds: int = 24 * 3600
    download_seconds: int = 300
    min_pledge: int = 10
    max_pledge: int = 1_000_000
    judging_seconds: int = 7 * 24 * 3600
    cancel_share_percent: int = 10
    """The part of a pot that the authors of accepted entries share when a bounty is cancelled."""
    reconcile_seconds: int = 600
    """How often the books of all bounties are proved."""
    price_per_megapixel_step: int = 1
    max_pixels: int = 2048 * 2048
    max_quantity: int = 8
    max_jobs_in_flight: int = 8
    max_scan_attempts: int = 3
    max_render_attempts: int = 3
    history_seconds: int = 14 * 24 * 3600
    """How long a live feed can be resumed."""
    passing_history_seconds: int = 24 * 3600
    """The same, for facts of passing interest such as progress."""
    hold_unexamined: bool = True
    """Whether a picture is held where its faces can't be compared, because the extra `faces` isn't installed."""
    unawarded_kept_seconds: int = 30 * 24 * 3600
    """How long after a bounty's end the files of entries that did not win are kept."""
    case_seconds: int = 48 * 3600
    """How long after it was opened a moderation case is due."""
    case_claim_seconds: int = 30 * 60
    """How long a moderator's claim of a case lasts; claiming again renews it."""
    claim_proof_bits: int = 22
    """How hard the puzzle is that a claim costs where it costs one: so many zero bits of SHA256, and more for a
    network that files many."""
    claim_holds_a_day: int = 50
    """How many things are held in a day before a decision for claims of one network, or of one e-mail address."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that a deed may reach outside its own transaction."""

    clock: Clock
    blobs: Blobs
    cluster: Cluster
    limiter: Limiter
    registry: Registry
    policy: Policy
    public_url: str = ""
    """The origin that clients see, for URLs that the API gives out; empty gives relative ones."""
    claims_url: str = ""
    """Where the pages of claims lie, each under its case code; empty for the API's own, `/claims`."""
    sealer: Sealer | None = None
    """Seals face descriptors; None where the server has no key for them, and then it takes none."""
    vault: Vault | None = None
    """Keeps the files of entries sealed; None where the server has no key for it, and then it takes no such file."""
    proof_key: bytes = field(default=b"", repr=False)
    """Signs the challenges that a claim's proof of work answers."""
    marks_key: bytes = field(default=b"", repr=False)
    """Draws the marks by which accounts are compared; without it nobody can tell what a mark was drawn from."""
