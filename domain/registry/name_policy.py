"""What follows from how well a name was matched: versioned thresholds, with the error rates measured for them."""

from dataclasses import dataclass

from domain.kernel.findings import Verdict


@dataclass(frozen=True, slots=True)
class NameFigures:
    """What was measured with the thresholds of a policy, by `python -m benchmarks names`, and how.

    Shares are of the labelled sets in tests/registry/data: the first, which the matcher was made with, and the later,
    harder one. At first shot and written blind are `unseen_*`, of a set of all kinds, and `across_*`, of one with
    nothing but names in another script than they are registered in. A text counts as recognised when it is held or
    blocked for the right person. Times are the processor's, in milliseconds, for
    prompts of 2,000 and 10,000 characters in Latin letters against 100,000 persons with four names each; prompts in
    other scripts take longer (decision 0052).
    """

    recall: float
    false_positives: float
    later_recall: float
    later_false_positives: float
    unseen_recall: float
    unseen_false_positives: float
    across_recall: float
    across_false_positives: float
    median_2000: float
    p99_2000: float
    p99_10000: float
    build_seconds: float
    megabytes: float
    machine: str


@dataclass(frozen=True, slots=True)
class NamePolicy:
    """One version of the thresholds for names in text. Exact evidence blocks, near evidence holds for a person."""

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
    unseen: float = 0.80
    """Where a text has the letters of a name so often that not every place was looked at."""
    measured: NameFigures | None = None

    def verdict(self, score: float) -> Verdict:
        """Say what follows from a score."""
        if score >= self.blocked_from:
            return Verdict.BLOCKED
        return Verdict.HELD if score >= self.held_from else Verdict.CLEAN

    def edits(self, letters: int) -> int:
        """How many edits a name of so many letters may be away and still be held: none below eight letters."""
        return 0 if letters < 8 else 1 if letters < 12 else 2 if letters < 18 else 3


NAMES_2026_11 = NamePolicy(
    version="names-2026-11",
    measured=NameFigures(
        recall=0.999,
        false_positives=0.0,
        later_recall=0.971,
        later_false_positives=0.017,
        unseen_recall=0.955,
        unseen_false_positives=0.010,
        across_recall=0.819,
        across_false_positives=0.006,
        median_2000=1.07,
        p99_2000=3.3,
        p99_10000=13.8,
        build_seconds=49.6,
        megabytes=249.9,
        machine="an AMD EPYC whose host others use, medians of four runs (0.97 to 1.14 ms; 0.62 where no word is new)",
    ),
)
"""In force."""
