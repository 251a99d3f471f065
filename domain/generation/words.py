"""What one registry says against the words of a job."""

from typing import Any

from domain.kernel.findings import Finding, Signal
from domain.registry.gates import examine_texts
from domain.registry.matching import Matcher


def against_words(row: Any, matcher: Matcher) -> list[Finding]:
    """Give what stands against a job's prompt and negative prompt, for its owner; no finding means nothing does."""
    return examine_texts(
        matcher,
        [("prompt", row["prompt"]), ("negative prompt", row["negative_prompt"])],
        Signal.NAME_IN_TEXT,
        account=row["owner_id"],
        mature=row["mature"],
    )
