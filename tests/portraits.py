"""Two portraits in the public domain, and pictures of the same face that are not the same picture."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

PICTURES = Path(__file__).parent / "pictures"


def portrait(name: str) -> Image.Image:
    """Give a portrait, 300 × 300 pixels with one face: `astronaut` or `hopper` (see `pictures/README.md`)."""
    with Image.open(PICTURES / f"{name}.jpg") as picture:
        return picture.convert("RGB")


def landscape() -> Image.Image:
    """Give a picture with nobody in it: a sky over a sea."""
    rows = np.linspace(0, 1, 300)[:, None, None]
    sky = (1 - rows) * np.array([90, 140, 220]) + rows * np.array([200, 220, 240])
    sea = np.array([20, 60, 110])
    return Image.fromarray(np.where(rows < 0.6, sky, sea).repeat(300, axis=1).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Give a picture as it comes back from a JPEG of that quality."""
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _noisy(picture: Image.Image) -> Image.Image:
    noise = np.random.default_rng(7).normal(0, 25, (picture.height, picture.width, 3))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


def _cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 10, height // 10, width * 9 // 10, height * 9 // 10))


DISTORTIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": ImageOps.mirror,
    "cropped": _cropped,
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.5),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.5),
    "flatter": lambda picture: ImageEnhance.Contrast(picture).enhance(0.5),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "recoloured": lambda picture: Image.merge("RGB", picture.split()[::-1]),
    "JPEG 30": lambda picture: jpeg(picture, 30),
    "JPEG 10": lambda picture: jpeg(picture, 10),
    "half the size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "turned by 10°": lambda picture: picture.rotate(10, Image.Resampling.BICUBIC),
    "turned by 20°": lambda picture: picture.rotate(-20, Image.Resampling.BICUBIC),
    "narrowed": lambda picture: picture.resize((picture.width * 85 // 100, picture.height)),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(1)),
    "noisy": _noisy,
}
"""What people do to a picture so that it is not the same file any more."""
