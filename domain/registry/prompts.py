"""The syntax of prompts, set aside without moving a character: weights, keywords, alternatives."""

import re
from itertools import product

_MASKED = re.compile(
    r":\s*[-+]?\d*\.?\d+\s*(?=[)\]>}:])"  # a weight or a step: (name:1.2), [a:b:0.5], <lora:name:0.8>
    r"|\bBREAK\b"
    r"|%[0-9A-Fa-f]{2}|&(?:nbsp|amp|lt|gt|quot|#\d{1,6});"  # left over from a web page
    r"|\\[nrt](?=[A-Z ]|\b)"  # a line break that was written out
)
_CHOICE = re.compile(r"[\[{(][^\[\]{}()|]*(?:\|[^\[\]{}()|]*)+[\]})]")
_MOST_CHOICES = 3


def masked(text: str) -> str:
    """Put spaces where prompt syntax stood that says nothing about names; every other character stays in place."""
    if not any(sign in text for sign in (":", "BREAK", "%", "&", "\\")):
        return text
    return _MASKED.sub(lambda found: " " * len(found[0]), text)


def readings(text: str) -> list[str]:
    """Give the masked text, and, where it offers alternatives (`[a|b]`, `{a|b}`), what each choice would read.

    Every reading has the length of the text. Groups choose alike, even and odd ones apart, so that their number is
    bounded: nine more readings at most.
    """
    base = masked(text)
    if "|" not in base:
        return [base]
    groups = [found.span() for found in _CHOICE.finditer(base)]
    if not groups:
        return [base]
    most = min(_MOST_CHOICES, max(base.count("|", first, last) + 1 for first, last in groups))
    choices = product(range(most), repeat=2) if len(groups) > 1 else ((choice, 0) for choice in range(most))
    # Taken as signs that separate, the bars also leave the alternatives beside each other ("[tay|lor]").
    return [
        _without_bars(base, groups),
        *(_chosen(base, groups, even, odd) for even, odd in choices),
    ]


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
