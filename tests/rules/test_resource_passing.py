"""What a moderator lets pass of a resource, whatever happens to it meanwhile: nothing else is ever free."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.kernel.findings import Finding, Signal, Verdict, worst
from domain.kernel.ids import AccountId, FileId, ResourceId, new_id
from domain.resources import passing
from domain.resources.rules import permission, settled
from domain.resources.values import Cause, Holder, Resource, ResourceKind, ResourceStatus, Scan, StoredFile

NOW = datetime(2026, 11, 29, tzinfo=UTC)
NEAR = [Finding(Signal.WEIGHT_SIMILARITY, Verdict.HELD, "weights: they resemble", score) for score in (0.7, 0.8)]
NEAR_WORDS = [replace(each, signal=Signal.NAME_IN_TEXT) for each in NEAR]
EXACT = Finding(Signal.FILE_HASH, Verdict.BLOCKED, "file: it is one that is known")


def a_resource() -> Resource:
    """A published resource of nobody."""
    return Resource(
        id=ResourceId(new_id()),
        kind=ResourceKind.LORA,
        title="Watercolour",
        description="",
        trigger_words=(),
        owner_id=AccountId(new_id()),
        status=ResourceStatus.PUBLISHED,
        mature=False,
        depicts_real_person=False,
        findings=(),
        created_at=NOW,
        published_at=NOW,
        credited_to_id=None,
        in_place=False,
    )


def a_file(holder: ResourceId, sha256: str, *findings: Finding) -> StoredFile:
    """A file of it, with what was found in these bytes."""
    verdict = worst(finding.verdict for finding in findings)
    scan = Scan(verdict, findings, 1, NOW, NOW, None, sha256)
    return StoredFile(
        FileId(holder), Holder("resource", holder), "a.safetensors", 9, "safetensors", sha256, "a", None, {}, scan
    )


class Passing(RuleBasedStateMachine):
    """A resource to which everything happens that may, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.resource, self.sha256 = a_resource(), "a"
        self.found: list[Finding] = []
        self.held, self.claimed = False, False
        self.let: set[tuple[str, str, Finding]] = set()

    @property
    def file(self) -> StoredFile:
        return a_file(self.resource.id, self.sha256, *self.found)

    @property
    def status(self) -> ResourceStatus:
        verdicts = [worst(each.verdict for each in passing.against_words(self.resource))]
        verdicts.append(passing.verdict_of(self.file, self.resource))
        cause = Cause.CLAIM if self.claimed else None
        return settled(ResourceStatus.PUBLISHED, cause, verdicts, by_moderator=self.held)

    @rule(found=st.lists(st.sampled_from([*NEAR, EXACT]), unique=True, max_size=3))
    def judge_bytes(self, found: list[Finding]) -> None:
        self.found = found

    @rule(found=st.lists(st.sampled_from(NEAR_WORDS), unique=True, max_size=2))
    def judge_words(self, found: list[Finding]) -> None:
        self.resource = replace(self.resource, findings=tuple(found))

    @rule(sha256=st.sampled_from("ab"))
    def other_bytes(self, sha256: str) -> None:
        self.sha256 = sha256

    @rule(title=st.sampled_from(["Watercolour", "Ink"]))
    def other_words(self, title: str) -> None:
        self.resource = replace(self.resource, title=title)

    @rule(held=st.booleans(), claimed=st.booleans())
    def restrict(self, *, held: bool, claimed: bool) -> None:
        self.held, self.claimed = held, claimed

    @rule()
    def restore(self) -> None:
        marks = passing.marks_of(self.resource, [self.file])
        self.resource = replace(self.resource, let_pass=self.resource.let_pass | set(marks))
        self.held = False
        if EXACT not in self.found:
            self.let |= {("bytes", self.sha256, each) for each in self.found}
        self.let |= {("words", self.resource.title, each) for each in self.resource.findings}

    @invariant()
    def only_what_was_let_pass_is_free(self) -> None:
        against = [each for each in self.found if ("bytes", self.sha256, each) not in self.let]
        against += [each for each in self.resource.findings if ("words", self.resource.title, each) not in self.let]
        blocked = EXACT in self.found
        free = not (against or blocked or self.held or self.claimed)
        assert (self.status is ResourceStatus.PUBLISHED) is free
        assert (self.status is ResourceStatus.BLOCKED) is blocked
        assert permission(replace(self.resource, status=self.status), [self.file]).allowed is free


TestPassing = Passing.TestCase
