"""The gates that every text and file passes: drafts, prompts, briefs, metadata, uploads, finished jobs."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from domain.kernel.findings import Finding, Signal, Verdict, worst
from domain.kernel.wire import MetadataText
from domain.registry.blocked import Fingerprint, Near
from domain.registry.consent import apply_consent
from domain.registry.faces import IN_SAMPLE, examine_faces, face_index
from domain.registry.matching import Matcher, NameMatch

_REGISTRY_SIGNALS = frozenset(
    {
        Signal.NAME_IN_METADATA,
        Signal.FILE_HASH,
        Signal.TENSOR_HASH,
        Signal.WEIGHT_SIMILARITY,
        Signal.FACE_IN_SAMPLE,
    }
)
"""What `revise` judges anew; all other findings do not depend on the registry."""

_REASONS = ("was blocked by a moderator's decision", "reproduces a registered person")

_IDENTIFIER_NAMES = {"AUTOV1": "AutoV1", "AUTOV2": "AutoV2", "AUTOV3": "AutoV3"}


def examine_texts(
    matcher: Matcher,
    texts: Iterable[tuple[str, str]],
    signal: Signal,
    *,
    account: UUID | None,
    mature: bool,
) -> list[Finding]:
    """Look for registered names in `texts`, pairs of where a text stands and the text itself.

    `account` is who wants to use it (None: not known, so nobody's named creator); `mature` whether it is or may be
    mature. Gives one finding for each person at each place, only where the person does not allow the use: no
    finding means that nothing stands against it. The detail never repeats the name.
    """
    return findings_of(matcher, matches_in(matcher, texts), signal, account=account, mature=mature)


Matched = Sequence[tuple[str, Sequence[NameMatch]]]
"""Where each text stands, and the registered names that were found in it."""


def matches_in(matcher: Matcher, texts: Iterable[tuple[str, str]]) -> Matched:
    """Match each text once, for whoever asks more than one question about it."""
    return [(where, matcher.match(text)) for where, text in dict.fromkeys(texts)]


def findings_of(
    matcher: Matcher, matched: Matched, signal: Signal, *, account: UUID | None, mature: bool
) -> list[Finding]:
    """Say what stands against texts that were matched, as `examine_texts` does."""
    found: dict[tuple[str, UUID], list[NameMatch]] = {}
    safe_places: dict[str, str] = {}
    for where, matches in matched:
        for match in apply_consent(matches, matcher, account=account, mature=mature):
            if match.verdict is not Verdict.CLEAN:
                place = safe_places.setdefault(where, _place(matcher, where))
                found.setdefault((place, match.person_id), []).append(match)
    return [_finding(signal, place, matches) for (place, _), matches in found.items()]


def examine_file(matcher: Matcher, hashes: Iterable[str]) -> list[Finding]:
    """Look for a file among those that were found to reproduce a person, by its full SHA256.

    A blocked file stays blocked whatever the person allows: the registry names it for what it is.
    """
    for value in hashes:
        if found := matcher.blocked_file([value]):
            return [_same_file("SHA256", Verdict.BLOCKED, found[1])]
        if exact := matcher.snapshot.blocked_files.exact(Fingerprint({"SHA256": value})):
            return [_same_file(exact.algorithm, exact.verdict, exact.file.person_id)]
    return []


def examine_fingerprint(matcher: Matcher, fingerprint: Fingerprint) -> list[Finding]:
    """Look for a file among the blocked ones by everything that identifies it, and by what its weights resemble.

    Exact evidence blocks; a short identifier alone, or likeness of weights, holds for a person to look. Likeness is
    not looked for in a file that is identified exactly.
    """
    sha256 = fingerprint.hashes.get("SHA256")
    if found := examine_file(matcher, [sha256] if sha256 else []):
        return found
    blocked = matcher.snapshot.blocked_files
    exact = blocked.exact(fingerprint)
    if exact is not None and exact.verdict is Verdict.BLOCKED:
        return [_same_file(exact.algorithm, exact.verdict, exact.file.person_id)]
    short = [_same_file(exact.algorithm, exact.verdict, exact.file.person_id)] if exact else []
    near = blocked.near(fingerprint.sketch) if fingerprint.sketch else None
    return [*short, *([_alike(near)] if near is not None and near.verdict is not Verdict.CLEAN else [])]


def _same_file(algorithm: str, verdict: Verdict, person_id: UUID | None) -> Finding:
    reason = _REASONS[person_id is not None]
    if algorithm == "TENSORS":
        detail = f"file: it holds the same tensors as one which {reason}"
        return Finding(Signal.TENSOR_HASH, verdict, detail, None, person_id)
    called = _IDENTIFIER_NAMES.get(algorithm, algorithm)
    detail = f"file: its {called} is that of one which {reason}"
    if verdict is not Verdict.BLOCKED:
        detail += "; so short an identifier can be another file's, too"
    return Finding(Signal.FILE_HASH, verdict, detail, None, person_id)


def _alike(near: Near) -> Finding:
    """Tell of weights that resemble those of a blocked file."""
    score = min(max(abs(near.by_names), abs(near.by_shapes)), 1.0)
    reason = _REASONS[near.file.person_id is not None]
    detail = f"weights: they resemble those of a file which {reason} (cosine {score:.2f})"
    return Finding(Signal.WEIGHT_SIMILARITY, near.verdict, detail, round(score, 4), near.file.person_id)


def revise(
    findings: Iterable[Finding],
    matcher: Matcher,
    *,
    texts: Iterable[MetadataText],
    sha256: str | None,
    account: UUID | None,
    mature: bool,
    fingerprint: Fingerprint | None = None,
    faces: Sequence[bytes] = (),
) -> list[Finding]:
    """Bring the findings of an inspection up to a newer registry, owner or maturity, without reading the file again.

    An inspector does not know whose the file is and takes the strictest reading; whoever knows revises. `texts` and
    `sha256`, or all of the `fingerprint`, and `faces` are what the inspection found; findings that do not depend on the
    registry stay as they are.
    """
    kept = [finding for finding in findings if not _is_of_registry(finding)]
    known = fingerprint or Fingerprint({"SHA256": sha256} if sha256 else {})
    named = examine_texts(
        matcher,
        ((text.key, text.text) for text in texts),
        Signal.NAME_IN_METADATA,
        account=account,
        mature=mature,
    )
    seen = [(IN_SAMPLE, face) for face in faces]
    resembling = (
        examine_faces(face_index(matcher.snapshot), seen, Signal.FACE_IN_SAMPLE, account=account, mature=mature)
        if seen
        else []
    )
    return [*kept, *examine_fingerprint(matcher, known), *named, *resembling]


def _is_of_registry(finding: Finding) -> bool:
    not_run = finding.signal is Signal.FACE_IN_SAMPLE and finding.person_id is None
    doubted = finding.signal is Signal.WEIGHT_SIMILARITY and finding.score is None
    return finding.signal in _REGISTRY_SIGNALS and finding.verdict is not Verdict.CLEAN and not (not_run or doubted)


def _place(matcher: Matcher, where: str) -> str:
    """Say where a text stands, but not by a label that itself holds a registered name."""
    return "a field whose label holds a registered name" if matcher.match(where) else where


def _finding(signal: Signal, place: str, matches: list[NameMatch]) -> Finding:
    """Say where a person's name stands. Characters are counted from 1, as people do."""
    best = max(matches, key=lambda match: match.score)
    detail = f"{place}: a registered name at characters {best.start + 1}–{best.end}"
    if len(matches) > 1:
        more = len(matches) - 1
        detail += f", and {more} more {'time' if more == 1 else 'times'}"
    score = None if best.score == 1.0 else best.score
    return Finding(signal, worst(match.verdict for match in matches), detail, score, best.person_id)
