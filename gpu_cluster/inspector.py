"""The inspector: one pass over a file, then what follows from the registry. A plain class, made remote elsewhere.

It never unpickles, holds no tensor whole, and imports no machine-learning library.
"""

import re
import stat
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from domain.kernel.findings import Finding, Signal, Verdict, worst
from domain.kernel.ids import new_id
from domain.kernel.wire import Inspection, InspectOrder, MetadataText, SourceUnreachable
from domain.registry.adopting import BEHIND, MOST_BEHIND_SECONDS, Adopted
from domain.registry.blocked import Fingerprint
from domain.registry.changes import News
from domain.registry.gates import examine_fingerprint, examine_texts
from domain.registry.quoting import quoted
from domain.registry.snapshot import EMPTY, Snapshot
from gpu_cluster.buffers import Buffers, Chunk
from gpu_cluster.content import Content, read_content
from gpu_cluster.formats import PICKLE, SAFETENSORS
from gpu_cluster.kernels import compile_for_halves
from gpu_cluster.samples import inspect_sample
from gpu_cluster.sha256_rounds import compiled_rounds
from gpu_cluster.sources import read_path, read_url
from gpu_cluster.training_metadata import claimed_hashes, false_claims, texts_of
from gpu_cluster.weights import Weights, guess_weights

_CONVERT = (
    "a pickle can run a program when it is opened, so it is never opened here; load it where you trust it and save "
    "its tensors with safetensors.torch.save_file, then upload that file"
)


class Inspector:
    """Says what a file is and whether it may stand, by the registry that it holds.

    An order does not say whose the file is nor whether it is mature, so consent is read in the strictest way: a name
    is a finding unless nothing could forbid it. Whoever knows the owner revises the findings
    (`domain.registry.gates.revise`) without the file being read again.

    With a `patience`, in seconds, it must hear again and again that its registry is the newest: what it judges while
    it is behind is HELD, until somebody whose registry is the newest revises that.
    """

    def __init__(
        self, snapshot: Snapshot = EMPTY, *, hashing_threads: int | None = None, patience: float | None = None
    ) -> None:
        compile_for_halves()
        compiled_rounds()
        self._adopted = Adopted(snapshot, patience=patience)
        self._threads = hashing_threads
        self._buffers = Buffers()

    @property
    def version(self) -> int:
        """The version of the registry that it holds."""
        return self._adopted.version

    def adopt(self, news: News) -> int:
        """Take a newer registry, for scans under way too; an older one is left aside. Gives the version that holds."""
        return self._adopted.adopt(news)

    def confirm(self, version: int, age: float) -> None:
        """Hear that the newest registry was at `version`, `age` seconds ago."""
        self._adopted.confirm(version, age=age)

    def inspect(self, order: InspectOrder) -> Inspection:
        """Read the file of an order from its URL and judge it.

        Raises SourceUnreachable when it can't be read; a file that is not as it should be is an Inspection with the
        verdict FAILED.
        """
        url, buffers = order.source_url, self._buffers
        inspection = (
            self._inspect_sample(order, read_url(url))
            if order.sample
            else self._inspect(order, read_url(url, into=buffers))
        )
        return _held(inspection) if self._adopted.is_behind else inspection

    def inspect_path(self, path: Path) -> Inspection:
        """Read a file on this machine and judge it in the same way. Raises SourceUnreachable."""
        try:
            about = path.stat()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its path holds a NUL"
            raise SourceUnreachable(f"The file cannot be read: {reason}.") from error
        if not stat.S_ISREG(about.st_mode):
            raise SourceUnreachable("The file cannot be read: it is a folder or a device.")
        order = InspectOrder(new_id(), 1, path.name, about.st_size, "", self.version)
        return self._inspect(order, read_path(path, into=self._buffers))

    def _inspect_sample(self, order: InspectOrder, source: Generator[bytes, None, None]) -> Inspection:
        with closing(source):
            return inspect_sample(order, source, self._adopted.matcher)

    def _inspect(self, order: InspectOrder, source: Generator[Chunk, None, None]) -> Inspection:
        began = time.perf_counter()
        with closing(source):
            content = read_content(source, order.size_bytes, threads=self._threads, buffers=self._buffers)
        matcher = self._adopted.matcher
        metadata = content.header.metadata if content.header else {}
        claims = claimed_hashes(metadata)
        texts = [MetadataText("file name", order.file_name), *(texts_of(content.header) if content.header else ())]
        error = _error(content)
        fingerprint = _fingerprint(content)
        findings = [
            *examine_fingerprint(matcher, fingerprint),
            *_unsafe(content),
            *examine_texts(
                matcher,
                ((text.key, text.text) for text in texts),
                Signal.NAME_IN_METADATA,
                account=None,
                mature=True,
            ),
            *_claim_findings(claims, content),
            *_not_compared(content),
        ]
        verdicts = [finding.verdict for finding in findings]
        return Inspection(
            scan_id=order.scan_id,
            attempt=order.attempt,
            verdict=worst([*verdicts, Verdict.FAILED] if error else verdicts),
            findings=tuple(findings),
            format=content.format.name,
            size_bytes=content.size_bytes,
            hashes=fingerprint.hashes,
            claimed_hashes=claims,
            texts=tuple(texts),
            registry_version=matcher.snapshot.version,
            seconds=time.perf_counter() - began,
            error=error,
            tensor_digest=fingerprint.tensors,
            sketch=fingerprint.sketch,
        )


def _held(inspection: Inspection) -> Inspection:
    """Hold a file that was judged by a registry which may not be the newest any more."""
    behind = Finding(Signal.NAME_IN_METADATA, Verdict.HELD, f"file: {BEHIND.format(seconds=MOST_BEHIND_SECONDS)}")
    return replace(
        inspection,
        findings=(*inspection.findings, behind),
        verdict=worst([inspection.verdict, behind.verdict]),
    )


def _error(content: Content) -> str | None:
    """Say in one sentence why the file could not be examined; None when it could, or was refused as unsafe."""
    if content.size_bytes == 0:
        return "The file is empty."
    if content.tensors and content.tensors.not_a_number:
        return f"The tensor {quoted(content.tensors.not_a_number)} holds NaN or infinity, so the weights are broken."
    if content.fault or content.format.name in (SAFETENSORS, PICKLE):
        return content.fault
    return f"This is not a model file in safetensors format: it is {content.format.phrase}."


def _unsafe(content: Content) -> list[Finding]:
    if content.format.name != PICKLE:
        return []
    return [Finding(Signal.UNSAFE_FORMAT, Verdict.BLOCKED, f"file: it is {content.format.phrase}, and {_CONVERT}")]


def _hashes(content: Content) -> dict[str, str]:
    """Give the identifiers; AutoV3 only where the header was found in order, so that its end is certain."""
    named = content.hashes.by_name() if content.hashes else {}
    if content.header is None:
        named.pop("AUTOV3", None)
    return named


def _fingerprint(content: Content) -> Fingerprint:
    """Give what the file is recognised by."""
    tensors = content.tensors
    if tensors is None:
        return Fingerprint(_hashes(content))
    return Fingerprint(_hashes(content), tensors.digest, tensors.sketch)


_NO_LORA = {
    Weights.CHECKPOINT: "weights: not compared, as this is a full checkpoint; only LoRAs are compared by weights",
    Weights.EMBEDDING: "weights: not compared, as this is a textual inversion; only LoRAs are compared by weights",
    Weights.UNKNOWN: "weights: not compared, as this is no LoRA of a known kind",
}


def _not_compared(content: Content) -> list[Finding]:
    """Tell which weights were not compared with those of blocked files: told, not held against the file.

    Only what makes the comparison doubtful as a whole holds the file until a person has looked. Of weights that are no
    numbers the inspection's error tells already.
    """
    if content.header is None or content.tensors is None:
        return []
    tensors = content.tensors
    doubts = f"weights: a comparison may say nothing about them: {', '.join(tensors.doubts)}"
    detail = None
    if not tensors.compared and not tensors.reasons and not tensors.doubts:
        detail = _NO_LORA.get(guess_weights(content.header.tensors), _NO_LORA[Weights.UNKNOWN])
    elif tensors.reasons or (tensors.sketch is None and not (tensors.doubts or tensors.not_a_number)):
        reasons = ", ".join(tensors.reasons) or "an update that changes nothing"
        compared = f"{tensors.compared} layers were compared; " if tensors.sketch else ""
        detail = f"weights: {compared}not compared: {reasons}"
    return [
        *([Finding(Signal.WEIGHT_SIMILARITY, Verdict.HELD, doubts)] if tensors.doubts else []),
        *([Finding(Signal.WEIGHT_SIMILARITY, Verdict.CLEAN, detail)] if detail else []),
    ]


def _claim_findings(claims: dict[str, str], content: Content) -> list[Finding]:
    """Tell of claimed hashes that are false. They are told, not held against the file: tools get them wrong too."""
    truth = content.hashes.tensors_sha256 if content.hashes and content.header else None
    if truth is None:
        return []
    return [
        Finding(
            Signal.TENSOR_HASH,
            Verdict.CLEAN,
            f"{key}: the file claims {_shown_claim(claims[key])}, but the SHA256 of its tensors is {truth}",
        )
        for key in false_claims(claims, truth)
    ]


def _shown_claim(claim: str) -> str:
    """Repeat a claim only if it is a hash: a finding never carries free text out of a file."""
    return claim if re.fullmatch(r"(?:0x)?[0-9A-Fa-f]{1,128}", claim) else "something that is no hash"
