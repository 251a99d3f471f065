"""The rounds of SHA-256 for one stream of bytes and for two, made into code for this processor by LLVM.

Each of a block's 64 rounds needs the result of the one before, so the processor's unit for them stands idle half of the
time. Two independent streams in turns fill it, and take hardly longer than one.

The definition is FIPS 180-4, sections 4.2.2, 5.3.3 and 6.2.2.
"""

import ctypes
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from llvmlite import binding, ir
from numpy.typing import NDArray

BLOCK = 64
"""Bytes that the rounds take at once."""

State = NDArray[np.uint32]
"""The eight words of a digest on its way, A to H."""

_PRIMES = [number for number in range(2, 312) if all(number % divisor for divisor in range(2, number))]


def _fraction(root: float) -> int:
    """Give the first 32 bits behind the point."""
    return int(root % 1 * 2**32)


_CONSTANTS = [_fraction(prime ** (1 / 3)) for prime in _PRIMES]
_BEGINNING = [_fraction(prime**0.5) for prime in _PRIMES[:8]]


class Rounds(NamedTuple):
    """Functions that put whole blocks, one at least, through the rounds, while other threads run.

    They take addresses of the states, which they change, then as many of data, then the number of blocks.
    """

    one: Callable[[int, int, int], None]
    two: Callable[[int, int, int, int, int], None]


def beginning() -> State:
    """Give the state before the first block."""
    return np.array(_BEGINNING, np.uint32)


@cache
def compiled_rounds() -> Rounds | None:
    """Compile the rounds, once a process, in about a tenth of a second.

    Gives None where the processor has no instructions for them, and if what was compiled did not agree with hashlib.
    """
    try:
        able = binding.get_host_cpu_features().get("sha", False)
    except RuntimeError:  # LLVM does not know this kind of processor
        able = False
    if not able:
        return None
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    rounds = Rounds(_compiled(1), _compiled(2))
    return rounds if _agree_with_hashlib(rounds) else None


def _agree_with_hashlib(rounds: Rounds) -> bool:
    """Compare the digests of two texts of two blocks each; a third block is their padding."""
    texts = [bytes(range(first, first + 2 * BLOCK)) for first in (0, 100)]
    padding = b"\x80" + bytes(BLOCK - 9) + (8 * 2 * BLOCK).to_bytes(8, "big")
    padded = [np.frombuffer(text + padding, np.uint8) for text in texts]
    states = [beginning() for _ in range(3)]
    at, of = ([array.ctypes.data for array in arrays] for arrays in (states, padded))
    rounds.two(at[0], at[1], of[0], of[1], 3)
    rounds.one(at[2], of[0], 3)
    digests = [state.astype(">u4").tobytes() for state in states]
    return digests == [hashlib.sha256(text).digest() for text in (*texts, texts[0])]


def _compiled(streams: int) -> Callable[..., None]:
    """Compile the rounds for so many streams; the code lives as long as the function."""
    module = binding.parse_assembly(str(_module(streams)))
    module.verify()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3
    )
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    parameters = [ctypes.c_void_p] * (2 * streams) + [ctypes.c_size_t]
    function = ctypes.CFUNCTYPE(None, *parameters)(engine.get_function_address(_NAME))
    function.engine = engine  # type: ignore[attr-defined]  # else the code would go with it
    return function


_NAME = "rounds"
_WORD, _SIZE = ir.IntType(32), ir.IntType(64)
_WORDS = ir.VectorType(_WORD, 4)

_Halves = tuple[ir.Value, ir.Value]
"""A state as the instructions want it: the words F, E, B, A and the words H, G, D, C."""


def _module(streams: int) -> ir.Module:
    """Write the function: states into registers, each block in all streams, states back into memory."""
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_SIZE] * (2 * streams + 1)), _NAME)
    places, starts, count = function.args[:streams], function.args[streams:-1], function.args[-1]
    enter, loop, leave = map(function.append_basic_block, ("enter", "loop", "leave"))
    code = ir.IRBuilder(enter)
    writer = _Writer(code)
    first = [writer.load_state(place) for place in places]
    code.branch(loop)
    code.position_at_end(loop)
    at = code.phi(_SIZE)
    states = [(code.phi(_WORDS), code.phi(_WORDS)) for _ in places]
    offset = code.mul(at, _SIZE(BLOCK))
    later = writer.block(states, [code.add(start, offset) for start in starts])
    following = code.add(at, _SIZE(1))
    code.cbranch(code.icmp_unsigned("<", following, count), loop, leave)
    for variable, before, after in (
        (at, _SIZE(0), following),
        *(three for halves in zip(states, first, later, strict=True) for three in zip(*halves, strict=True)),
    ):
        variable.add_incoming(before, enter)
        variable.add_incoming(after, loop)
    code.position_at_end(leave)
    for place, halves in zip(places, later, strict=True):
        writer.store_state(place, halves)
    code.ret_void()
    return module


class _Writer:
    """Writes steps of the rounds where its builder stands."""

    def __init__(self, code: ir.IRBuilder) -> None:
        self._code = code

    def load_state(self, place: ir.Value) -> _Halves:
        """Load A to H."""
        abcd, efgh = self._load(place, 0), self._load(place, 1)
        return self._pick(efgh, abcd, 1, 0, 5, 4), self._pick(efgh, abcd, 3, 2, 7, 6)

    def store_state(self, place: ir.Value, halves: _Halves) -> None:
        """Store A to H."""
        for which, words in enumerate((self._pick(*halves, 3, 2, 7, 6), self._pick(*halves, 1, 0, 5, 4))):
            self._code.store(words, self._pointer(place, which), align=1)

    def block(self, states: Sequence[_Halves], starts: Sequence[ir.Value]) -> list[_Halves]:
        """Put a block of each stream through the 64 rounds, four of one stream after four of the other."""
        now, words = list(states), [list[ir.Value]() for _ in starts]
        for four in range(BLOCK // 4):
            for stream, start in enumerate(starts):
                known = words[stream]
                known.append(self._read(start, four) if four < 4 else self._schedule(*known[-4:]))
                now[stream] = self._four_rounds(now[stream], known[-1], four)
        return [(self._code.add(a, c), self._code.add(b, d)) for (a, b), (c, d) in zip(states, now, strict=True)]

    def _four_rounds(self, halves: _Halves, words: ir.Value, four: int) -> _Halves:
        feba, hgdc = halves
        keyed = self._code.add(words, ir.Constant(_WORDS, _CONSTANTS[4 * four : 4 * four + 4]))
        hgdc = self._call("llvm.x86.sha256rnds2", hgdc, feba, keyed)
        return self._call("llvm.x86.sha256rnds2", feba, hgdc, self._pick(keyed, keyed, 2, 3, 2, 3)), hgdc

    def _schedule(self, first: ir.Value, second: ir.Value, third: ir.Value, fourth: ir.Value) -> ir.Value:
        """Make four words of the schedule out of the sixteen before them."""
        partly = self._call("llvm.x86.sha256msg1", first, second)
        return self._call("llvm.x86.sha256msg2", self._code.add(partly, self._pick(third, fourth, 1, 2, 3, 4)), fourth)

    def _read(self, start: ir.Value, four: int) -> ir.Value:
        """Load four words of a block, which are big-endian."""
        return self._call("llvm.bswap.v4i32", self._load(start, four))

    def _load(self, start: ir.Value, which: int) -> ir.Value:
        return self._code.load(self._pointer(start, which), align=1)

    def _pointer(self, start: ir.Value, which: int) -> ir.Value:
        """Point to four words, those `which` fours behind a start."""
        return self._code.inttoptr(self._code.add(start, _SIZE(16 * which)), _WORDS.as_pointer())

    def _pick(self, one: ir.Value, other: ir.Value, *places: int) -> ir.Value:
        """Take four of eight words, the lowest first."""
        return self._code.shuffle_vector(one, other, ir.Constant(_WORDS, places))

    def _call(self, name: str, *values: ir.Value) -> ir.Value:
        """Call an instruction of LLVM's own."""
        declared = self._code.module.globals.get(name)
        return self._code.call(declared or ir.Function(self._code.module, _of(len(values)), name), values)


def _of(operands: int) -> ir.FunctionType:
    return ir.FunctionType(_WORDS, [_WORDS] * operands)
