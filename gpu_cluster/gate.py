"""The check of an order and of its finished pictures, before anyone sees them.

Words are checked before drawing and again, with the registry of that moment, at every step and before a picture
leaves: a registry that changes in the middle of a job stops the job. Files are checked by their SHA256 in the same
places. What is shown **in** a picture is examined where a `PictureCheck` is plugged in (`gpu_cluster.faces` compares
faces); without one `Gate.examines_pictures` is false, and no score is invented.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import ClusterUnavailable, RenderOrder
from domain.registry.adopting import BEHIND, MOST_BEHIND_SECONDS, Adopted
from domain.registry.changes import News
from domain.registry.gates import examine_file, examine_texts
from domain.registry.matching import Matcher
from domain.registry.snapshot import Snapshot

if TYPE_CHECKING:
    from PIL.Image import Image

_STOPPING = (Verdict.BLOCKED, Verdict.HELD, Verdict.FAILED)


class PictureCheck(Protocol):
    """A classifier of finished pictures: faces against the registry, mature content, or both."""

    def examine(self, picture: "Image", order: RenderOrder, snapshot: Snapshot) -> Sequence[Finding]:
        """Say what the picture shows that it must not. An empty answer lets it pass."""
        ...

    def may_show(self, preview: "Image", order: RenderOrder, snapshot: Snapshot) -> bool:
        """Whether a small preview of an unfinished picture may be shown; the picture itself is examined anyway."""
        ...


class Refused(Exception):
    """The gate stopped an order; `findings` say why and `registry_version` under which registry."""

    def __init__(self, findings: Sequence[Finding], registry_version: int) -> None:
        """Keep the evidence, in the order it was found."""
        super().__init__("The order was stopped by the likeness gate.")
        self.findings = tuple(findings)
        self.registry_version = registry_version


class Gate:
    """Holds the newest registry of one actor and judges orders and pictures by it.

    `adopt` may be called from another thread at any time: the matcher is replaced as a whole, and each judgement
    uses one matcher from beginning to end. A gate that is behind lets nothing pass: a job has no state HELD, so it
    goes back into the queue, uncharged, until a gate is up to date.
    """

    def __init__(
        self, snapshot: Snapshot, picture_check: PictureCheck | None = None, *, patience: float | None = None
    ) -> None:
        """Start with a registry, and with a classifier where there is one; see `Adopted` for the patience."""
        self._adopted = Adopted(snapshot, patience=patience)
        self._picture_check = picture_check

    @property
    def version(self) -> int:
        """The registry version that the next judgement uses."""
        return self._adopted.version

    @property
    def examines_pictures(self) -> bool:
        """Whether a classifier looks at the finished pictures, or only words and files are checked."""
        return self._picture_check is not None

    def adopt(self, news: News) -> int:
        """Take a newer registry; an older one is ignored. Gives the version that holds now."""
        return self._adopted.adopt(news)

    def confirm(self, version: int, age: float) -> None:
        """Hear that the newest registry was at `version`, `age` seconds ago."""
        self._adopted.confirm(version, age=age)

    def admit(self, order: RenderOrder) -> int:
        """Judge an order by its words and files; give the registry version that it was judged by.

        Raises Refused, and ClusterUnavailable when the order was made under a newer registry than this one, or when
        this one may not be the newest any more: drawing under it could show a person who is protected already.
        """
        return self._judge(self._adopted.matcher, order)

    def release(self, picture: "Image", order: RenderOrder) -> int:
        """Judge a finished picture and, once more, its order; the picture may be shown if this returns.

        Raises what `admit` raises.
        """
        matcher = self._adopted.matcher
        version = self._judge(matcher, order)
        if self._picture_check is not None:
            _stop_on(self._picture_check.examine(picture, order, matcher.snapshot), version)
        return version

    def may_show(self, preview: "Image", order: RenderOrder) -> bool:
        """Whether a preview may leave; it is merely left out if not, as the finished picture decides about the job."""
        return self._picture_check is None or self._picture_check.may_show(preview, order, self._adopted.snapshot)

    def _judge(self, matcher: Matcher, order: RenderOrder) -> int:
        version = matcher.snapshot.version
        if order.registry_version > version:
            raise ClusterUnavailable(
                f"The artist holds registry version {version} and the order needs version {order.registry_version}."
            )
        _stop_on([*_blocked_files(matcher, order), *_names(matcher, order)], version)
        if self._adopted.is_behind:
            raise ClusterUnavailable(f"The artist draws nothing: {BEHIND.format(seconds=MOST_BEHIND_SECONDS)}.")
        return version


def _stop_on(findings: Sequence[Finding], version: int) -> None:
    if any(finding.verdict in _STOPPING for finding in findings):
        raise Refused(findings, version)


def _names(matcher: Matcher, order: RenderOrder) -> list[Finding]:
    """Find registered names in everything that a member wrote into the order."""
    texts = [("prompt", order.prompt), ("negative prompt", order.negative_prompt)]
    texts += [("trigger word", word) for use in order.resources for word in use.trigger_words]
    return examine_texts(matcher, texts, Signal.NAME_IN_TEXT, account=order.account_id, mature=order.mature)


def _blocked_files(matcher: Matcher, order: RenderOrder) -> list[Finding]:
    """Find files that were blocked after the order was made."""
    models = [order.checkpoint, *(use.model for use in order.resources)]
    return [
        replace(finding, detail=f"resource {model.resource_id}, {finding.detail}")
        for model in models
        for finding in examine_file(matcher, [model.sha256])
    ]
