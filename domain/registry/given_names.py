"""What given names are, which are short forms of which, and which are spelled in several ways."""

from functools import cache, lru_cache

from nicknames import NickNamer, name_triplets

from domain.registry.skeletons import bare_look, skeleton

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


_SPELLED_ALIKE = """
alec alex aleck; alan allan allen alun; ana anna; andre andrei andrej andrey; ann anne; anthony antony; bobby bobbie;
brian bryan brion; britney brittany brittney britny brittani; carl karl; carol carole karol;
catherine katherine katharine kathryn catharine cathryn katheryn; cathy kathy; cecilia cecelia; chloe khloe cloe;
christina kristina cristina; christine kristine; christopher kristopher; claire clare clair; clark clarke;
craig kraig; daniela daniella; danielle daniele; debra deborah; derek derrick deric; dominic dominick;
elisabeth elizabeth; elena yelena jelena; emmanuel emanuel; eric erik erick; evgeny yevgeny evgeni; frances francis;
gary garry; geoffrey jeffrey jeffery; geoff jeff; giannis yannis yiannis; grace gracie; graham graeme; gregory gregor;
hailey hayley haley; hannah hanna; harriet harriett; helen hellen; henry henri; hillary hilary; hussein hussain husain;
isabel isabelle isobel; ivan iwan; jacqueline jaqueline; jaime jamie; jennifer jenifer; jessica jesica; joan joanne;
john jon; jonathan johnathan jonathon; juergen jurgen; julia yulia julija; justin justine; katarina katerina;
kate cate kait; katy katie; keith keeth; kelly kelley; kirsten kristen kristin kirstin; kristof christof christoph;
laura lora; laurence lawrence; leslie lesley; lewis louis; lillian lilian; lindsay lindsey lyndsay; lisa liza;
liudmila ludmila lyudmila; luke luc; marc mark; margaret margret; margo margot margaux; maria mariya mariia marija;
martin marten; mathew matthew mathieu; megan meghan meagan; michael micheal michail; mikhail mihail;
mohamed mohammed muhammad mohammad mohamad muhammed mahomet; natalia natalya nataliya; nathalie natalie;
nicholas nicolas nikolas; nicole nichole; nicky nikki nicki; oleg olegh; olga olha; oscar oskar; patrick patric;
petr pyotr piotr peter; phillip philip filip; rachel rachael; raymond raimond; rebecca rebekah rebeka; robbie robby;
russell russel; samuel samuell; sara sarah; sean shaun shawn; sergei sergey serge; shane shayne; sofia sophia;
sofie sophie; stephanie stefanie; stephen steven stefan; steffi steffie; stuart stewart; susan suzan; sydney sidney;
teresa theresa; tiffany tifany; tatiana tatyana; timothee timothy; tobey toby; tony toni; tracy tracey; victor viktor;
vladimir wladimir volodymyr; vivian vivien; wendy wendi; yuri yury juri; yusuf yousef yusef youssef joseph; zoe zoey
"""
"""Given names by how they are spelled, one person's name in each group."""

_SPELLINGS = {name: frozenset(group.split()) - {name} for group in _SPELLED_ALIKE.split(";") for name in group.split()}


def spelled_forms(name: str) -> frozenset[str]:
    """Give the other spellings of a given name: stephen for steven."""
    return _SPELLINGS.get(name, frozenset())


@cache
def _given_names() -> frozenset[str]:
    listed = {name.lower() for row in name_triplets() for name in (row.name1, row.name2)}
    return frozenset(listed) | _MORE_GIVEN_NAMES


def is_given_name(word: str) -> bool:
    """Whether a lower-case word is known as a given name."""
    return word in _given_names()


@cache
def _by_skeleton() -> dict[str, str]:
    return {skeleton(name): name for name in sorted(_given_names(), key=lambda name: (-len(name), name))}


def read_as_given_name(word: str) -> str:
    """Give the given name that a word with digits or signs looks like: mike for m1ke; any other word as it is."""
    if word.isalpha() or not word.isascii():
        return word
    return _by_skeleton().get(skeleton(bare_look(word)), word)


def is_frequent_family_name(word: str) -> bool:
    """Whether a lower-case word is among the most frequent family names."""
    return word in _FREQUENT_FAMILY_NAMES


@cache
def _namer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=1 << 12)
def fuller_forms(name: str) -> frozenset[str]:
    """Give the given names of which `name` is a short form: thomas for tom."""
    return frozenset(_namer().canonicals_of(name)) if is_given_name(name) else frozenset()


@lru_cache(maxsize=1 << 12)
def short_forms(name: str) -> frozenset[str]:
    """Give the short forms of a given name: tom for thomas."""
    return frozenset(_namer().nicknames_of(name)) if is_given_name(name) else frozenset()
