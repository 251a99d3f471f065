"""The rules of resources: what a draft may say, what a file may be, what follows from a scan. No I/O."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from domain.kernel.findings import Finding, Signal, Verdict, worst
from domain.kernel.ids import AccountId
from domain.kernel.refusals import Conflict, InvalidInput, PolicyRefused
from domain.kernel.text import clean
from domain.kernel.wire import Inspection, MetadataText
from domain.registry.blocked import Fingerprint
from domain.registry.gates import examine_texts, revise
from domain.registry.matching import Matcher
from domain.resources.passing import against_file, against_words, verdict_of
from domain.resources.values import (
    Cause,
    HashAlgorithm,
    Permission,
    Resource,
    ResourceDraft,
    ResourceStatus,
    StoredFile,
)

MAX_TITLE = 200
MAX_DESCRIPTION = 20_000
MAX_TRIGGER_WORDS = 50
MAX_TRIGGER_WORD = 100
MAX_FILE_NAME = 255
MAX_FILES = 10
MAX_OPEN_UPLOADS = 20
MATURE_POLICY = "real-person-mature/1"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is stored of a file's inspection and does not change with the registry, and what was last found."""

    name: str
    sha256: str
    account_id: AccountId
    mature: bool
    base: Verdict
    texts: tuple[MetadataText, ...]
    findings: tuple[Finding, ...]
    faces: tuple[bytes, ...] = field(default=(), repr=False)
    fingerprint: Fingerprint | None = None


_HEX = re.compile(r"\A[0-9a-f]+\Z")
_HASH_LENGTH = {
    HashAlgorithm.SHA256: 64,
    HashAlgorithm.AUTOV1: 8,
    HashAlgorithm.AUTOV2: 10,
    HashAlgorithm.AUTOV3: 12,
    HashAlgorithm.CRC32: 8,
    HashAlgorithm.BLAKE3: 64,
}
_SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_TRUNCATED = (HashAlgorithm.AUTOV1, HashAlgorithm.AUTOV2, HashAlgorithm.AUTOV3)


def checked_draft(draft: ResourceDraft) -> ResourceDraft:
    """Give the draft with its texts cleaned. Raises InvalidInput, and PolicyRefused for a mature real person."""
    if len(draft.trigger_words) > MAX_TRIGGER_WORDS:
        raise InvalidInput(
            f"A resource may have at most {MAX_TRIGGER_WORDS} trigger words.", field="input.triggerWords"
        )
    cleaned = replace(
        draft,
        title=clean(draft.title, "input.title", MAX_TITLE, min_length=1),
        description=clean(draft.description, "input.description", MAX_DESCRIPTION),
        trigger_words=tuple(
            clean(word, "input.triggerWords", MAX_TRIGGER_WORD, min_length=1) for word in draft.trigger_words
        ),
    )
    if draft.mature and draft.depicts_real_person:
        raise PolicyRefused("A resource that depicts a real person may not be mature.", policy=MATURE_POLICY)
    return cleaned


def texts_of(title: str, description: str, trigger_words: Iterable[str]) -> list[tuple[str, str]]:
    """Pair each text of a resource with where it stands."""
    return [("title", title), ("description", description), *(("trigger word", word) for word in trigger_words)]


def checked_file_name(name: str) -> str:
    """Give the name of a file to upload, cleaned. Raises InvalidInput."""
    name = clean(name, "input.fileName", MAX_FILE_NAME, min_length=1)
    if name in (".", "..") or not name.isprintable() or "/" in name or "\\" in name:
        raise InvalidInput(
            "A file's name is a plain one, without slashes or invisible characters.", field="input.fileName"
        )
    return name


def checked_size(size_bytes: float, *, most: int) -> int:
    """Give the size of a file to upload as a whole number of bytes. Raises InvalidInput."""
    if not (size_bytes >= 1 and float(size_bytes).is_integer()):
        raise InvalidInput("A file's size is a whole number of bytes, at least 1.", field="input.sizeBytes")
    if size_bytes > most:
        raise InvalidInput(f"A file may have at most {most} bytes.", field="input.sizeBytes")
    return int(size_bytes)


def checked_sha256(sha256: str | None) -> str | None:
    """Give the SHA256 that a file is announced to have, in lower case. Raises InvalidInput."""
    if sha256 is None:
        return None
    digits = sha256.strip().lower()
    if len(digits) != 64 or not _HEX.match(digits):
        raise InvalidInput("A SHA256 is 64 hex digits.", field="input.sha256")
    return digits


def check_takes_files(status: ResourceStatus, files: int) -> None:
    """Refuse a file for a resource that takes none any more. Raises Conflict."""
    if status is not ResourceStatus.DRAFT:
        raise Conflict(f"Files are added to a draft; this resource is {status}.", state=status)
    if files >= MAX_FILES:
        raise Conflict(f"A resource holds at most {MAX_FILES} files.", state=status)


def check_gives_files(status: ResourceStatus) -> None:
    """Refuse to take a file out of a resource that is no draft. Raises Conflict."""
    if status is not ResourceStatus.DRAFT:
        raise Conflict(f"Files are taken out of a draft; this resource is {status}.", state=status)


def check_submit(status: ResourceStatus, files: int) -> None:
    """Refuse to submit what is no draft or has no file. Raises Conflict."""
    if status is not ResourceStatus.DRAFT:
        raise Conflict(f"Only a draft can be submitted; this resource is {status}.", state=status)
    if files == 0:
        raise Conflict("Upload a file first: this resource has none that is complete.", state=status)


def check_remove(status: ResourceStatus) -> None:
    """Refuse to remove what is removed. Raises Conflict."""
    if status is ResourceStatus.REMOVED:
        raise Conflict("This resource has been removed already.", state=status)


def base_of(inspection: Inspection) -> Verdict:
    """Give what an inspection says beyond its findings: FAILED, say, or CLEAN when the findings say it all."""
    found = worst(finding.verdict for finding in inspection.findings)
    return Verdict.CLEAN if found is inspection.verdict else inspection.verdict


@dataclass(frozen=True, slots=True)
class Examined:
    """What the registry of one version says of a file."""

    findings: tuple[Finding, ...]
    verdict: Verdict


def examine(facts: FileFacts, matcher: Matcher) -> Examined:
    """Judge a file by a registry, from what its inspection found; the file's own name is one of its texts."""
    findings = revise(
        facts.findings,
        matcher,
        texts=[MetadataText("file name", facts.name), *facts.texts],
        sha256=facts.sha256,
        account=facts.account_id,
        mature=facts.mature,
        faces=facts.faces,
        fingerprint=facts.fingerprint,
    )
    return Examined(tuple(findings), worst([facts.base, *(finding.verdict for finding in findings)]))


def examine_own_texts(resource: Resource, matcher: Matcher) -> tuple[Finding, ...]:
    """Judge a resource's own texts by a registry."""
    return tuple(
        examine_texts(
            matcher,
            texts_of(resource.title, resource.description, resource.trigger_words),
            Signal.NAME_IN_TEXT,
            account=resource.owner_id,
            mature=resource.mature,
        )
    )


def examine_draft(matcher: Matcher, draft: ResourceDraft, owner_id: AccountId) -> tuple[Finding, ...]:
    """Judge the texts of a draft before it is written down."""
    texts = texts_of(draft.title, draft.description, draft.trigger_words)
    found = examine_texts(matcher, texts, Signal.NAME_IN_TEXT, account=owner_id, mature=draft.mature)
    return tuple(found)


def settled(
    status: ResourceStatus, cause: Cause | None, verdicts: Sequence[Verdict], *, by_moderator: bool = False
) -> ResourceStatus:
    """Say what becomes of a resource whose texts and files have these verdicts.

    It waits for the last scan. A draft stays one, and what a person decided stands against every scan; what is held
    for a claim, or by a moderator, stays held at least until that is decided, also when something else had blocked it
    meanwhile. A file that could not be read makes it a draft again, so that its owner can upload another.
    """
    if status in (ResourceStatus.DRAFT, ResourceStatus.REMOVED) or cause in (Cause.OWNER, Cause.MODERATOR):
        return status
    if Verdict.PENDING in verdicts:
        return status
    judged = worst(verdicts)
    if (by_moderator or cause is Cause.CLAIM) and judged is not Verdict.BLOCKED:
        return ResourceStatus.HELD
    return {
        Verdict.CLEAN: ResourceStatus.PUBLISHED,
        Verdict.HELD: ResourceStatus.HELD,
        Verdict.BLOCKED: ResourceStatus.BLOCKED,
        Verdict.FAILED: ResourceStatus.DRAFT,
    }[judged]


def permission(resource: Resource, files: Sequence[StoredFile], samples: Sequence[StoredFile] = ()) -> Permission:
    """Say whether the generator may use a resource: published, clean, with weights, not mature, of no real person.

    `files` are its weights; what its sample pictures show counts as much. What a moderator let pass counts for nothing.
    """
    every = (*files, *samples)
    found = [finding for file in every for finding in against_file(file, resource)]
    reasons = (*_declared(resource), *against_words(resource), *found)
    clean_files = bool(files) and all(verdict_of(file, resource) is Verdict.CLEAN for file in every)
    ready = resource.status is ResourceStatus.PUBLISHED and (resource.in_place or clean_files)
    return Permission(allowed=ready and not reasons, reasons=reasons)


def _declared(resource: Resource) -> list[Finding]:
    """Give what the owner's own declarations say against generation."""
    found = []
    if resource.depicts_real_person:
        detail = "declared: it depicts a real person, and such resources are shown but never used by the generator"
        found.append(Finding(Signal.DECLARED, Verdict.BLOCKED, detail))
    if resource.mature:
        detail = "declared: it is mature, and the generator draws nothing mature"
        found.append(Finding(Signal.MATURE_CONTENT, Verdict.BLOCKED, detail))
    return found


def standing(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Leave out the findings that are for information only."""
    return tuple(finding for finding in findings if finding.verdict is not Verdict.CLEAN)


def hash_candidates(algorithm: HashAlgorithm, value: str) -> tuple[str, ...]:
    """Give the stored forms that a hash as people write it may have; none for what is no such hash.

    Prefixes (`0x`, `blake3:`) and case are dropped, a long tensor hash is cut to AutoV3, a CRC32 is tried in both
    byte orders. The hash of nothing, which short files get by accident, identifies nothing.
    """
    digits = value.strip().lower()
    digits = digits.removeprefix(f"{algorithm.lower()}:").removeprefix("0x")
    if algorithm is HashAlgorithm.AUTOV3 and len(digits) == 64:
        digits = digits[:12]
    if len(digits) != _HASH_LENGTH[algorithm] or not _HEX.match(digits):
        return ()
    if algorithm in _TRUNCATED and _SHA256_OF_NOTHING.startswith(digits):
        return ()
    if algorithm is HashAlgorithm.CRC32:
        return tuple(dict.fromkeys((digits, bytes.fromhex(digits)[::-1].hex())))
    return (digits,)
