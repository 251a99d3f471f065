"""How likely a bounty asks for the likeness of a private person: pure; its figures and words are in `risk_policy`.

No single sign says enough, and nothing is refused by it: above the threshold a moderator looks before anybody else
does. The signs are words, so whoever words a request otherwise is not found; the registry, the inspector and moderators
stand behind it.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from domain.bounties.standing import risk_policy as policy
from domain.kernel.findings import Finding, Signal, Verdict


@dataclass(frozen=True, slots=True)
class Requester:
    """What is known of who asks: bounties opened before, those that were ever held, and real people's of late."""

    opened: int = 0
    held: int = 0
    depicting_lately: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One sign, in words that a person understands, and what it adds to the score."""

    sign: str
    weight: float


@dataclass(frozen=True, slots=True)
class Risk:
    """The signs that speak for a request for a private person, and their score, 0 to 1."""

    parts: tuple[Part, ...]

    @property
    def score(self) -> float:
        """Give the sum of the parts, at most 1."""
        return round(min(1.0, sum(part.weight for part in self.parts)), 2)

    @property
    def finding(self) -> Finding | None:
        """Give the finding that sends a bounty to a moderator, with its parts explained; None below the threshold."""
        if self.score < policy.THRESHOLD:
            return None
        parts = "; ".join(f"{part.sign} (+{part.weight:.1f})" for part in self.parts)
        detail = (
            f"risk {self.score:.1f} of 1 by {policy.POLICY}; from {policy.THRESHOLD:.1f} on a moderator looks: {parts}"
        )
        return Finding(Signal.REQUEST_RISK, Verdict.HELD, detail, self.score)


def risk_of(title: str, brief: str, *, depicts: bool, requester: Requester) -> Risk:
    """Score a bounty by its texts, by whether it is of a real person, and by who asks."""
    text = folded(f"{title}\n{brief}")
    signs = [
        ("a link to a personal profile", policy.PROFILE_LINK, (policy.PROFILE,)),
        ("somebody whom the requester knows in private is mentioned", policy.RELATION, policy.KNOWN_IN_PRIVATE),
        ("it asks for what such a person looks like", policy.DEPICTED_RELATION, policy.DEPICTED),
        ("it is to be made from somebody's private pictures", policy.PRIVATE_PHOTOS, policy.PRIVATE),
        ("it asks for details of somebody's body", policy.BODY_DETAILS, policy.BODY),
        ("it asks to show somebody undressed", policy.UNDRESS, policy.UNDRESSED),
    ]
    of_texts = [Part(sign, weight) for sign, weight, patterns in signs if _any(patterns, text)]
    return Risk((*of_texts, *_of_requester(requester, depicts=depicts)))


def folded(text: str) -> str:
    """Write a text in one form: nothing invisible, lower case, plain quotes and dashes, single spaces."""
    compatible = unicodedata.normalize("NFKC", text)
    visible = "".join(character for character in compatible if unicodedata.category(character) != "Cf")
    return " ".join(visible.casefold().translate(_PLAIN).split())


def _of_requester(requester: Requester, *, depicts: bool) -> list[Part]:
    """Give the signs that lie in who asks; that somebody asks for real people counts only where this one is of one."""
    parts = []
    if depicts:
        parts.append(Part("it depicts a real person", policy.DECLARED))
        if requester.depicting_lately >= policy.MANY_REAL_PERSONS:
            others = requester.depicting_lately
            said = f"the requester asked for {others} other real people in {policy.LATELY_DAYS} days"
            parts.append(Part(said, policy.CONCENTRATED))
    if requester.opened >= 2 and requester.held / requester.opened >= policy.HELD_SHARE:
        said = f"{requester.held} of the requester's {requester.opened} bounties before were held"
        parts.append(Part(said, policy.HELD_BEFORE))
    return parts


def _any(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-"})
