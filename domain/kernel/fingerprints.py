"""What is known of a file's content, kept by its SHA256, so that it is recognised later without being read again.

Content is nobody's: the same bytes may be a member's resource, another's entry and a file that was blocked. So this
stands below those contexts, and outlasts the stored files themselves.
"""

import json
from collections.abc import Mapping

from domain.kernel.work import Work

FINGERPRINT_SQL = """
    (SELECT known.hashes FROM file_fingerprint known WHERE known.sha256 = {sha256}) AS fingerprint_hashes,
    (SELECT known.tensors FROM file_fingerprint known WHERE known.sha256 = {sha256}) AS fingerprint_tensors,
    (SELECT known.sketch FROM file_fingerprint known WHERE known.sha256 = {sha256}) AS fingerprint_sketch
"""
"""Columns for a SELECT, read by `domain.registry.blocked.fingerprint_in`; `{sha256}` is the column to look up."""


async def remember(
    w: Work, sha256: str, *, hashes: Mapping[str, str], tensors: str | None, sketch: bytes | None
) -> None:
    """Keep what an inspection found of the content with this SHA256; what was known before is replaced."""
    await w.execute(
        """
        INSERT INTO file_fingerprint (sha256, hashes, tensors, sketch) VALUES ($1, $2::jsonb, $3, $4)
        ON CONFLICT (sha256) DO UPDATE SET hashes = $2::jsonb, tensors = $3, sketch = $4
        """,
        sha256,
        json.dumps({name: value.lower() for name, value in hashes.items()}),
        tensors,
        sketch,
    )
