"""What follows from how well a name was matched: versioned thresholds, with the error rates measured for them."""

from dataclasses import dataclass

from domain.kernel.findings import Verdict


@dataclass(frozen=True, slots=True)
class NamePolicy:
    """One version of the thresholds for names in text. Exact evidence blocks, near evidence holds for a person.

    `recall` and `false_positives` are the shares measured on the labelled sets in tests/registry/data with these
    very values (a text counts as recognised when it is held or blocked for the right person).
    """

    version: str
    blocked_from: float = 0.95
    held_from: float = 0.80
    exact: float = 1.0
    """The name's own letters, however cased, accented, separated or joined."""
    disguised: float = 0.98
    """The name under digits, signs or letters that look alike, or with letters drawn out."""
    turned_with_comma: float = 0.96
    """Family name, comma, given name."""
    doubled: float = 0.92
    """A letter doubled or not, or one of two that look alike (i and l, rn and m)."""
    turned: float = 0.90
    """Family name before given name."""
    nickname: float = 0.90
    """Another form of the given name."""
    sounded: float = 0.90
    """Written in another script, as it sounds."""
    mistyped: float = 0.90
    """One edit away; each further edit costs `per_edit`."""
    per_edit: float = 0.03
    broken: float = 0.88
    """Apart where the name is not."""
    middle: float = 0.88
    """With a middle name or initial that is not registered."""
    in_context: float = 0.86
    """A name that is also an ordinary word or a given name, where the context speaks of a person."""
    initial: float = 0.82
    """A family name and the initial of the given name, where only one registered person has both."""
    recall: float = 0.0
    false_positives: float = 0.0

    def verdict(self, score: float) -> Verdict:
        """Say what follows from a score."""
        if score >= self.blocked_from:
            return Verdict.BLOCKED
        return Verdict.HELD if score >= self.held_from else Verdict.CLEAN

    def edits(self, letters: int) -> int:
        """How many edits a name of so many letters may be away and still be held: none below eight letters."""
        return 0 if letters < 8 else 1 if letters < 12 else 2 if letters < 18 else 3


NAMES_2026_11 = NamePolicy(version="names-2026-11", recall=0.998, false_positives=0.0016)
"""In force."""
