"""Resources: models that members share, the files that they and bounty entries hold, and what validation says of them.

A file comes by a resumable upload, is examined by a scan, and is judged by the likeness registry: at the scan, and
again from its stored texts whenever the registry changes.
"""

from domain.resources.actions import (
    add_checkpoint,
    adopt_files,
    draft,
    examined_draft,
    publish_outcome,
    remove,
    submit,
)
from domain.resources.claims import LookedAt, look_at_files, look_at_for_claim, matcher_at, release_from_claim
from domain.resources.closing_uploads import end_uploads, expire_uploads, over_among
from domain.resources.copying import Copies, copy_out
from domain.resources.deciding import Decidable, hold, lock_for_decision, parties_of, remove_by_decision, restore
from domain.resources.disposal import announce, claim, delete_doomed, doom
from domain.resources.facts import FileScanned, ResourceChanged
from domain.resources.file_removal import drop_file, give_up_blob, remove_file
from domain.resources.judge import Judge
from domain.resources.passing import mark, marks_in, marks_of_files, passed
from domain.resources.pictures import CleanPicture, clean_pictures, key_by_id, take_picture, uploads_to
from domain.resources.reads import (
    files_by_ids,
    files_of,
    findings_of_resources,
    hears,
    list_resources,
    resource_by_hash,
    resources_by_ids,
)
from domain.resources.rewrapping import check_keys, rewrap_keys
from domain.resources.rules import permission
from domain.resources.scans import (
    LEASE_SECONDS,
    claim_scans,
    record_inspection,
    renew_scan,
    request_scans,
    scan_damaged,
    scan_faulted,
)
from domain.resources.settling import RegistryBehind, announce_registry, hold_registry
from domain.resources.sweeping import judge_anew, sweep_files, sweep_texts
from domain.resources.upgrading import seal_stored
from domain.resources.uploads import (
    WrongContents,
    begin_upload,
    complete_upload,
    end_upload,
    open_upload,
    own_upload,
)
from domain.resources.usage import usable
from domain.resources.values import (
    HashAlgorithm,
    Holder,
    Permission,
    Resource,
    ResourceDraft,
    ResourceFilter,
    ResourceKind,
    ResourceStatus,
    Scan,
    StoredFile,
    Upload,
    UploadStatus,
    Usable,
)
from domain.resources.vault import check_in_use, erase_files, file_for_scan, key_in_use, sealed_files, the_vault
from domain.resources.wording import learn_words

__all__ = [
    "LEASE_SECONDS",
    "CleanPicture",
    "Copies",
    "Decidable",
    "FileScanned",
    "HashAlgorithm",
    "Holder",
    "Judge",
    "LookedAt",
    "Permission",
    "RegistryBehind",
    "Resource",
    "ResourceChanged",
    "ResourceDraft",
    "ResourceFilter",
    "ResourceKind",
    "ResourceStatus",
    "Scan",
    "StoredFile",
    "Upload",
    "UploadStatus",
    "Usable",
    "WrongContents",
    "add_checkpoint",
    "adopt_files",
    "announce",
    "announce_registry",
    "begin_upload",
    "check_in_use",
    "check_keys",
    "claim",
    "claim_scans",
    "clean_pictures",
    "complete_upload",
    "copy_out",
    "delete_doomed",
    "doom",
    "draft",
    "drop_file",
    "end_upload",
    "end_uploads",
    "erase_files",
    "examined_draft",
    "expire_uploads",
    "file_for_scan",
    "files_by_ids",
    "files_of",
    "findings_of_resources",
    "give_up_blob",
    "hears",
    "hold",
    "hold_registry",
    "judge_anew",
    "key_by_id",
    "key_in_use",
    "learn_words",
    "list_resources",
    "lock_for_decision",
    "look_at_files",
    "look_at_for_claim",
    "mark",
    "marks_in",
    "marks_of_files",
    "matcher_at",
    "open_upload",
    "over_among",
    "own_upload",
    "parties_of",
    "passed",
    "permission",
    "publish_outcome",
    "record_inspection",
    "release_from_claim",
    "remove",
    "remove_by_decision",
    "remove_file",
    "renew_scan",
    "request_scans",
    "resource_by_hash",
    "resources_by_ids",
    "restore",
    "rewrap_keys",
    "scan_damaged",
    "scan_faulted",
    "seal_stored",
    "sealed_files",
    "submit",
    "sweep_files",
    "sweep_texts",
    "take_picture",
    "the_vault",
    "uploads_to",
    "usable",
]
