"""Weight likeness on really trained LoRAs: which copies are recognised, and which strangers are taken for copies.

A recall counts a blocked LoRA against its own copy alone, by the policy in force. Strangers are LoRAs of
different subjects; LoRAs that were trained apart on one subject are counted on their own: they are no copies, and are
not promised to be found. The first run trains the LoRAs, some minutes; later ones take them from the cache.
"""

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import torch

from benchmarks.harness import Figure, median_seconds
from benchmarks.lora_attacks import ATTACKS, metadata_of
from benchmarks.lora_copies import NEAR, SAME, Factors, Lora, as_kohya, merged, read_diffusers, sized, write
from benchmarks.trained_loras import Recipe, recipes, trained
from domain.kernel.findings import Verdict
from domain.registry.blocked import BlockedFile, BlockedFiles, Fingerprint
from domain.registry.weight_policy import WEIGHTS_2026_11_B
from domain.registry.weights import SKETCH_VERSION, WIDTH, context_width, likeness, read_sketches
from gpu_cluster.inspector import Inspector

_TARGETS = {"a quarter of the rank": 0.99, "10 % noise": 0.99, "merged 50/50": 0.95} | dict.fromkeys(
    SAME | ATTACKS, 1.0
)
_ALIKE = 2.0
"""Two LoRAs are of like strength when neither update is more than so many times the other."""


def run(*, short: bool = False) -> list[Figure]:
    """Measure recall by kind of copy, false matches, and the speed of a comparison with 10,000 blocked files."""
    long = recipes(range(2000, 2010), steps=220)
    planned = recipes(range(6), 2, steps=8) if short else [*recipes(range(48), 6), *long]
    with tempfile.TemporaryDirectory(prefix="countenance-weights-") as folder:
        bench = _Bench(list(trained(planned)), Path(folder))
        figures = [_recall(what, outcomes) for what, outcomes in bench.recalls().items()]
        figures += [*bench.false_matches(), *_synthetic(bench, short=short)]
    return [*figures, _speed(short=short)]


class _Bench:
    """Trained LoRAs with their sketches."""

    def __init__(self, loras: Sequence[tuple[Recipe, Path]], folder: Path) -> None:
        torch.set_num_threads(1)
        self._inspector = Inspector()
        self._scratch = folder / "copy.safetensors"
        self._recipes = [recipe for recipe, _ in loras]
        self._loras = [read_diffusers(path) for _, path in loras]
        self._sketches = [self.sketch(path) for _, path in loras]

    def sketch(self, path: Path) -> bytes:
        """Inspect a file and give its sketch."""
        inspection = self._inspector.inspect_path(path)
        assert inspection.sketch is not None, inspection.error
        return inspection.sketch

    def of(self, named: Mapping[str, torch.Tensor]) -> bytes:
        """Write tensors to a file and give the file's sketch."""
        return self.sketch(write(named, self._scratch))

    def _is_held(self, named: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None, original: bytes) -> bool:
        """Whether a copy is held, be it for its likeness or because it cannot be compared with certainty."""
        inspection = self._inspector.inspect_path(write(named, self._scratch, metadata))
        assert inspection.error is None, inspection.error
        alike = inspection.sketch is not None and held(inspection.sketch, original)
        return alike or inspection.verdict is Verdict.HELD

    def recalls(self) -> dict[str, list[bool]]:
        """Tell of each kind of copy which were held."""
        outcomes: dict[str, list[bool]] = {what: [] for what in SAME | ATTACKS | NEAR}
        for at, (lora, sketch) in enumerate(zip(self._loras, self._sketches, strict=True)):
            for what, copy in (SAME | ATTACKS | NEAR).items():
                named = copy(lora, torch.Generator().manual_seed(at))
                outcomes[what].append(self._is_held(named, metadata_of(what, lora), sketch))
        for what, copy, sketch in self._merges():
            outcomes.setdefault(what, []).append(held(self.of(as_kohya(copy)), sketch))
        return outcomes

    def _merges(self) -> Iterator[tuple[str, Lora, bytes]]:
        """Merge each LoRA with others of other subjects."""
        chance = random.Random(0)
        for recipe, lora, sketch in zip(self._recipes, self._loras, self._sketches, strict=True):
            others = [
                other
                for known, other in zip(self._recipes, self._loras, strict=True)
                if known.subject != recipe.subject
            ]
            others = chance.sample(others, 4)
            for other in others:
                strength = sized(lora) / sized(other)
                yield "merged 50/50", merged([lora, other], [0.5, 0.5]), sketch
                if 1 / _ALIKE <= strength <= _ALIKE:
                    yield "merged 50/50, of like strength", merged([lora, other], [0.5, 0.5]), sketch
            yield "merged 30/70", merged([lora, others[0]], [0.3, 0.7]), sketch
            yield "merged with three more", merged([lora, *others[:3]], [0.25] * 4), sketch

    def false_matches(self) -> list[Figure]:
        """Compare all pairs."""
        rows = read_sketches(self._sketches)
        by_names, by_shapes = likeness(rows, rows)
        least = WEIGHTS_2026_11_B.least(context_width(self._sketches[0]))
        strangers, kin = [], []
        for one, other in combinations(range(len(rows)), 2):
            found = by_names[one, other] >= least[0] or by_shapes[one, other] >= least[1]
            same = self._recipes[one].subject == self._recipes[other].subject
            (kin if same else strangers).append((found, by_names[one, other], by_shapes[one, other]))
        rate = np.mean([found for found, *_ in strangers])
        most = np.max([cosines for _, *cosines in strangers], axis=0)
        note = f"greatest cosine {most[0]:.2f} by names, {most[1]:.2f} by shapes"
        return [
            Figure(
                f"false matches among {len(strangers)} pairs of different subjects",
                100 * float(rate),
                "%",
                target="≤ 0.1 %",
                met=bool(rate <= 0.001),
                note=note,
            ),
            Figure(
                f"matches among {len(kin)} pairs trained apart on one subject",
                100 * float(np.mean([found for found, *_ in kin])),
                "%",
                note="no copies of one another; held where they match",
            ),
        ]


def held(copy: bytes, original: bytes) -> bool:
    """Whether a copy is held against the original, by the policy in force."""
    near = BlockedFiles([BlockedFile(Fingerprint(sketch=original))]).near(copy)
    return near is not None and near.verdict is Verdict.HELD


def _recall(what: str, outcomes: list[bool]) -> Figure:
    share = sum(outcomes) / len(outcomes)
    least = _TARGETS.get(what)
    return Figure(
        f"recognised: {what} ({len(outcomes)})",
        100 * share,
        "%",
        target=f"≥ {100 * least:.0f} %" if least else None,
        met=share >= least if least else None,
    )


def synthetic(seed: int, *, shared: float = 0.0, rank: int = 16) -> list[Factors]:
    """Make random factors in the shapes of SD 1.5's attention; `shared` is the part that all have in common."""
    chance, common = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(2**40)
    layers = []
    for path, outward, inward in sd15_projections():
        down = torch.randn(rank, inward, generator=chance)
        up = torch.randn(outward, rank, generator=chance)
        base = torch.randn(4, inward, generator=common), torch.randn(outward, 4, generator=common)
        weight = shared * (rank / 4) ** 0.5
        layers.append(
            Factors(
                "unet", path, torch.cat([down, base[0]]), torch.cat([up * (1 - shared**2) ** 0.5, base[1] * weight], 1)
            )
        )
    return layers


def sd15_projections() -> Iterator[tuple[str, int, int]]:
    """Name the attention projections of SD 1.5's UNet, with their widths out and in."""
    blocks = [(f"down_blocks.{block}.attentions.{at}", 320 * 2**block) for block in range(3) for at in range(2)]
    blocks += [("mid_block.attentions.0", 1280)]
    blocks += [
        (f"up_blocks.{block}.attentions.{at}", 1280 // 2 ** (block - 1)) for block in (1, 2, 3) for at in range(3)
    ]
    for block, width in blocks:
        for attention, context in (("attn1", width), ("attn2", 768)):
            for projection in ("to_q", "to_k", "to_v", "to_out.0"):
                inward = context if projection in ("to_k", "to_v") else width
                yield f"{block}.transformer_blocks.0.{attention}.{projection}", width, inward


def _synthetic(bench: _Bench, *, short: bool) -> list[Figure]:
    """Do the same for random LoRAs in the shapes of SD 1.5, a fifth of whose energy all have in common."""
    count = 4 if short else 16
    loras = [synthetic(seed, shared=0.2**0.5) for seed in range(count)]
    sketches = [bench.of(as_kohya(lora)) for lora in loras]
    rows = read_sketches(sketches)
    pairs = [likeness(rows[[one]], rows[[other]]) for one, other in combinations(range(count), 2)]
    most = max(float(max(by_names[0, 0], by_shapes[0, 0])) for by_names, by_shapes in pairs)
    found = sum(held(sketches[one], sketches[other]) for one, other in combinations(range(count), 2))
    mixed = [
        held(bench.of(as_kohya(merged([loras[at], loras[at - 1]], [0.5, 0.5]))), sketches[at]) for at in range(count)
    ]
    return [
        Figure(
            f"false matches among {len(pairs)} pairs of SD 1.5's shapes",
            100 * found / len(pairs),
            "%",
            target="≤ 0.1 %",
            met=found <= len(pairs) / 1000,
            note=f"synthetic; greatest cosine {most:.2f}",
        ),
        _recall("merged 50/50, in SD 1.5's shapes, synthetic", mixed),
    ]


def _speed(*, short: bool) -> Figure:
    """Time the comparison of one file with many blocked ones."""
    count = 1_000 if short else 10_000
    chance = np.random.default_rng(0)
    head = bytes([SKETCH_VERSION, 64, 0])
    blocked = BlockedFiles(
        BlockedFile(Fingerprint(sketch=head + chance.standard_normal(WIDTH).astype("<f2").tobytes()))
        for _ in range(count)
    )
    probe = head + chance.standard_normal(WIDTH).astype("<f2").tobytes()
    seconds = median_seconds(lambda: blocked.near(probe))
    return Figure(f"one file compared with {count} blocked ones", 1000 * seconds, "ms")
