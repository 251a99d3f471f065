"""What is looked through when a change of the registry is applied to what is stored: the changed persons first."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from domain.registry.matching import Matcher

_AT_ONCE = 4_000
"""Characters of texts that are looked through at once: as many as a prompt has."""

_REMEMBERED_LENGTH = 100
_MOST_REMEMBERED = 200_000

_JOINABLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;_'-/()!?\"\n")
"""Texts of other characters are looked at one by one: prompt syntax reaches beyond a text, other scripts are slower."""


class Skimmer:
    """Finds those of many texts in which somebody is named, many times faster than one by one.

    Short texts are joined into documents; a text is looked at alone only where its document names somebody. A line
    break is an edge to every name, and nothing that forbids a name reaches over one, so that no name in a text goes
    unseen in its document. Texts in which nobody was found are remembered: tags are the same in thousands of files.
    """

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self._clean: set[str] = set()

    def naming(self, texts: Iterable[str]) -> set[str]:
        """Give those of the texts in which somebody is named."""
        if not self.matcher.snapshot.persons:
            return set()
        unseen = [text for text in dict.fromkeys(texts) if text not in self._clean]
        naming: set[str] = set()
        for document in _documents(unseen):
            if len(document) == 1 or self.matcher.match("\n\n".join(document)):
                naming.update(text for text in document if self.matcher.match(text))
        short = [text for text in unseen if len(text) <= _REMEMBERED_LENGTH and text not in naming]
        if len(self._clean) + len(short) <= _MOST_REMEMBERED:
            self._clean.update(short)
        return naming


def _documents(texts: Iterable[str]) -> Iterator[Collection[str]]:
    """Put texts together that can be looked through together."""
    document: list[str] = []
    length = 0
    for text in texts:
        if not _JOINABLE.issuperset(text):
            yield (text,)
            continue
        document.append(text)
        length += len(text)
        if length >= _AT_ONCE:
            yield document
            document, length = [], 0
    if document:
        yield document


class Lens:
    """The whole registry, and the changed persons alone.

    Only the changed persons are looked for. Where something stands against a thing already it is judged anew by the
    whole registry: a person who is gone, or allows more now, may be the one who was found.
    """

    def __init__(self, whole: Matcher, changed: Matcher) -> None:
        self.whole, self.changed = whole, changed
        self._skimmer = Skimmer(changed)

    @property
    def only_frees(self) -> bool:
        """Whether the change can only free what is restricted: nobody whom it is about is left in the registry."""
        now = self.changed.snapshot
        return not (now.persons or now.blocked_sha256 or now.blocked_files or now.faces)

    @property
    def reads_files(self) -> bool:
        """Whether files are looked for by more than their texts: by hashes, weights or faces."""
        now = self.changed.snapshot
        return bool(now.blocked_sha256 or now.blocked_files or now.faces)

    def named_in(self, things: Sequence[Iterable[str]]) -> list[bool]:
        """Say for each thing, given as its texts, whether a changed person is named in it."""
        held = [tuple(texts) for texts in things]
        naming = self._skimmer.naming(text for texts in held for text in texts)
        return [not naming.isdisjoint(texts) for texts in held] if naming else [False] * len(held)
