"""What an ordinary word is, and what a given name is: knowledge that keeps names from being seen everywhere."""

import gzip
from functools import cache, lru_cache
from importlib.resources import files

from nicknames import NickNamer, name_triplets

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

# Family names so frequent that a given name beside them says little about who is meant.
_FREQUENT_FAMILY_NAMES = frozenset(
    """
    adams allen anderson andrews armstrong bailey baker barnes bell bennett brooks brown bryant butler campbell carter
    chen clark coleman collins cook cooper cox cruz daniels davidson davis diaz dixon edwards ellis evans fernandez
    fisher flores ford foster fox garcia gibson gomez gonzalez gordon graham grant gray green griffin hall hamilton
    harris harrison hayes henderson hernandez hill howard hughes hunt hunter jackson james jenkins johnson jones jordan
    kelly kennedy khan kim king lee lewis li liu long lopez marshall martin martinez mason matthews miller mitchell
    moore morales morgan morris morrison murphy murray myers nelson nguyen ortiz owens palmer park parker
    patel patterson
    perez perry peterson phillips porter powell price ramirez reed reyes reynolds richards richardson rivera roberts
    robertson robinson rodriguez rogers ross russell ryan sanchez sanders scott shaw silva simmons simpson singh smith
    snyder stevens stewart sullivan taylor thomas thompson torres tucker turner wagner walker wallace wang ward warren
    washington watson watts webb west white williams wilson wong wood woods wright yang young zhang
    """.split()  # noqa: SIM905 - as above
)

_MORE_GIVEN_NAMES = frozenset(
    """
    aaliyah aisha ali amelia amir ana anya ariana arjun ava ayesha bella camila carlos chloe dmitri diego elena
    elif ella
    emma eva fatima fernando giulia hana hannah hiroshi ibrahim ines ingrid isla ivan jamal javier jin jorge juan kai
    kanye kenji kim lars layla leila leonardo lia liam lily lina logan luca lucia luis luna mei mia mila min mohamed
    mohammed muhammad naomi natalia nathan nina noah nora olga olivia omar oscar pablo paolo pedro penelope pierre priya
    rahul ravi rosa rosie ruby sakura salma sana sara sasha sergei sienna sofia sophia stella svetlana tatiana tyler uma
    vera vladimir wei xiao yara yasmin yuki yusuf zara zoe harry ron hermione peter tony bruce clark lois diana
    """.split()  # noqa: SIM905 - as above
)


@cache
def _words() -> frozenset[str]:
    """Read the dictionary; data/README.md says where it comes from."""
    packed = (files("domain.registry") / "data" / "ordinary_words.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split()) | _MORE


def is_ordinary(word: str) -> bool:
    """Whether a lower-case word is an ordinary English one, or has less than three letters."""
    return len(word) < 3 or word in _words()


@cache
def _given_names() -> frozenset[str]:
    listed = {name.lower() for row in name_triplets() for name in (row.name1, row.name2)}
    return frozenset(listed) | _MORE_GIVEN_NAMES


def is_given_name(word: str) -> bool:
    """Whether a lower-case word is known as a given name."""
    return word in _given_names()


def is_frequent_family_name(word: str) -> bool:
    """Whether a lower-case word is among the most frequent family names."""
    return word in _FREQUENT_FAMILY_NAMES


@cache
def _namer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=1 << 12)
def fuller_forms(name: str) -> frozenset[str]:
    """Give the given names of which `name` is a short form: thomas for tom."""
    return frozenset(_namer().canonicals_of(name)) if len(name) > 1 else frozenset()


@lru_cache(maxsize=1 << 12)
def short_forms(name: str) -> frozenset[str]:
    """Give the short forms of a given name: tom for thomas."""
    return frozenset(_namer().nicknames_of(name)) if len(name) > 2 else frozenset()
