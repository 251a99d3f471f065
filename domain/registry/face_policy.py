"""From which distance on two faces are taken for one person's: versioned figures, with their measured error rates.

A descriptor is 128 numbers from dlib's ResNet (`dlib_face_recognition_resnet_model_v1`, CC0); two are compared by
their Euclidean distance. The network's author gives 0.6 as the threshold at which 99.38 % of the pairs of Labelled
Faces in the Wild are told apart (dlib.net, face_recognition.py). That is for *one* pair: whoever is compared with a
whole registry has as many chances to be taken for somebody else. So the threshold shrinks as the registry grows.
"""

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How often a distance was wrong about the pairs of a set: `wrong` of `pairs`."""

    within: float
    pairs: int
    wrong: int


@dataclass(frozen=True, slots=True)
class FacePolicy:
    """Which distance holds a picture. A face alone never blocks: people look alike, and a person must look.

    `steps` pairs a number of enrolled faces with the distance that holds up to that many; `beyond` holds for more.
    The rates say what distances did on sets of pairs: `distorted` and `photographs` are pairs of one person that were
    not recognised, `strangers` pairs of two persons that were taken for one.
    """

    version: str
    steps: tuple[tuple[int, float], ...]
    beyond: float
    distorted: tuple[ErrorRate, ...]
    photographs: tuple[ErrorRate, ...]
    strangers: tuple[ErrorRate, ...]

    def hold_within(self, enrolled: int) -> float:
        """Give the largest distance that is evidence when a face is compared with so many."""
        at = bisect_left(self.steps, enrolled, key=lambda step: step[0])
        return self.steps[at][1] if at < len(self.steps) else self.beyond


POLICY = FacePolicy(
    version="2026-11-22",
    steps=((100, 0.50), (1_000, 0.45), (10_000, 0.41)),
    beyond=0.38,
    # The portraits of 4 persons against 15 distortions of each: mirrored, cropped, darker, brighter, recoloured,
    # turned, narrowed, blurred, noisy, half the size, JPEG at quality 10. Distances 0.00 to 0.32 (`make bench` repeats
    # it on 2).
    distorted=(ErrorRate(0.50, 60, 0), ErrorRate(0.45, 60, 0), ErrorRate(0.41, 60, 0), ErrorRate(0.38, 60, 0)),
    # The test pictures of face_recognition 1.3.0: 5 photographs of one person, 2 of them cut off. Distances 0.23 to
    # 0.43.
    photographs=(ErrorRate(0.50, 10, 0), ErrorRate(0.45, 10, 0), ErrorRate(0.41, 10, 1), ErrorRate(0.38, 10, 4)),
    # The hardest set at hand: 95 faces of 25 × 25 pixels (scikit-image's subset of Labelled Faces in the Wild, where a
    # person may occur twice), blurrier than any face that is compared here. The 4 portraits lay 0.71 to 0.86 apart.
    strangers=(
        ErrorRate(0.50, 4465, 18),
        ErrorRate(0.45, 4465, 6),
        ErrorRate(0.41, 4465, 4),
        ErrorRate(0.38, 4465, 1),
    ),
)
"""The policy in force. The sets behind it are small: read the rates as "about", and the steps as a careful choice."""
