"""What follows from how like two LoRAs are: versioned thresholds, with the error rates measured for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WeightPolicy:
    """One version of the thresholds for weight likeness. Likeness holds for a person to look; it never blocks.

    The rates were measured by `benchmarks.weights` with these very values, on LoRAs that were trained for the starter
    pipeline, whose common directions are known. For other bases, SD 1.5 or SDXL say, none are: nothing trained was at
    hand. LoRAs of those are held from `unknown_base_from` on, which leaves out more.
    """

    version: str
    by_names_from: float
    """The least cosine of the halves by layers' names that holds."""
    by_shapes_from: float
    """The least cosine of the halves by layers' shapes: higher, because layers of one shape are told apart less."""
    unknown_base_from: float
    """The least cosine of either half where the common directions of the base are not known."""
    known_bases: frozenset[int]
    """The bases whose common directions are known, by the width of what their cross-attention attends to."""
    recall_merge: float = 0.0
    """Equal merges with an unrelated LoRA that were recognised."""
    recall_resize_and_noise: float = 0.0
    """Copies cut to a quarter of their rank or with a tenth of noise that were recognised."""
    false_matches: float = 0.0
    """Pairs of LoRAs of different subjects that were held."""
    same_subject: float = 0.0
    """Pairs of LoRAs trained apart on pictures of one subject that were held; a person would want those held."""

    def least(self, context_width: int) -> tuple[float, float]:
        """Give the least cosines, by names and by shapes, that hold a LoRA which resembles one of this base."""
        if context_width in self.known_bases:
            return self.by_names_from, self.by_shapes_from
        return self.unknown_base_from, self.unknown_base_from


WEIGHTS_2026_11_B = WeightPolicy(
    version="weights-2026-11-b",
    by_names_from=0.32,
    by_shapes_from=0.4,
    unknown_base_from=0.5,
    known_bases=frozenset({64}),
    recall_merge=0.98,
    recall_resize_and_noise=1.0,
    false_matches=0.0,
    same_subject=0.0,
)
"""In force."""
