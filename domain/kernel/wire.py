"""What travels between the API side and the cluster: frozen, picklable, standard library only.

An order carries signed URLs and nothing secret. `attempt` is the fence: the API side drops what comes back under
an attempt that is no longer the current one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.kernel.findings import Finding, Verdict


@dataclass(frozen=True, slots=True)
class InspectOrder:
    """Read one file once and say what it is.

    `source_url` is a signed HTTP(S) URL, valid for the length of the scan; `file_name` is only for messages: the
    format is judged by content. `sample` says that it is to be a picture, such as a sample of a model, and not a model;
    `hold_unexamined` that it is held where its faces can't be compared.
    """

    scan_id: UUID
    attempt: int
    file_name: str
    size_bytes: int
    source_url: str
    registry_version: int
    sample: bool = False
    hold_unexamined: bool = True


@dataclass(frozen=True, slots=True)
class MetadataText:
    """A piece of text found inside a file, with the key it stood under (`ss_output_name`, a tag folder…)."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one pass over a file found.

    `hashes` maps an algorithm's contract name (SHA256, AUTOV1, AUTOV2, AUTOV3, CRC32, BLAKE3) to lower-case hex;
    AUTOV1 is missing for a file under 2 MiB and AUTOV3 for one that is not safetensors. `claimed_hashes` maps a
    metadata key such as `sshs_model_hash` to what the file says of itself. `texts` is every metadata text that was
    matched, so that a later registry can be applied without reading the file again. `error` is a sentence when
    the verdict is FAILED. `tensor_digest` is of the tensors alone, in any order and under any names (lower-case hex);
    `sketch` tells what a LoRA changes, for comparison; each is None where the file has none. `faces` are the packed
    descriptors of those in a picture.
    """

    scan_id: UUID
    attempt: int
    verdict: Verdict
    findings: tuple[Finding, ...]
    format: str
    size_bytes: int
    hashes: Mapping[str, str]
    claimed_hashes: Mapping[str, str]
    texts: tuple[MetadataText, ...]
    registry_version: int
    seconds: float
    error: str | None = None
    tensor_digest: str | None = None
    sketch: bytes | None = field(default=None, repr=False)
    faces: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Weights to load. `format` is `safetensors` (one file) or `diffusers-tar` (an uncompressed tar of a folder)."""

    resource_id: UUID
    url: str
    sha256: str
    size_bytes: int
    format: str
    source_path: str | None = None
    """A folder or file on the nodes, for a checkpoint that an operator added in place; no URL is read then."""


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA (or, with `kind` EMBEDDING, a textual inversion) with the weight it is used at, −1 to 2."""

    model: ModelRef
    weight: float
    kind: str = "LORA"
    trigger_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """Draw `len(seeds)` pictures, one seed each, `width` × `height` pixels (multiples of 8).

    `account_id` is whose order it is and `mature` whether anything in it is declared mature: a person's consent may
    depend on both. `hold_unexamined` is the policy where a signal about the pictures can't run: nothing unexamined
    leaves, or the signal says that it did not run.
    """

    job_id: UUID
    attempt: int
    checkpoint: ModelRef
    resources: tuple[LoraUse, ...]
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    guidance: float
    sampler: str
    seeds: tuple[int, ...]
    registry_version: int
    preview_every: int = 5
    account_id: UUID | None = None
    mature: bool = False
    hold_unexamined: bool = True


@dataclass(frozen=True, slots=True)
class StepDone:
    """One denoising step of one picture is done. `image` and `step` count from 1; `preview` is a data URL or None."""

    job_id: UUID
    attempt: int
    image: int
    quantity: int
    step: int
    steps: int
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class PictureDone:
    """One finished picture that passed the gate: PNG bytes with its parameters in the text chunk."""

    job_id: UUID
    attempt: int
    image: int
    png: bytes = field(repr=False)
    sha256: str
    width: int
    height: int
    seed: int
    mature: bool


@dataclass(frozen=True, slots=True)
class RenderRefused:
    """A gate on the cluster refused the job; nothing of it is delivered."""

    job_id: UUID
    attempt: int
    findings: tuple[Finding, ...]
    registry_version: int


@dataclass(frozen=True, slots=True)
class RenderFinished:
    """The last event of a job that ran to its end."""

    job_id: UUID
    attempt: int
    registry_version: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RenderCancelled:
    """The last event of a job that was stopped on request, after `step` steps of picture `image`."""

    job_id: UUID
    attempt: int
    image: int
    step: int


RenderEvent = StepDone | PictureDone | RenderRefused | RenderFinished | RenderCancelled


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What the cluster looks like now. `registry_versions` has one version per live actor, by its name."""

    nodes: int
    artists: int
    validators: int
    running: int
    registry_versions: Mapping[str, int]


class ClusterFault(Exception):
    """The cluster could not do it; not the file's nor the member's doing. The order may be given again."""


class ActorLost(ClusterFault):
    """The actor died while it worked. It is being replaced; the attempt counts."""


class SourceUnreachable(ClusterFault):
    """The signed URL could not be read (network, storage). The attempt does not count."""


class ClusterUnavailable(ClusterFault):
    """No cluster answers. The attempt does not count."""


class RenderFailed(ClusterFault):
    """The pipeline itself failed; the message is one sentence for a person."""
