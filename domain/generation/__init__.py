"""The face of the generation context: pictures asked for, drawn on the cluster, paid for when they are there."""

from domain.generation.facts import (
    GenerationFinished,
    GenerationMoved,
    GenerationRequested,
    GenerationStepped,
    GenerationStopAsked,
    PicturesWithheld,
    topic_of,
)
from domain.generation.leases import claim, recover, renew
from domain.generation.pictures import discard, keep_picture
from domain.generation.reactions import registry_changed, resource_changed, stop_asked
from domain.generation.reads import (
    jobs_by_ids,
    my_jobs,
    owners_of,
    picture_url,
    pictures_by_ids,
    pictures_of,
    queue_positions,
    queue_state,
    refused_between,
)
from domain.generation.requests import cancel, quote, request
from domain.generation.rules import JobPriority, JobStatus, Sampler, Use, Wish
from domain.generation.running import fault, finish, progress, start, stop_on_cluster
from domain.generation.values import Claim, Job, Lease, Picture, Progress, QueueState, Quote
from domain.generation.withholding import sweep_jobs

__all__ = [
    "Claim",
    "GenerationFinished",
    "GenerationMoved",
    "GenerationRequested",
    "GenerationStepped",
    "GenerationStopAsked",
    "Job",
    "JobPriority",
    "JobStatus",
    "Lease",
    "Picture",
    "PicturesWithheld",
    "Progress",
    "QueueState",
    "Quote",
    "Sampler",
    "Use",
    "Wish",
    "cancel",
    "claim",
    "discard",
    "fault",
    "finish",
    "jobs_by_ids",
    "keep_picture",
    "my_jobs",
    "owners_of",
    "picture_url",
    "pictures_by_ids",
    "pictures_of",
    "progress",
    "queue_positions",
    "queue_state",
    "quote",
    "recover",
    "refused_between",
    "registry_changed",
    "renew",
    "request",
    "resource_changed",
    "start",
    "stop_asked",
    "stop_on_cluster",
    "sweep_jobs",
    "topic_of",
]
