"""What an ordinary word is: knowledge that keeps names from being seen everywhere."""

import gzip
import re
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


# What pictures show and prompts say that a dictionary of 1934 has not.
_MODERN = frozenset(
    """
    airplane airplanes aluminum analyze analyzed apps backlit blog blogger blogs bokeh brushstroke brushstrokes
    cafe cafes catalog catalogs christmas closeup closeups coffeeshop colorize colorized cosplay cosplayer cozy
    cyborg cyborgs deco disney donut donuts download downloads dystopian elven email emails emoji emojis eyeshadow
    fullbody ghibli gothic gouache grayscale halloween hoodie hoodies impasto influencer influencers internet jeans
    jewelry katana katanas laptop laptops leggings lineart makeup marvellous marvelous minimalist mom moms mustache
    mustached mustaches ninja ninjas online painterly pajama pajamas pixar plow plowed plows podcast podcasts
    ponytail ponytails ramen retro rooftop rooftops selfie selfies skateboard skateboards skeptic skeptical skyline
    skylines smartphone smartphones smolder smoldering sneaker sneakers snowman softbox spaceship spaceships
    starship starships sulfur surreal sushi sweatpants tablet tablets teen teens trainers tshirt vampire vampires
    video videos vlog vlogger vlogs webcam website websites woolen wyvern wyverns zombie zombies
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)

_IN_OUR = """
    ard arm behavi clam col demean discol dishon endeav fav ferv flav glam harb hon hum lab multicol neighb od parl
    ranc rig rum sav savi splend tum val vap vig watercol
""".split()  # noqa: SIM905
_BEHIND_OUR = ("", *"s ed ing ful fully less able ably ite ites er ers ist ists y al ly hood hoods".split())  # noqa: SIM905
_IN_RE = """
    amphitheat calib cent centimet epicent fib kilomet lit lust meag met millimet mit och sab sepulch somb spect theat
""".split()  # noqa: SIM905
_ONE_OR_TWO = (
    (re.compile(r"(?<=[a-z]{3})iz(?=(?:e|ed|es|ing|ers?|ations?)$)"), "is"),
    (re.compile(r"(?<=[a-z]{3}[aeiou])ll(?=(?:ed|ing|ers?|ously?)$)"), "l"),
)


def _spelled_twice(words: frozenset[str]) -> frozenset[str]:
    """Give the words that Britain and America spell differently, in both spellings: the dictionary has many in none."""
    our = {f"{stem}{end}{behind}" for stem in _IN_OUR for end in ("or", "our") for behind in _BEHIND_OUR}
    ends = ("re", "er", "res", "ers", "red", "ered", "ring", "ering")
    centre = {f"{stem}{end}" for stem in _IN_RE for end in ends}
    others = {spelled.sub(other, word) for spelled, other in _ONE_OR_TWO for word in words if spelled.search(word)}
    return frozenset(our | centre | others)


@cache
def _words() -> frozenset[str]:
    """Read the dictionary; data/README.md says where it comes from."""
    packed = (files("domain.registry") / "data" / "ordinary_words.txt.gz").read_bytes()
    words = frozenset(gzip.decompress(packed).decode().split())
    return words | _spelled_twice(words) | _MODERN | _MORE


def is_ordinary(word: str) -> bool:
    """Whether a lower-case word is an ordinary English one, in British or American spelling, or has less than three
    letters.
    """
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
