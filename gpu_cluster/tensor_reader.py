"""The tensors of a safetensors file as its bytes pass by: their digests, whether they are numbers, a LoRA's sketch.

Nothing is loaded: of each tensor no more than a piece is held, of a LoRA's factors their projections.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from domain.registry.layers import Layer, Plan, TensorShape, plan_of
from domain.registry.tensors import TensorDigest, digest_of_tensors
from domain.registry.weights import SIDE, Floats, Update, channels, projection, sketch_of
from gpu_cluster.safetensors_header import PREFIX_BYTES, Header, MalformedHeader, Tensor, parse_header

_PIECE = 32_768
"""Numbers that are turned to float32 and multiplied at a time: they stay in a processor's cache, and products as
small as these are not spread over threads by the linear algebra library."""


_LEAST_CONTENT = 64
"""A tensor of fewer bytes, such as an alpha, identifies nothing."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """What the tensors of a file are: their digest in any order, the LoRA's sketch, and what was not compared.

    `not_a_number` names a tensor that holds NaN or infinity.
    """

    digest: str | None
    sketch: bytes | None
    compared: int
    reasons: tuple[str, ...]
    not_a_number: str | None


class TensorReader:
    """Takes a safetensors file chunk by chunk, as a digest does; ask it when all have passed.

    `data_start` is where the tensors begin; `file_bytes` how long the file should be.
    """

    def __init__(self, data_start: int, file_bytes: int) -> None:
        self._data_start, self._file_bytes = data_start, file_bytes
        self._raw = bytearray()
        self._readers: list[_OneTensor] = []
        self._at = 0
        self._projected = _Projected(Plan())
        self.header: Header | None = None
        self.fault: str | None = None

    def update(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        view = memoryview(chunk)
        if self.header is None and self.fault is None:
            missing = self._data_start - len(self._raw)
            self._raw += view[:missing]
            view = view[missing:]
            if len(self._raw) == self._data_start:
                self._begin()
        while len(view) and self._at < len(self._readers):
            reader = self._readers[self._at]
            view = view[reader.take(view) :]
            if reader.left == 0:
                reader.end()
                self._at += 1

    def result(self) -> Tensors | None:
        """Give what was found; None for a file whose header is not in order, or that was cut off."""
        if self.header is None:
            return None
        for reader in self._readers[self._at :]:
            if reader.left:
                return None
            reader.end()
        plan = self._projected.plan
        return Tensors(
            digest=digest_of_tensors(reader.digest for reader in self._readers),
            sketch=sketch_of(self._projected.updates()),
            compared=len(plan.layers),
            reasons=plan.reasons,
            not_a_number=next((reader.tensor.name for reader in self._readers if reader.not_a_number), None),
        )

    def _begin(self) -> None:
        """Read the header, which is complete now, and prepare for each tensor."""
        try:
            header = parse_header(
                bytes(self._raw[PREFIX_BYTES:]), data_bytes=max(self._file_bytes - self._data_start, 0)
            )
        except MalformedHeader as error:
            self.fault = str(error)
        else:
            self.header = header
            plan = plan_of(TensorShape(tensor.name, tensor.dtype, tensor.shape) for tensor in header.tensors)
            self._projected = _Projected(plan)
            sinks = self._projected.sinks()
            self._readers = [_OneTensor(tensor, sinks.get(at)) for at, tensor in enumerate(header.tensors)]
        self._raw = bytearray()


_Bits = NDArray[np.unsignedinteger]
_ToFloats = Callable[[_Bits], Floats]
_Sink = Callable[[_Bits, _ToFloats], None]
"""Takes a tensor's numbers, in the order of the file, as they lie there, with how to make floats of them."""


class _OneTensor:
    """One tensor on its way: digested, looked through for what is no number, and handed on as float32 if wanted."""

    def __init__(self, tensor: Tensor, sink: _Sink | None) -> None:
        self.tensor = tensor
        self.left = tensor.end - tensor.start
        self.not_a_number = False
        self.digest: TensorDigest = TensorDigest(b"", trivial=True)
        self._hash: blake3 | None = None  # two kilobytes each, so only while the tensor passes
        self._sink = sink
        self._kind = _KINDS.get(tensor.dtype)
        self._carry = b""
        self._first: int | None = None
        self._constant = True

    def take(self, view: memoryview) -> int:
        """Take as much of `view` as belongs to this tensor, and say how much that was."""
        taken = min(len(view), self.left)
        piece = view[:taken]
        self.left -= taken
        self._hash = self._hash or blake3()
        self._hash.update(piece)
        if self._constant:
            self._look_for_content(piece)
        if self._kind is not None:
            self._look_through(self._kind, piece)
        return taken

    def end(self) -> None:
        """Close the digest once all bytes were taken."""
        short = self.tensor.end - self.tensor.start < _LEAST_CONTENT
        whole = self._hash or blake3()
        # What it is goes last and in a fixed length: BLAKE3 is quickest when the bytes begin where its blocks do.
        whole.update(blake3(f"{self.tensor.dtype} {self.tensor.shape}".encode()).digest())
        self.digest = TensorDigest(whole.digest(16), trivial=short or self._constant)
        self._hash = None

    def _look_for_content(self, piece: memoryview) -> None:
        """Notice the first byte that differs from the first of all."""
        if not len(piece):
            return
        if self._first is None:
            self._first = piece[0]
        # Most tensors show at their ends already that they are none; only then all is looked at.
        if piece[0] != self._first or piece[-1] != self._first:
            self._constant = False
        else:
            self._constant = bool((np.frombuffer(piece, np.uint8) == self._first).all())

    def _look_through(self, kind: "_Kind", piece: memoryview) -> None:
        """Look at whole numbers; the bytes of one that is cut through wait for the next piece."""
        size = kind.bits.itemsize
        if self._carry:
            missing = min(size - len(self._carry), len(piece))
            self._carry += bytes(piece[:missing])
            piece = piece[missing:]
            if len(self._carry) < size:
                return
            self._look_at(kind, np.frombuffer(self._carry, kind.bits))
        whole = len(piece) - len(piece) % size
        self._carry = bytes(piece[whole:])
        if whole:
            self._look_at(kind, np.frombuffer(piece[:whole], kind.bits))

    def _look_at(self, kind: "_Kind", bits: _Bits) -> None:
        self.not_a_number = self.not_a_number or kind.has_no_number(bits)
        if self._sink is not None and not self.not_a_number:
            self._sink(bits, kind.floats)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the numbers of a dtype lie in memory. `infinity` is the pattern from which on there are none but NaN."""

    bits: np.dtype[np.unsignedinteger]
    signed: np.dtype[np.signedinteger]
    infinity: int | None
    floats: _ToFloats

    def has_no_number(self, bits: _Bits) -> bool:
        """Whether there is a NaN or an infinity: as integers, patterns grow with the size of the number.

        Two maxima, of the positive as signed and of the negative as unsigned integers, take a tenth of the time of a
        test of each number.
        """
        if self.infinity is None:
            return False
        negative = self.infinity | 1 << (8 * self.bits.itemsize - 1)
        return int(bits.view(self.signed).max()) >= self.infinity or int(bits.max()) >= negative


def _looked_up(table: Floats) -> _ToFloats:
    """Make floats by a table of every pattern: for half precision faster than numpy's cast, tenfold for subnormals."""
    return lambda bits: np.take(table, bits, mode="clip")


def _half_table() -> Floats:
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def _eighth_table(exponent_bits: int) -> Floats:
    """Write out the values of a float of eight bits with so many bits of exponent; what is no number is zero."""
    patterns = np.arange(256)
    mantissa_bits = 7 - exponent_bits
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = (patterns & 0x7F) >> mantissa_bits
    fraction = (patterns & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    size = np.where(exponent, (1 + fraction) * 2.0 ** (exponent - bias), fraction * 2.0 ** (1 - bias))
    return np.where(patterns & 0x80, -size, size).astype(np.float32)


def _kind(bits: int, infinity: int | None, floats: _ToFloats) -> _Kind:
    return _Kind(np.dtype(f"<u{bits // 8}"), np.dtype(f"<i{bits // 8}"), infinity, floats)


def _narrowed(bits: _Bits) -> Floats:
    """Turn float64 to float32; what is too large for it becomes infinite, and its layer is not compared."""
    with np.errstate(over="ignore"):
        return bits.view(np.float64).astype(np.float32)


_KINDS = {
    "F64": _kind(64, 0x7FF0_0000_0000_0000, _narrowed),
    "F32": _kind(32, 0x7F80_0000, lambda bits: bits.view(np.float32)),
    "F16": _kind(16, 0x7C00, _looked_up(_half_table())),
    "BF16": _kind(16, 0x7F80, lambda bits: (bits.astype(np.uint32) << 16).view(np.float32)),
    "F8_E4M3": _kind(8, 0x7F, _looked_up(_eighth_table(4))),
    "F8_E5M2": _kind(8, 0x7C, _looked_up(_eighth_table(5))),
    "I8": _kind(8, None, lambda bits: bits.view(np.int8).astype(np.float32)),
}


class _Projected:
    """The projections of a LoRA's factors, filled as their tensors pass by."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._downs = [_Down(layer) for layer in plan.layers]
        self._ups = [_Up(layer) for layer in plan.layers]
        self._alphas = [_Alpha() for _ in plan.layers]

    def sinks(self) -> dict[int, _Sink]:
        """Say by the place of a tensor in the file who takes its numbers."""
        wanted: dict[int, _Sink] = {}
        for layer, down, up, alpha in zip(self.plan.layers, self._downs, self._ups, self._alphas, strict=True):
            wanted[layer.down], wanted[layer.up] = down, up
            if layer.alpha is not None:
                wanted[layer.alpha] = alpha
        return wanted

    def updates(self) -> Iterable[Update]:
        """Give what each layer changes."""
        for layer, down, up, alpha in zip(self.plan.layers, self._downs, self._ups, self._alphas, strict=True):
            scale = 1.0 if alpha.value is None else alpha.value / layer.rank
            with np.errstate(over="ignore", invalid="ignore"):
                core = (up.sums @ down.sums) * np.float32(scale)
            yield Update(layer.name, (layer.outward, layer.inward), core)


class _Alpha:
    """A layer's alpha, a single number."""

    def __init__(self) -> None:
        self.value: float | None = None

    def __call__(self, bits: _Bits, floats: _ToFloats) -> None:
        """Take the number."""
        self.value = float(floats(bits)[0])


class _Rows:
    """A matrix that comes row by row; a row that is cut through waits for its rest."""

    def __init__(self, width: int, at_once: int) -> None:
        self._width, self._at_once = width, max(at_once, 1)
        self._at = 0
        self._cut: _Bits | None = None

    def __call__(self, bits: _Bits, floats: _ToFloats) -> None:
        """Take the next numbers."""
        if self._cut is not None:
            bits = np.concatenate([self._cut, bits])
        whole = len(bits) - len(bits) % self._width
        self._cut = bits[whole:].copy() if whole < len(bits) else None
        rows = bits[:whole].reshape(-1, self._width)
        for start in range(0, len(rows), self._at_once):
            some = rows[start : start + self._at_once]
            self.add(self._at, some, floats)
            self._at += len(some)

    def add(self, at: int, rows: _Bits, floats: _ToFloats) -> None:
        """Project some whole rows, the first of which is row `at`."""
        raise NotImplementedError


class _Down(_Rows):
    """A · R₂, for the factor A of rank × inward."""

    def __init__(self, layer: Layer) -> None:
        first, last = channels(layer.inward)[0]
        super().__init__(layer.inward, _PIECE // (last - first))
        self.sums = np.zeros((layer.rank, SIDE), np.float32)

    def add(self, at: int, rows: _Bits, floats: _ToFloats) -> None:
        """Project rows of A, of each of which the channels that are read."""
        for first, last in channels(self._width):
            signs = projection(self._width, "in")[first:last]
            self.sums[at : at + len(rows)] += floats(rows[:, first:last]) @ signs


class _Up(_Rows):
    """R₁ᵀ · B, for the factor B of outward × rank."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.rank, _PIECE // layer.rank)
        self.sums = np.zeros((SIDE, layer.rank), np.float32)
        self._height = layer.outward

    def add(self, at: int, rows: _Bits, floats: _ToFloats) -> None:
        """Project rows of B, those that are read."""
        for first, last in channels(self._height):
            first, last = max(first, at), min(last, at + len(rows))  # noqa: PLW2901 - narrowed to these rows
            if first < last:
                signs = projection(self._height, "out")[first:last]
                self.sums += signs.T @ floats(rows[first - at : last - at])
