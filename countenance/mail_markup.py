"""The words and links of an HTML mail, read in one pass: each character is consumed once, whatever is wrong with it.

The standard library's HTML parser is not used: it begins anew at each tag that has no end, so that a short mail can
keep a processor busy for minutes. Where markup is broken, words are rather kept than lost.
"""

import html
import re

MAX_MARKUP = 200_000
"""How many characters of a mail's HTML are read."""
MAX_LINKS = 100

_OPENING = re.compile(r"<(?:(!--)|[!?]|(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30}))")
_REST_OF_TAG = re.compile(r"(?:[^>=]|=\s*+(?:\"[^\"]*\"|'[^']*')?)*+>")
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_HUGE_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_SPACES = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r"\n{3,}")

_LINE = re.compile(
    r"address|article|aside|blockquote|br|center|d[dlt]|div|footer|form|h[1-6]|header|hr|li|main|[ou]l|p|pre|section"
    r"|table|tbody|tr"
)
_BLOCK = re.compile(rf"{_LINE.pattern}|td|th|body")
_RAW = frozenset({"script", "style", "title"})
_SILENT = _RAW | {"head"}


def read_markup(page: str) -> tuple[str, tuple[str, ...]]:
    """Give the words of a page, with a line for each block, and the targets of its links."""
    reading = _Page(page[:MAX_MARKUP])
    reading.read()
    words = _tidy("".join(reading.said))
    if not words.strip():
        words = _tidy(_ANY_TAG.sub(" ", reading.page))
    return words, tuple(reading.links)


class _Page:
    """A page while it is read, and how far; nothing before `at` is looked at again."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.at = 0
        self.said: list[str] = []
        self.links: list[str] = []
        self._silenced_by: str | None = None
        self._endless: set[str] = set()

    def read(self) -> None:
        """Read from tag to tag."""
        while (opening := _OPENING.search(self.page, self.at)) is not None:
            self._say(self.page[self.at : opening.start()])
            self.at = opening.end()
            if opening[1]:
                self._skip_past("-->")
                continue
            rest = None if ">" in self._endless else _REST_OF_TAG.match(self.page, self.at)
            if rest is None:  # no tag after this one has an end
                self._endless.add(">")
                self._say(opening[0])
                continue
            self.at = rest.end()
            if opening[3]:
                self._tag(opening[3].lower(), rest[0], closes=bool(opening[2]))
        self._say(self.page[self.at :])

    def _tag(self, name: str, attributes: str, *, closes: bool) -> None:
        """Begin a line or a silence, end a silence, or keep a link."""
        if _BLOCK.fullmatch(name) or (closes and name == self._silenced_by):
            self._silenced_by = None
        if _LINE.fullmatch(name):
            self._say("\n")
        elif name in _SILENT and not closes and not attributes.endswith("/>"):
            if name in _RAW and self._skip_past(f"</{name}"):
                self.at = max(self.at, self.page.find(">", self.at) + 1)
            elif self._silenced_by is None:
                self._silenced_by = name
        elif name == "a" and not closes and len(self.links) < MAX_LINKS:
            target = _HREF.search(attributes)
            if target is not None:
                self.links.append(_unescaped(target[1] or target[2] or target[3] or ""))

    def _skip_past(self, end: str) -> bool:
        """Go on behind `end`; False, and nothing is skipped, where it does not come any more."""
        if end in self._endless:
            return False
        found = re.compile(re.escape(end), re.IGNORECASE).search(self.page, self.at)
        if found is None:
            self._endless.add(end)
            return False
        self.at = found.end()
        return True

    def _say(self, words: str) -> None:
        if words and self._silenced_by is None:
            self.said.append(words)


def _tidy(words: str) -> str:
    return _LINES.sub("\n\n", _SPACES.sub(" ", _unescaped(words)))


def _unescaped(text: str) -> str:
    """Replace character references; a number that no character has is none."""
    return html.unescape(_HUGE_NUMBER.sub("\ufffd", text))
