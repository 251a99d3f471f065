"""What members ask of the generator, and how each deed can end."""

from typing import Annotated

import strawberry

from domain.generation import JobPriority, Sampler, Use, Wish
from domain.kernel.ids import ResourceId
from schema.errors import (
    ConflictError,
    InvalidInputError,
    LikenessRefusedError,
    NotAllowedError,
    NotEnoughCreditsError,
    NotFoundError,
    PolicyRefusedError,
    RateLimitedError,
    SignInRequiredError,
    SuspendedError,
)
from schema.generation import GenerationJob, GenerationQuote
from schema.node import id_of
from schema.resources import Resource

strawberry.enum(Sampler, description="How noise becomes a picture.")
strawberry.enum(
    JobPriority, description="HIGH goes ahead at twice the cost, LOW waits at half of it; none waits for ever."
)


@strawberry.input(description="A LoRA or an embedding to use beside the checkpoint.")
class ResourceUseInput:
    """A resource and its weight."""

    resource_id: strawberry.ID
    weight: float = strawberry.field(default=1.0, description="−1 to 2.")

    def value(self) -> Use:
        """Give what the domain asks for. Raises NotFound for an id of another kind."""
        return Use(ResourceId(id_of(self.resource_id, Resource)), self.weight)


@strawberry.input(description="What is to be drawn. Seeds count up from `seed`, one for each picture.")
class GenerationInput:
    """A wish as it is asked for."""

    checkpoint_id: strawberry.ID
    resources: list[ResourceUseInput] = strawberry.field(default_factory=list)
    prompt: str
    negative_prompt: str = ""
    width: int = 512
    height: int = 512
    steps: int = 25
    guidance: float = 7.0
    sampler: Sampler = Sampler.EULER
    seed: float | None = strawberry.UNSET
    quantity: int = 1
    priority: JobPriority = JobPriority.NORMAL

    def value(self) -> Wish:
        """Give what the domain asks for. Raises NotFound for ids of another kind."""
        return Wish(
            checkpoint_id=ResourceId(id_of(self.checkpoint_id, Resource)),
            prompt=self.prompt,
            uses=tuple(use.value() for use in self.resources),
            negative_prompt=self.negative_prompt,
            width=self.width,
            height=self.height,
            steps=self.steps,
            guidance=self.guidance,
            sampler=self.sampler,
            seed=None if self.seed is strawberry.UNSET else self.seed,
            quantity=self.quantity,
            priority=self.priority,
        )


@strawberry.type(description="The price.")
class GenerationQuoteSuccess:
    """The price."""

    quote: GenerationQuote


@strawberry.type(description="The job is queued and its cost is held.")
class GenerationRequestSuccess:
    """The job is queued."""

    job: GenerationJob


@strawberry.type(
    description="The job is cancelled, or stops within a step; pictures that are finished stay and are paid for."
)
class GenerationCancelSuccess:
    """The job is cancelled or stops."""

    job: GenerationJob


GenerationQuoteResult = Annotated[
    GenerationQuoteSuccess
    | SignInRequiredError
    | NotFoundError
    | InvalidInputError
    | LikenessRefusedError
    | PolicyRefusedError
    | RateLimitedError,
    strawberry.union("GenerationQuoteResult"),
]
GenerationRequestResult = Annotated[
    GenerationRequestSuccess
    | SignInRequiredError
    | NotFoundError
    | InvalidInputError
    | NotEnoughCreditsError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("GenerationRequestResult"),
]
GenerationCancelResult = Annotated[
    GenerationCancelSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("GenerationCancelResult"),
]
