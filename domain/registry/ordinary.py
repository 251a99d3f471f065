"""What an ordinary word is: knowledge that keeps names from being seen everywhere."""

import gzip
from functools import cache
from importlib.resources import files

# Words that are also mononyms or parts of names, and that the dictionary lacks: places, peoples, brands, loan words.
_MORE = frozenset(
    """
    adele africa alexandria amazon america asia austin avalon barbie berlin bolton boston bordeaux brooklyn burton
    cairo camden carolina cher china cologne cuba dakota dallas denver denzel derby devon dior diva dublin england
    essex etta europe florence france georgia germany ghana glasgow halifax hamburg harlem havana holland hudson india
    indiana israel italy jamaica japan jersey jordan kent kenya kingston korea kyoto lancaster lincoln lisbon london
    lorde lyon madonna madrid malibu manchester memphis mexico miami milan montana moscow nairobi naples nevada nice
    nike normandy norway odessa oslo oxford paris pele persia peru phoenix poland prada preston rio
    rome santiago savannah
    scotland seoul sevilla sheffield sofia stirling stockholm sydney texas tokyo toledo trinidad troy turkey venice
    verona versailles vienna virginia wales warsaw washington wellington york zen zurich sia ye dre
    """.split()  # noqa: SIM905 - a list of a hundred words is read as a paragraph
)


@cache
def _words() -> frozenset[str]:
    """Read the dictionary; data/README.md says where it comes from."""
    packed = (files("domain.registry") / "data" / "ordinary_words.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split()) | _MORE


def is_ordinary(word: str) -> bool:
    """Whether a lower-case word is an ordinary English one, or has less than three letters."""
    return len(word) < 3 or word in _words()


_JARGON = frozenset(
    """
    absurdres anime artstation bokeh cgi chibi ckpt controlnet cyberpunk deviantart dslr fhd fujifilm glsl hdr hdri
    highres hyperdetailed hyperrealism hyperrealistic img jpeg jpg kodak leica locon lora loras lowres lycoris manga
    megapixel midjourney nikon nsfw photorealism photorealistic pixiv png portra qhd raytraced raytracing rgb
    safetensors sdxl sfw steampunk txt uhd ultradetailed ultrarealistic unsplash vaporwave vfx vray wlop
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)


def is_jargon(word: str) -> bool:
    """Whether a lower-case word is one that prompts are full of and no dictionary has."""
    return word in _JARGON
