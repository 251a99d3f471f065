"""What is kept of an inspection: written as a scan is stored, and read again to be judged by a newer registry."""

import json
import zlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.kernel.findings import Verdict
from domain.kernel.fingerprints import FINGERPRINT_SQL
from domain.kernel.ids import AccountId
from domain.kernel.ports import Sealer
from domain.kernel.wire import MetadataText
from domain.registry.blocked import fingerprint_in
from domain.registry.faces import BYTES
from domain.resources.reads import findings_in
from domain.resources.rules import FileFacts

FACTS_SQL = """
    scan.id, scan.file_id, scan.attempt, scan.status, scan.base, scan.verdict, scan.findings, scan.texts, scan.faces,
    f.name, f.sha256, f.mature, f.holder_kind, f.holder_id,
    CASE f.holder_kind WHEN 'reference' THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE f.account_id END
        AS account_id,
""" + FINGERPRINT_SQL.format(sha256="f.sha256")
"""All that is known of a scanned file. A reference picture is nobody's: others make what it shows, so a consent to its
uploader doesn't cover it."""


def packed(texts: Sequence[MetadataText]) -> bytes:
    """Write texts as they are stored: compressed ASCII JSON, which holds any character that a file may hold."""
    return zlib.compress(json.dumps([(text.key, text.text) for text in texts]).encode(), 6)


def unpacked(stored: bytes) -> tuple[MetadataText, ...]:
    """Read texts that `packed` wrote."""
    return tuple(MetadataText(key, text) for key, text in json.loads(zlib.decompress(stored))) if stored else ()


def texts_in(stored: bytes) -> list[str]:
    """Read the texts alone that `packed` wrote: a third of the time, for sweeps over many."""
    return [text for _, text in json.loads(zlib.decompress(stored))] if stored else []


def sealed(faces: Sequence[bytes], sealer: Sealer | None, file_id: UUID) -> bytes | None:
    """Seal the descriptors of a sample's faces, bound to its file; None where there are none or no key to keep them."""
    return sealer.seal(b"".join(faces), about=file_id.bytes) if faces and sealer is not None else None


def unsealed(stored: bytes | None, sealer: Sealer | None, file_id: UUID) -> tuple[bytes, ...]:
    """Open what `sealed` gave. Without its key there are no faces, and the registry's own don't open either."""
    if stored is None or sealer is None:
        return ()
    try:
        whole = sealer.open(stored, about=file_id.bytes)
    except ValueError:
        return ()
    return tuple(whole[at : at + BYTES] for at in range(0, len(whole), BYTES))


def facts_of(row: Any, sealer: Sealer | None) -> FileFacts:
    """Read what `FACTS_SQL` selects."""
    return FileFacts(
        name=row["name"],
        sha256=row["sha256"],
        account_id=AccountId(row["account_id"]),
        mature=row["mature"],
        base=Verdict(row["base"]),
        texts=unpacked(row["texts"]),
        findings=findings_in(row["findings"]),
        faces=unsealed(row["faces"], sealer, row["file_id"]),
        fingerprint=fingerprint_in(row, row["sha256"]),
    )
