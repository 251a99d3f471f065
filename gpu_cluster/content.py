"""One pass over the bytes of a file: its digests, its format and, for safetensors, its header."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from gpu_cluster.buffers import Buffers, Chunk
from gpu_cluster.formats import HEAD_BYTES, SAFETENSORS, TAIL_BYTES, Format, looks_like_safetensors, recognise
from gpu_cluster.hashing import FileHasher, FileHashes
from gpu_cluster.safetensors_header import PREFIX_BYTES, Header, MalformedHeader, header_length
from gpu_cluster.tensor_reader import TensorReader, Tensors


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds. `header` and `tensors` are there for well-formed safetensors only; `fault` is a sentence that
    says why a file is cut off, too long or malformed; `hashes` is None when the file is longer than announced, as it
    was not read to its end.
    """

    format: Format
    size_bytes: int
    hashes: FileHashes | None
    header: Header | None
    fault: str | None
    tensors: Tensors | None = None


def read_content(
    chunks: Iterable[Chunk], announced_bytes: int, *, threads: int | None = None, buffers: Buffers | None = None
) -> Content:
    """Read a file of `announced_bytes` from `chunks` to its end, once, holding a few chunks and the header at most.

    Chunks that are views of `buffers` are given back to them.
    Raises only what reading `chunks` raises; whatever the bytes are, they give a Content.
    """
    stream = iter(chunks)
    ends = _Ends()
    opening = ends.begin(stream)
    start, fault = _tensors_start(ends.head, announced_bytes)
    reader = TensorReader(start, announced_bytes) if start is not None else None
    with FileHasher(start, threads=threads, others=[reader] if reader else [], buffers=buffers) as hasher:
        for chunk in chain(opening, stream):
            ends.see(chunk)
            if ends.size > announced_bytes:
                fault = f"The file is longer than the {announced_bytes} bytes that were announced."
                return Content(recognise(ends.head, ends.tail), ends.size, None, None, fault)
            hasher.update(chunk)
    hashes = hasher.digests()
    if ends.size < announced_bytes:
        fault = f"The file has {ends.size} bytes, but {announced_bytes} were announced."
    known = recognise(ends.head, ends.tail)
    if known.name != SAFETENSORS or reader is None or fault is not None:
        return Content(known, ends.size, hashes, None, fault)
    return Content(known, ends.size, hashes, reader.header, reader.fault, reader.result())


def _tensors_start(head: bytes, announced_bytes: int) -> tuple[int | None, str | None]:
    """Tell where the bytes after a safetensors header begin, or what is wrong with its length."""
    if not looks_like_safetensors(head):
        return None, None
    try:
        return PREFIX_BYTES + header_length(head[:PREFIX_BYTES], announced_bytes), None
    except MalformedHeader as error:
        return None, str(error)


class _Ends:
    """Keeps the first and the last bytes of what passes by, and counts."""

    def __init__(self) -> None:
        self.head = b""
        self.size = 0
        self._recent = b""

    def begin(self, stream: Iterator[Chunk]) -> list[Chunk]:
        """Take chunks until there is enough to tell what the file claims to be."""
        opening: list[Chunk] = []
        for chunk in stream:
            opening.append(chunk)
            self.head += bytes(chunk[: HEAD_BYTES - len(self.head)])
            if len(self.head) == HEAD_BYTES:
                break
        return opening

    def see(self, chunk: Chunk) -> None:
        """Count a chunk and remember its end."""
        self.size += len(chunk)
        self._recent = bytes(chunk[-TAIL_BYTES:]) if len(chunk) >= TAIL_BYTES else (self._recent + chunk)[-TAIL_BYTES:]

    @property
    def tail(self) -> bytes:
        """The last bytes that passed by."""
        return self._recent
