"""The tensors of a safetensors file as its bytes pass by: their digests, whether they are numbers, a LoRA's sketch.

Nothing is loaded: of each tensor no more than a piece is held, of a LoRA's factors their projections.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from blake3 import blake3

from domain.registry.adapter_scales import AdapterScales
from domain.registry.layers import TWO_SIGNS, Plan, TensorShape, plan_of
from domain.registry.tensors import TensorDigest, digest_of_tensors
from domain.registry.weights import sketch_of
from gpu_cluster.buffers import Chunk
from gpu_cluster.dtypes import KINDS, Bits, Kind
from gpu_cluster.factors import Projected, Sink
from gpu_cluster.safetensors_header import PREFIX_BYTES, Header, MalformedHeader, Tensor, parse_header

_LEAST_CONTENT = 64
"""A tensor of fewer bytes, such as an alpha, identifies nothing."""

_LEAST_INDICES = 1024
"""Nor does one of so few bytes that counts something, such as a text encoder's positions."""
_INDICES = frozenset({"I32", "I64", "U32", "U64"})

_TOO_LARGE = "numbers too large to compare"


@dataclass(frozen=True, slots=True)
class Tensors:
    """What the tensors of a file are: their digest in any order, the LoRA's sketch, and what was not compared.

    `doubts` are why a person must look at the weights, `compared` is the number of layers that were compared, and
    `not_a_number` names a tensor that holds NaN or infinity.
    """

    digest: str | None
    sketch: bytes | None
    compared: int
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
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
        self._projected = Projected(Plan())
        self._result: Tensors | None = None
        self.header: Header | None = None
        self.fault: str | None = None

    def update(self, chunk: Chunk) -> None:
        """Take the next bytes of the file."""
        view = memoryview(chunk)
        if self.header is None and self.fault is None:
            missing = self._data_start - len(self._raw)
            self._raw += view[:missing]
            view = view[missing:]
            if len(self._raw) == self._data_start:
                self._begin()
        begun = self._at
        while self._at < len(self._readers):
            reader = self._readers[self._at]
            view = view[reader.take(view) :]
            if reader.left:
                return
            reader.end()
            self._at += 1
        if begun < self._at:
            self._result = self._summed_up()

    def result(self) -> Tensors | None:
        """Give what was found; None for a file whose header is not in order, or that was cut off."""
        return self._result

    def _summed_up(self) -> Tensors:
        """Sum up when the last tensor has passed: here, where the digests of the file are still under way."""
        plan, updates = self._projected.plan, self._projected.updates()
        compared = sum(update.is_finite for update in updates)
        doubts = [*plan.doubts]
        if self._projected.has_two_signs():
            doubts.append(TWO_SIGNS)
        if compared < len(updates):
            doubts.append(_TOO_LARGE)
        return Tensors(
            digest=digest_of_tensors(reader.digest for reader in self._readers),
            sketch=sketch_of(updates),
            compared=compared,
            reasons=plan.reasons,
            doubts=tuple(doubts),
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
            shapes = (TensorShape(tensor.name, tensor.dtype, tensor.shape) for tensor in header.tensors)
            self._projected = Projected(plan_of(shapes, AdapterScales.read(header.metadata)))
            sinks = self._projected.sinks()
            self._readers = [_OneTensor(tensor, sinks.get(at)) for at, tensor in enumerate(header.tensors)]
        self._raw = bytearray()


class _OneTensor:
    """One tensor on its way: digested, looked through for what is no number, and handed on as float32 if wanted."""

    def __init__(self, tensor: Tensor, sink: Sink | None) -> None:
        self.tensor = tensor
        self.left = tensor.end - tensor.start
        self.not_a_number = False
        self.digest: TensorDigest = TensorDigest(b"", trivial=True)
        self._hash: blake3 | None = None  # two kilobytes each, so only while the tensor passes
        self._sink = sink
        self._kind = KINDS.get(tensor.dtype)
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
        least = _LEAST_INDICES if self.tensor.dtype in _INDICES else _LEAST_CONTENT
        short = self.tensor.end - self.tensor.start < least
        whole = self._hash or blake3()
        # What it is goes last and in a fixed length: BLAKE3 is quickest when the bytes begin where its blocks do.
        # A shape with or without ones holds the same numbers.
        shape = tuple(size for size in self.tensor.shape if size != 1)
        whole.update(_digest_of_what_it_is(self.tensor.dtype, shape))
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

    def _look_through(self, kind: Kind, piece: memoryview) -> None:
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

    def _look_at(self, kind: Kind, bits: Bits) -> None:
        self.not_a_number = self.not_a_number or kind.has_no_number(bits)
        if self._sink is not None and not self.not_a_number:
            self._sink(bits, kind)


@lru_cache(maxsize=1024)
def _digest_of_what_it_is(dtype: str, shape: tuple[int, ...]) -> bytes:
    return blake3(f"{dtype} {shape}".encode()).digest()
