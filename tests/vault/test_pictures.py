"""Previews as they are drawn: small, marked all over, upright, and without what their file said."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from countenance.vault.pictures import drawn
from domain.bounties import Drawn

PORTRAIT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"


def _picture(size: tuple[int, int], *, mode: str = "RGB", kind: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 90 if mode == "L" else (90, 90, 90, 0)[: len(mode)]).save(out, kind, **more)
    return out.getvalue()


def _opened(made: Drawn) -> Image.Image:
    picture = Image.open(io.BytesIO(made.data))
    assert (picture.format, picture.mode, picture.size) == ("WEBP", "RGB", (made.width, made.height))
    return picture


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1600, 800), (512, 256)),
        ((300, 1200), (128, 512)),
        ((5000, 10), (512, 1)),
        ((512, 512), (512, 512)),
        ((40, 30), (40, 30)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_long_side_has_at_most_512_pixels(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert _opened(drawn(_picture(size))).size == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_every_kind_of_picture_is_drawn(mode: str, kind: str) -> None:
    picture = _picture((64, 64), mode="RGB" if mode == "P" else mode, kind=kind)

    assert _opened(drawn(picture)).size == (64, 64)


def test_no_part_that_is_worth_cutting_out_is_unmarked() -> None:
    plain = Image.new("RGB", (512, 512), (90, 90, 90))

    marked = _opened(drawn(_picture((900, 900))))

    changed = ImageChops.difference(marked, plain).convert("L").point(lambda value: 255 if value > 25 else 0)
    for left in range(0, 512, 128):
        for top in range(0, 512, 128):
            part = changed.crop((left, top, left + 128, top + 128))
            assert sum(1 for value in part.get_flattened_data() if value) > 128 * 128 * 0.1


def test_a_turned_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    assert _opened(drawn(_picture((200, 100), kind="JPEG", exif=exif))).size == (100, 200)


def test_nothing_but_pixels_is_kept() -> None:
    said = PngImagePlugin.PngInfo()
    said.add_text("parameters", "a secret prompt")

    made = drawn(_picture((100, 100), pnginfo=said))

    assert b"secret" not in made.data
    assert _opened(made).getexif() == {}


def test_a_portrait_is_still_a_picture_of_what_it_was() -> None:
    with Image.open(PORTRAIT) as original:
        before = original.convert("RGB").resize((8, 8))

    after = _opened(drawn(PORTRAIT.read_bytes())).resize((8, 8))

    assert max(ImageChops.difference(before, after).convert("L").get_flattened_data()) < 70


@pytest.mark.parametrize("data", [b"", b"no picture", PORTRAIT.read_bytes()[:400], b"\x89PNG\r\n\x1a\n" + bytes(60)])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        drawn(data)
