"""The figures and the words by which the risk of a bounty is judged: data, versioned, in one place.

Words are searched for in a folded text (see `risk.folded`): lower case, plain quotes, single spaces. A text of 20,000
characters takes about 20 ms. The word list is short and clinical on purpose: it finds requests and describes nothing.
"""

import re

POLICY = "bounty-risk/1"
THRESHOLD = 0.5
"""From this score on a moderator looks before anybody else does."""

PROFILE_LINK = 0.5
RELATION = 0.2
DEPICTED_RELATION = 0.4
PRIVATE_PHOTOS = 0.5
BODY_DETAILS = 0.3
UNDRESS = 0.5
DECLARED = 0.2
CONCENTRATED = 0.3
HELD_BEFORE = 0.3

MANY_REAL_PERSONS = 3
"""So many bounties of real people by one account within thirty days, this one not counted, are many."""
LATELY_DAYS = 30
HELD_SHARE = 0.5
"""From this share of an account's bounties on, of at least two, that they were held before counts."""

PROFILE = re.compile(
    r"(?<![\w.-])(?:www\.|m\.|[a-z]{2}\.|[a-z]{2}-[a-z]{2}\.)?(?:"
    r"instagram\.com/(?!explore\b|p/|reels?\b|about\b|legal\b|developer)[\w.]+"
    r"|(?:facebook|fb)\.com/(?!groups\b|events\b|pages\b|marketplace\b|business\b|policies\b)[\w.]+"
    r"|tiktok\.com/@[\w.]+"
    r"|(?:vk\.com|vkontakte\.ru)/(?!club|public|wall-|video)[\w.]+"
    r"|ok\.ru/profile/\d+"
    r"|linkedin\.com/in/[\w%-]+"
    r"|(?:x|twitter)\.com/(?!search\b|hashtag\b|i/|home\b|explore\b)\w+"
    r"|snapchat\.com/add/[\w.-]+"
    r"|(?:t|telegram)\.me/(?!joinchat\b|addstickers\b|s/)\w+"
    r"|threads\.(?:net|com)/@[\w.]+"
    r"|onlyfans\.com/[\w.-]+"
    r")"
)
"""A link to one person's profile; tags, groups, companies, searches and videos are something else."""

_PEOPLE = {
    # Language: how "my" is said, and who is meant.
    "en": (
        r"my(?: own| old| former| new)?",
        (
            r"girl ?friend|boy ?friend|gf|bf|wife|husband|fianc[eé]e?|partner|crush|neighbou?r|co-?worker|colleague"
            r"|boss|secretary|teacher|professor|class-?mate|school-?mate|room-?mate|flat-?mate|baby-?sitter|landlady"
            r"|(?:step-?)?(?:sister|mother|mom)|mum|cousin|niece|aunt|daughter|student|pupil"
            r"|friend's (?:wife|sister|girlfriend|mom)"
            r"|ex(?:[- ](?:girl ?friend|boy ?friend|gf|bf|wife|husband|partner))?(?! libris| voto)"
        ),
    ),
    "de": (
        r"mein(?:e|er|em|en|es)?",
        (
            r"ex(?:-?freundin|-?freund|-?frau|-?mann)?|freundin|frau|nachbar(?:in|n)?|kolleg(?:in|en?)|chef(?:in)?"
            r"|lehrer(?:in)?|mitschüler(?:in)?|schwester|cousine|schwägerin"
        ),
    ),
    "fr": (
        r"m(?:on|a)",
        r"ex(?:-copine|-femme|-mari)?|copine|femme|voisine?|collègue|prof|professeure?|patronne|cousine|(?:belle-)?sœur",
    ),
    "es": (
        r"mi",
        r"ex(?:-?novi[ao]|esposa)?|novi[ao]|esposa|vecin[ao]|compañer[ao]|profesor[ao]|jefa|hermana|prima|cuñada",
    ),
    "it": (
        r"(?:della |la )?mia",
        r"ex(?:-fidanzata|-moglie)?|fidanzata|ragazza|moglie|vicina|collega|professoressa|sorella|cugina",
    ),
    "pt": (r"(?:d?a )?minha", r"ex(?:-namorada|-mulher)?|namorada|esposa|vizinha|colega|professora|chefe|irmã|prima"),
    "nl": (r"mijn", r"ex(?:-vriendin|-vrouw)?|vriendin|vrouw|buurvrouw|collega|lerares|zus|nicht"),
    "pl": (r"moj(?:a|ej|ą)", r"był(?:a|ej|ą)|dziewczyn\w|żon\w|sąsiadk\w|koleżank\w|nauczycielk\w|siostr\w"),
    "ru": (
        r"мо(?:я|ей|ю)",
        r"бывш(?:ая|ей|ую)|девушк\w|жен\w|соседк\w|коллег\w|учительниц\w|одноклассниц\w|сестр\w",
    ),
}
_SOMEBODY = (
    r"(?:a|this|the|some) (?:girl|woman|guy|man|lady) i (?:know|like|met|work with)"
    r"|(?:a|an|my|her|his) (?:best )?(?:friend|brother|sister|cousin|boss|neighbou?r)'s (?:wife|sister|girlfriend|mom)"
    r"|(?:an )?ex (?:gf|bf|girl ?friend|boy ?friend|wife|husband)|(?:girls?|boys?|woman|women) (?:from|in|at) my"
    r" (?:class|school|gym|town|office|work|street|college|building)"
)
_KNOWN = "|".join(f"{mine} (?:{people})" for mine, people in _PEOPLE.values())
_KNOWN = rf"(?<![\w-])(?:{_KNOWN}|{_SOMEBODY})(?![\w-])"

KNOWN_IN_PRIVATE = (re.compile(_KNOWN),)
"""Somebody whom the requester knows in private is mentioned, for whatever reason."""

_SHOWN = r"(?:face|photos?|pictures?|pics?|selfies?|likeness|body|figure|look|hair)"
_NOT_THEIRS = rf"(?!'s? (?!{_SHOWN}\b))(?! (?:studio|fight|ship|budget|card|loves?|asked|said))"
_MADE = (
    r"(?:loras?|models?|checkpoints?|embeddings?|likeness|faces?|photos?|pictures?|pics|images|portraits?|body|version"
    r"|modell|gesicht|bilder|fotos?|modèle|visage|modelo|cara|rosto|modello|viso|gezicht|twarz|zdjęcia"
    r"|лор[ауы]|модель|лицо|фото)"
)
_OF = r"(?:of|from|with|for|von|mit dem gesicht|de|con|di|da|van|z|для|с)"

DEPICTED = (
    re.compile(rf"\b{_MADE}(?: {_OF})? ?{_KNOWN}{_NOT_THEIRS}"),
    re.compile(rf"{_KNOWN}(?:'s?|s') (?:\w+ )?{_SHOWN}\b"),
    re.compile(rf"\b(?:looks?|looking|exactly|just) like {_KNOWN}{_NOT_THEIRS}"),
    re.compile(rf"\b(?:recreate|reproduce|clone|generate|draw|show|see|render|train) {_KNOWN}{_NOT_THEIRS}"),
    re.compile(rf"\b(?:zeigen?|ver a|voir|раздеть) {_KNOWN}"),
)
"""It asks for what such a person looks like."""

_TAKEN = r"(?:photos?|selfies?|pictures?|pics|snaps|instagram|facebook|tiktok|feed|stories|profile)"

PRIVATE = (
    re.compile(rf"\b(?:from|on|using|use|scrape|take|train) (?:her|his) (?:\w+ )?{_TAKEN}\b(?! of)"),
    re.compile(rf"\b(?:\d+|some|many|more|few|of|enough|have|send|private) (?:private )?{_TAKEN} of (?:her|him)\b"),
    re.compile(rf"\b(?:(?:her|his|their) (?:selfies\b|private {_TAKEN}\b))"),
    re.compile(r"\baus (?:ihren|seinen) (?:fotos|selfies|bildern)\b|\b(?:fotos|bilder) von ihr\b"),
    re.compile(r"\bà partir de ses (?:photos|selfies)\b|\bcon sus (?:fotos|selfies)\b|\bcon le sue foto\b"),
    re.compile(r"\bcom as fotos dela\b|\bmet haar (?:foto's|gezicht)\b|\b(?:её|ее) (?:снимки|фото\w*)"),
)
"""It is to be made from pictures that somebody took or shared in private."""

BODY = (
    re.compile(r"\b(?:bust|breast|bra|cup|hip|waist) (?:size|measurements?)\b"),
    re.compile(r"\b(?:her|his) (?:exact |real |actual )?(?:measurements|body|figure(?! skat)|curves)\b"),
    re.compile(r"\b(?:her|his|my \w+)[^.]{0,40},? body too\b|\bbody (?:must|has to|should) match\b"),
    re.compile(r"\bfull body and face\b|\bface and body\b|\b(?:face|head) on (?:different|other) bodies\b"),
)
"""It asks for details of somebody's body."""

_PEOPLE_SHOWN = (
    r"(?:her|him|them|someone|somebody|anyone|people|persons?|girls?|wom[ae]n|photos? of|pictures? of|any photo)"
)

UNDRESSED = (
    re.compile(rf"\b(?:undress(?:es|ing)?|strip(?:s|ping)?) (?:a |the |any |real )?{_PEOPLE_SHOWN}\b"),
    re.compile(r"\bnudif(?:y|ier|ying|ication)\b|\bdeep ?nudes?\b|\bundress (?:model|lora|app)\b"),
    re.compile(r"\b(?:remov(?:e|es|ing)|tak(?:e|es|ing) off) (?:her|his|their|people's|someone's) cloth(?:es|ing)\b"),
    re.compile(r"\b(?:remov(?:e|es|ing)|tak(?:e|es|ing) off|strip off) (?:the )?cloth(?:es|ing) (?:from|of|in|on)\b"),
    re.compile(r"\b(?:cloth(?:es|ing)|dress) (?:remov(?:er|al)|off)\b"),
    re.compile(r"\bwithout (?:her|his|their) clothes\b"),
    re.compile(r"\b(?:her|him|them|she|he) (?:naked|nude|topless|undressed)\b"),
    re.compile(r"\b(?:naked|nude|topless|undressed) (?:photos?|pictures?|pics|version) of (?:her|him|my|a real)\b"),
    re.compile(r"\bausziehen\b|\bohne (?:ihre )?kleidung\b|\bdéshabiller\b|\bsin ropa\b|\bsenza vestiti\b"),
    re.compile(r"\bsem roupa\b|\bzonder kleren\b|\bbez ubrań\b|\bраздеть\b|\bбез одежды\b"),
)
"""It asks to show somebody undressed."""
