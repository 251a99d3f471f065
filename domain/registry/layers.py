"""Which tensors of a file are the factors of a LoRA, which layer of the model they change, and what is compared."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from domain.registry.adapter_scales import AdapterScales
from domain.registry.layer_names import Part, split_name
from domain.registry.modules import Kind, attends, kind_of


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A tensor as a header announces it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(slots=True)
class Layer:
    """The tensors of one layer's update, by their place in the file's list, and their sizes as matrices.

    `scale` is what the metadata say that the product is multiplied by, None where they say nothing.
    """

    name: str
    down: int
    up: int
    alpha: int | None
    inward: int
    outward: int
    rank: int
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers of a file that can be compared, and why others cannot, each reason once.

    `doubts` are why the comparison may say nothing about the file, so that a person must look. `negative` tells that
    the metadata have a negative alpha.
    """

    layers: tuple[Layer, ...] = ()
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    negative: bool = False


MAX_LAYERS = 8192
MAX_RANK = 2048
MAX_TOTAL_RANK = 400_000
MAX_WIDTH = 32_768
"""What is projected is bounded, so that no file takes much memory; real LoRAs stay far below each bound."""

LEAST_WIDTH = 4
LEAST_WIDTH_ALONE = 16
"""So narrow a layer says nothing about its origin, and one of less than the second width nothing when it is alone."""

NUMERIC = frozenset(
    {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"}
)
"""The dtypes that are read."""

MORE_LAYERS = "more layers than are compared"
TWO_UPDATES = "two updates of one layer"
TWO_MODELS = "layers of two kinds of model"
SEVERAL_WIDTHS = "cross-attention of several widths"
ODD_ALPHA = "an alpha that cannot be read"
TWO_ALPHAS = "two alphas of one layer"
TWO_SIGNS = "alphas of both signs"


@dataclass(slots=True)
class _Parts:
    """The two factors found so far under one stem and in one form."""

    name: str
    stem: str
    down: int | None = None
    up: int | None = None


@dataclass(slots=True)
class _Found:
    """What the names of a file's tensors say; reasons are kept in order, each once."""

    parts: dict[tuple[str, str], _Parts] = field(default_factory=dict)
    alphas: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, None] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)


def plan_of(tensors: Iterable[TensorShape], scales: AdapterScales | None = None) -> Plan:
    """Find the layers whose update is a product of two factors, within the bounds, and say why others are left out.

    Whatever else stands beside a pair of factors does not take it out of the comparison: anybody can add it.
    """
    known, told = list(tensors), scales or AdapterScales()
    found = _found(known)
    layers = _bounded(sorted(_layers(known, found, told), key=lambda layer: layer.inward * layer.outward, reverse=True))
    if len(layers.left) == 1 and min(layers.left[0].inward, layers.left[0].outward) < LEAST_WIDTH_ALONE:
        found.reasons["a single layer, too narrow to say something"] = None
        layers.left.clear()
    if layers.too_many:
        found.doubts[MORE_LAYERS] = None
    if told.unreadable:
        found.doubts[ODD_ALPHA] = None
    found.doubts.update(dict.fromkeys(_oddities(layers.left)))
    return Plan(tuple(layers.left), tuple(found.reasons), tuple(found.doubts), told.negative)


def _found(tensors: Sequence[TensorShape]) -> _Found:
    """Sort the tensors by what their names say."""
    found = _Found()
    for at, tensor in enumerate(tensors):
        named = split_name(tensor.name)
        if named is None:
            continue
        if named.part is Part.ALPHA:
            if named.stem in found.alphas:
                found.doubts[TWO_ALPHAS] = None
            found.alphas[named.stem] = at
        elif named.part is Part.OTHER:
            found.reasons[_decomposition(tensor.name)] = None
        else:
            parts = found.parts.setdefault((named.stem, named.form), _Parts(named.layer, named.stem))
            if named.part is Part.DOWN:
                parts.down = at
            else:
                parts.up = at
    return found


def _layers(tensors: Sequence[TensorShape], found: _Found, scales: AdapterScales) -> Iterator[Layer]:
    """Make a layer of each two factors; say of the others why they cannot be compared."""
    for parts in found.parts.values():
        if parts.down is None or parts.up is None:
            found.reasons["a factor without its partner, which changes nothing"] = None
            continue
        layer = _layer(parts.name, parts.down, parts.up, tensors)
        if isinstance(layer, _LeftOut):
            (found.doubts if layer.doubtful else found.reasons)[layer.reason] = None
            continue
        layer.alpha, layer.scale = found.alphas.get(parts.stem), scales.of(parts.stem)
        if layer.alpha is not None and not _is_number(tensors[layer.alpha]):
            layer.alpha = None
            found.doubts[ODD_ALPHA] = None
        yield layer


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """Why two factors are not compared; doubtful where a loader may take them all the same."""

    reason: str
    doubtful: bool = False


def _layer(name: str, down: int, up: int, tensors: Sequence[TensorShape]) -> Layer | _LeftOut:
    """Make a layer of its two factors, or say why it can't be compared."""
    one, two = tensors[down], tensors[up]
    if one.dtype not in NUMERIC or two.dtype not in NUMERIC:
        odd = one.dtype if one.dtype not in NUMERIC else two.dtype
        return _LeftOut(f"factors of dtype {odd}", doubtful=True)
    if len(one.shape) < 2 or len(two.shape) < 2 or 0 in one.shape or 0 in two.shape:
        return _LeftOut("factors that are no matrices")
    rank, inward = one.shape[0], _product(one.shape[1:])
    outward, again = two.shape[0], _product(two.shape[1:])
    if rank != again:
        return _LeftOut("factors that do not fit together")
    if rank > MAX_RANK or inward > MAX_WIDTH or outward > MAX_WIDTH:
        return _LeftOut("factors larger than are compared", doubtful=True)
    if min(inward, outward) < LEAST_WIDTH:
        return _LeftOut("layers too narrow to say something")
    return Layer(name, down, up, None, inward, outward, rank)


@dataclass(slots=True)
class _Bounded:
    left: list[Layer] = field(default_factory=list)
    too_many: bool = False


def _bounded(layers: Iterable[Layer]) -> _Bounded:
    """Take as many layers as the bounds allow; one that does not fit makes no room for itself."""
    bounded, ranks = _Bounded(), 0
    for layer in layers:
        if len(bounded.left) == MAX_LAYERS or ranks + layer.rank > MAX_TOTAL_RANK:
            bounded.too_many = True
            continue
        ranks += layer.rank
        bounded.left.append(layer)
    return bounded


def _oddities(layers: Sequence[Layer]) -> Iterator[str]:
    """Say what no trainer writes, and what decides which of the layers a model is changed by."""
    if len({layer.name for layer in layers}) < len(layers):
        yield TWO_UPDATES
    kinds = {kind_of(layer.name) for layer in layers}
    if Kind.TRANSFORMER in kinds and kinds & {Kind.UNET, Kind.DEEP_UNET}:
        yield TWO_MODELS
    if len({layer.inward for layer in layers if attends(layer.name)}) > 1:
        yield SEVERAL_WIDTHS


def _is_number(tensor: TensorShape) -> bool:
    return tensor.dtype in NUMERIC and _product(tensor.shape) == 1


def _product(sizes: tuple[int, ...]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _decomposition(name: str) -> str:
    """Name the decomposition that a tensor belongs to."""
    for mark, called in (
        ("hada_", "a LoHa's factors"),
        ("lokr_", "a LoKr's factors"),
        ("oft_", "an OFT's rotations"),
        ("lora_mid", "a Tucker decomposition's middle factors"),
        ("lora_embedding_", "the factors of an embedding"),
    ):
        if mark in name:
            return called
    return "differences that are no product"
