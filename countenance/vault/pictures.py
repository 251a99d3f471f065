"""Drawing pictures anew, without what their files said: previews small and marked all over, references as they are."""

import io

from PIL import Image, ImageDraw, ImageFont, ImageOps

from domain.bounties import Drawn

LONGEST_SIDE = 512
LONGEST_REFERENCE = 1024
MARK = "PREVIEW"

_ANGLE = 30
_QUALITY = 82
_INK = (255, 255, 255, 150)
_EDGE = (0, 0, 0, 110)


def drawn(picture: bytes) -> Drawn:
    """Draw the preview of a picture: at most 512 pixels on its long side, upright, marked across, as WebP.

    Nothing of the file is kept but its pixels. Raises ValueError for what is no picture.
    """
    small = _opened(picture, LONGEST_SIDE)
    return _saved(Image.alpha_composite(small.convert("RGBA"), _mark(small.size)).convert("RGB"))


def copied(picture: bytes) -> Drawn:
    """Draw a reference picture anew: at most 1,024 pixels on its long side, upright, as WebP, without a mark.

    Nothing of the file is kept but its pixels. Raises ValueError for what is no picture.
    """
    return _saved(_opened(picture, LONGEST_REFERENCE))


def _opened(picture: bytes, longest: int) -> Image.Image:
    """Decode a picture, upright and on white, at most so long."""
    try:
        with Image.open(io.BytesIO(picture), formats=["PNG", "JPEG", "WEBP"]) as opened:
            opened.draft("RGB", (longest * 2, longest * 2))  # a large JPEG is decoded small at once
            return _on_white(ImageOps.exif_transpose(opened), longest)
    except Exception as error:  # Pillow's decoders raise whatever they stumble over
        raise ValueError("This is not a picture that can be drawn.") from error


def _saved(picture: Image.Image) -> Drawn:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY)
    return Drawn(out.getvalue(), *picture.size)


def _on_white(picture: Image.Image, longest: int) -> Image.Image:
    """Lay a picture that may be transparent on white, already small: fifty megapixels are never held twice."""
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    whole = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")


def _mark(size: tuple[int, int]) -> Image.Image:
    """Write the mark in slanting rows over a whole picture, so that no part of it can be cut out unmarked."""
    letters = max(10, min(size) // 9)
    font = ImageFont.load_default(letters)
    wide = int(font.getlength(MARK)) + letters
    side = 2 * max(size)
    rows = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(rows)
    for number, top in enumerate(range(0, side, letters * 2)):
        for left in range(-(number % 2) * wide // 2, side, wide):
            pen.text((left, top), MARK, fill=_INK, font=font, stroke_width=max(1, letters // 16), stroke_fill=_EDGE)
    turned = rows.rotate(_ANGLE, Image.Resampling.BICUBIC)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))
