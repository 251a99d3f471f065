"""The syntax of prompts, set aside without moving a character: weights, keywords, alternatives."""

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

_WEIGHT = re.compile(r":\s*[-+]?\d*\.?\d+\s*(?=[)\]>}:])")
"""A weight or a step: (name:1.2), [a:b:0.5], <lora:name:0.8>."""
_DECIMAL = re.compile(r"\d(?<!\w\d)\d{0,2}\.\d{1,3}\b")
"""A weight without brackets: name:1.2, (name)1.2."""
_RARE = re.compile(
    r"\bBREAK\b"
    r"|(?<![A-Z] )\bAND\b(?! [A-Z]{2})"
    r"|%[0-9A-Fa-f]{2}|&(?:nbsp|amp|lt|gt|quot|#\d{1,6});|</?[a-z]{1,6}\s?/?>"  # left over from a web page
    r"|\\(?:[nrt](?=[A-Z ]|\b)|u[0-9a-fA-F]{4})"  # a line break, or another character, that was written out
)
_RARE_SIGNS = ("BREAK", "AND", "%", "&", "\\", "</")
_CHOICE = re.compile(r"[\[{(][^\[\]{}()|]*(?:\|[^\[\]{}()|]*)+[\]})]")
_SCHEDULE = re.compile(r"(\[[^\[\]{}()|:]{0,40}):(?=[^\[\]{}()|:]{0,40}:\s*\d*\.?\d+\s*\])")
"""What is drawn first and what later, [a:b:0.5]: two alternatives, short ones, as names are."""
_MOST_CHOICES = 3
_REACH = 60
"""So many characters beside a choice are read with it: as many as most names have, and their context."""
_CUT = f"[0-9A-Za-z\u00c0-\u0dff]{{2,{_REACH}}}"
_CUT_AT_START, _CUT_AT_END = re.compile(_CUT), re.compile(f"{_CUT}$")
"""A word at the edge of that, of a script that puts spaces between words."""


def masked(text: str) -> str:
    """Put spaces where prompt syntax stood that says nothing about names, and a bar between what is drawn first and
    later; every other character stays in place.
    """
    if ":" in text:
        text = _WEIGHT.sub(_blank, _SCHEDULE.sub(r"\1|", text) if "[" in text else text)
    if "." in text:
        text = _DECIMAL.sub(_blank, text)
    if any(sign in text for sign in _RARE_SIGNS):
        text = _RARE.sub(_blank, text)
    return text


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


class Part(NamedTuple):
    """A text or a part of it as it may be read, and at which character of the text it begins."""

    text: str
    start: int


def readings(text: str) -> list[Part]:
    """Give the masked text, and, where it offers alternatives (`[a|b]`, `{a|b}`, `[a:b:9]`), what each would read.

    A choice is read with what stands around it, as far as a name may reach. Groups near each other choose alike, even
    and odd ones apart, so that their number is bounded: nine more readings of each part at most.
    """
    base = masked(text)
    if "|" not in base:
        return [Part(base, 0)]
    groups = [found.span() for found in _CHOICE.finditer(base)]
    # Taken as signs that separate, the bars also leave the alternatives beside each other ("[tay|lor]").
    found = [Part(_without_bars(base, groups), 0)]
    for near in _neighbours(groups):
        start, end = _whole_words(base, near[0][0] - _REACH, near[-1][1] + _REACH)
        inside = [(first - start, last - start) for first, last in near]
        found += [Part(chosen, start) for chosen in _choices(base[start:end], inside)]
    return found


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out of a piece of a text the words of which it has a part only: "leeping" is nobody."""
    if start > 0 and (cut := _CUT_AT_START.match(text, start - 1)):
        start = cut.end()
    if end < len(text) and (cut := _CUT_AT_END.search(text[max(0, end - _REACH) : end + 1])):
        end -= len(cut[0]) - 1
    return max(0, start), end


def _neighbours(groups: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Give the groups of alternatives by which stand near each other."""
    near: list[tuple[int, int]] = []
    for group in groups:
        if near and group[0] - near[-1][1] > _REACH:
            yield near
            near = []
        near.append(group)
    if near:
        yield near


def _choices(text: str, groups: list[tuple[int, int]]) -> Iterator[str]:
    most = min(_MOST_CHOICES, max(text.count("|", first, last) + 1 for first, last in groups))
    for even, odd in product(range(most), repeat=2) if len(groups) > 1 else ((choice, 0) for choice in range(most)):
        yield _chosen(text, groups, even, odd)


def _without_bars(text: str, groups: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for first, last in groups:
        parts += [text[at:first], text[first:last].replace("|", " ")]
        at = last
    return "".join([*parts, text[at:]])


def _chosen(text: str, groups: list[tuple[int, int]], even: int, odd: int) -> str:
    """Keep one alternative of each group, and blank the others."""
    parts, at = [], 0
    for number, (first, last) in enumerate(groups):
        inner = text[first + 1 : last - 1].split("|")
        choice = min(odd if number % 2 else even, len(inner) - 1)
        shown = (part if index == choice else " " * len(part) for index, part in enumerate(inner))
        parts += [text[at:first], " ", " ".join(shown), " "]
        at = last
    return "".join([*parts, text[at:]])
