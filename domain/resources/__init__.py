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
from domain.resources.claims import LookedAt, look_at_for_claim, release_from_claim
from domain.resources.facts import FileScanned, ResourceChanged
from domain.resources.reads import files_by_ids, files_of, list_resources, resource_by_hash, resources_by_ids
from domain.resources.revalidation import applied_version, revalidate
from domain.resources.rules import permission
from domain.resources.scans import (
    LEASE_SECONDS,
    claim_scans,
    record_inspection,
    renew_scan,
    request_scans,
    scan_faulted,
)
from domain.resources.uploads import (
    WrongContents,
    begin_upload,
    complete_upload,
    end_upload,
    expire_uploads,
    open_upload,
    over_among,
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

__all__ = [
    "LEASE_SECONDS",
    "FileScanned",
    "HashAlgorithm",
    "Holder",
    "LookedAt",
    "Permission",
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
    "applied_version",
    "begin_upload",
    "claim_scans",
    "complete_upload",
    "draft",
    "end_upload",
    "examined_draft",
    "expire_uploads",
    "files_by_ids",
    "files_of",
    "list_resources",
    "look_at_for_claim",
    "open_upload",
    "over_among",
    "own_upload",
    "permission",
    "publish_outcome",
    "record_inspection",
    "release_from_claim",
    "remove",
    "renew_scan",
    "request_scans",
    "resource_by_hash",
    "resources_by_ids",
    "revalidate",
    "scan_faulted",
    "submit",
    "usable",
]
