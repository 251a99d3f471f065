"""JSON objects, one a line: read with every fault told in its line, and written so that every reader can take them."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from countenance.failures import CannotStart

_BOM = b"\xef\xbb\xbf"
_NOT_AS_IT_IS = re.compile("[\ud800-\udfff\x85\u2028\u2029]")
"""Halves of surrogate pairs, which no encoding has, and what some readers take for the end of a line."""


class NotJson(ValueError):
    """A line that can't be read; the message says why, as the end of a sentence."""


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the lines that are not empty, with their numbers. Raises CannotStart when the file can't be read."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                told = line.removeprefix(_BOM) if number == 1 else line
                if told.strip():
                    yield number, told
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from None


def read(line: bytes) -> Any:
    """Read one line. Raises NotJson, also for what Python alone would take: NaN, infinity, and a key twice."""
    try:
        return json.loads(
            line.decode(), parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 text at its byte {error.start + 1}") from None
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except NotJson:
        raise
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON ({error.msg} at its character {error.pos + 1})") from None
    except ValueError as error:  # a number of too many digits
        raise NotJson(f"not JSON ({error})") from None


def written(answer: dict[str, Any]) -> bytes:
    """Write one object as a line of UTF-8, without its end. Raises ValueError for a number that is not finite."""
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False)
    return _NOT_AS_IT_IS.sub(lambda char: f"\\u{ord(char[0]):04x}", text).encode()


def _no_number(literal: str) -> Any:
    raise NotJson(f"not JSON (it has the number {literal})")


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise NotJson(f"not taken (it has the number {literal[:20]}, which is too large)")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise NotJson("not taken (it has a key twice in one object)")
    return unique
