"""Faces in pictures: dlib finds them, sets five landmarks, and its ResNet describes each with 128 numbers.

The models lie in the package `face-recognition-models` (CC0) and are read by their paths: importing that package
would need `pkg_resources`, and its 68-point landmarks, whose training data is for non-commercial use, are never
opened. Both packages are the extra `faces`; without it `face_reader` gives None, and the signal says that it did not
run.
"""

import logging
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import RenderOrder
from domain.registry.faces import examine_faces, face_index, not_compared, packed
from domain.registry.snapshot import Snapshot

if TYPE_CHECKING:
    from PIL.Image import Image

_log = logging.getLogger(__name__)

_LANDMARKS = "shape_predictor_5_face_landmarks.dat"
_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
_LONGEST_SIDE = 1024
"""Pixels; the detector sees faces from about 80 pixels on, and a megapixel takes it a quarter of a second."""
_ENLARGED = 2.0
"""A finished picture is enlarged so far at most: faces of 40 pixels are found, smaller ones are too blurred to tell."""
_PREVIEW_ENLARGED = 4.0
_MOST_FACES = 20


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture: its place in pixels (left, top, right, bottom), and its packed descriptor."""

    box: tuple[int, int, int, int]
    descriptor: bytes = field(repr=False)


class FaceReader:
    """Finds and describes faces, one picture at a time whichever thread asks: dlib's objects keep state."""

    def __init__(self, landmarks: Path, network: Path) -> None:
        """Load the models, 30 MB, in about a second."""
        import dlib

        self._detector: Any = dlib.get_frontal_face_detector()
        self._landmarks: Any = dlib.shape_predictor(str(landmarks))
        self._network: Any = dlib.face_recognition_model_v1(str(network))
        self._lock = Lock()

    def read(self, picture: "Image", *, enlarged: float = _ENLARGED) -> list[Face]:
        """Give the faces of a picture, the largest first, at most 20.

        Upright, frontal to half-turned faces are found, from about 80 pixels in the picture as it is examined: with
        its longer side at 1024 pixels, or `enlarged` as much as it may be.
        """
        import numpy as np

        scale = min(_LONGEST_SIDE / max(picture.size), enlarged)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        pixels = np.ascontiguousarray(picture.convert("RGB").resize(size), dtype=np.uint8)
        with self._lock:
            found = sorted(self._detector(pixels, 0), key=lambda box: box.area(), reverse=True)
            return [
                Face(
                    tuple(round(edge / scale) for edge in (box.left(), box.top(), box.right(), box.bottom())),
                    packed(self._network.compute_face_descriptor(pixels, self._landmarks(pixels, box))),
                )
                for box in found[:_MOST_FACES]
            ]


@cache
def face_reader() -> FaceReader | None:
    """Give this process's reader, loaded on the first call; None, with a warning, where the extra isn't installed."""
    # find_spec doesn't run a top-level package; its __init__ would ask for pkg_resources.
    models = find_spec("face_recognition_models")
    if models is None or models.origin is None or find_spec("dlib") is None:
        _log.warning("faces in pictures are not compared: the extra `faces` is not installed")
        return None
    folder = Path(models.origin).parent / "models"
    return FaceReader(folder / _LANDMARKS, folder / _NETWORK)


class FaceCheck:
    """Compares the faces of finished pictures with the registry's; implements `gpu_cluster.gate.PictureCheck`."""

    def examine(self, picture: "Image", order: RenderOrder, snapshot: Snapshot) -> list[Finding]:
        """Say whom a finished picture resembles who does not allow this order; nobody gives an empty answer."""
        return self._examine(picture, order, snapshot, "the finished picture", _ENLARGED)

    def may_show(self, preview: "Image", order: RenderOrder, snapshot: Snapshot) -> bool:
        """Whether a preview may be shown: not one in which such a face begins to be seen."""
        found = self._examine(preview, order, snapshot, "a preview", _PREVIEW_ENLARGED)
        return all(finding.verdict is Verdict.CLEAN for finding in found)

    def _examine(
        self, picture: "Image", order: RenderOrder, snapshot: Snapshot, where: str, enlarged: float
    ) -> list[Finding]:
        index, account, mature = face_index(snapshot), order.account_id, order.mature
        if not index.protects_anyone(account=account, mature=mature):
            return []
        reader = face_reader()
        if reader is None:
            return [not_compared(Signal.FACE_IN_PROBE, where, hold=order.hold_unexamined)]
        faces = [(where, face.descriptor) for face in reader.read(picture, enlarged=enlarged)]
        return examine_faces(index, faces, Signal.FACE_IN_PROBE, account=account, mature=mature)
