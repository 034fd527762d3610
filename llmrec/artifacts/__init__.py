"""Saved artifacts: a folder with a manifest, written whole or not at all, checked at loading."""

from __future__ import annotations

from llmrec.artifacts.hashing import (
    sha256_bytes,
    sha256_file,
    sha256_of,
)
from llmrec.artifacts.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    Manifest,
    check_made_from,
    check_place,
    kind_of,
    read_manifest,
    seal_folder,
    write_artifact,
)
from llmrec.artifacts.writing import (
    any_inside,
    check_writable,
    remove_drafts,
    replace_file,
    replace_folder,
    spill_folder,
    write_faults,
)

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST",
    "Manifest",
    "any_inside",
    "check_made_from",
    "check_place",
    "check_writable",
    "kind_of",
    "read_manifest",
    "remove_drafts",
    "replace_file",
    "replace_folder",
    "seal_folder",
    "sha256_bytes",
    "sha256_file",
    "sha256_of",
    "spill_folder",
    "write_artifact",
    "write_faults",
]
