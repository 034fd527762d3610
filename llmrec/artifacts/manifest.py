"""An artifact's manifest: what it is, what it was made from, and the check of both at loading."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.artifacts.hashing import sha256_file, sha256_of
from llmrec.artifacts.writing import any_inside, check_writable, replace_folder
from llmrec.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MANIFEST = "manifest.json"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an artifact is, what it was made from, and the hash of each of its files."""

    kind: str
    made_from: Mapping[str, Any]
    files: Mapping[str, str]
    """Relative path -> SHA-256."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def sha256(self) -> str:
        """The artifact's identity: kind, origin and contents (not its metrics)."""
        return sha256_of([self.format_version, self.kind, self.made_from, self.files])


@contextlib.contextmanager
def write_artifact(
    path: Path,
    kind: str,
    *,
    made_from: Mapping[str, Any],
    metrics: Mapping[str, Any] | None = None,
) -> Iterator[Path]:
    """Give a folder to write files into; on leaving, add the manifest and rename it to ``path``.

    Args:
        path: Where the artifact will stand; an older one there is replaced.
        kind: ``"index"``, ``"fusion"``, ``"dataset"``, ...
        made_from: JSON values naming what it was made from (catalogue SHA, encoder, ...).
        metrics: JSON values that describe it without being part of its identity.
    """
    path = Path(path)
    check_place(path, kind)
    with replace_folder(path) as draft:
        yield draft
        seal_folder(draft, kind, made_from=made_from, metrics=metrics)


def seal_folder(
    path: Path,
    kind: str,
    *,
    made_from: Mapping[str, Any],
    metrics: Mapping[str, Any] | None = None,
) -> None:
    """Write the manifest over all files of a folder; it must hold none yet."""
    files = {
        str(file.relative_to(path)): sha256_file(file)
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }
    manifest = {
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "made_from": dict(made_from),
        "files": files,
        "metrics": dict(metrics or {}),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True)
    with (path / MANIFEST).open("w", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def check_place(path: Path, kind: str) -> None:
    """Refuse a place where an artifact cannot stand, before work is put into making it.

    Raises:
        ArtifactError: Nothing can be written there, or something stands there that is no artifact
            of this kind.
    """
    path = Path(path)
    check_writable(path)
    if not path.exists():
        return
    if (path / MANIFEST).is_file():
        stands = _read_json(path).get("kind")
        what = None if stands == kind else f"an artifact of kind {stands!r}, not {kind!r}"
    else:
        what = "not an llmrec artifact" if any_inside(path) else None
    if what is not None:
        raise ArtifactError(
            f"{path} exists and is {what}, so it is not overwritten",
            remedy="Name another folder, or remove it yourself.",
        )


def kind_of(path: Path) -> str:
    """Return the kind of the artifact in a folder, before anything else of it is checked.

    Raises:
        ArtifactError: There is no manifest, it cannot be read, or it names no kind.
    """
    kind = _read_json(Path(path)).get("kind")
    if not isinstance(kind, str):
        raise ArtifactError(
            f"{Path(path) / MANIFEST} names no kind of artifact", remedy="Make the artifact again."
        )
    return kind


def read_manifest(
    path: Path, kind: str, *, needs: Collection[str] = (), verify: bool = True
) -> Manifest:
    """Return an artifact's manifest after checking that it is whole.

    Args:
        path: The artifact's folder.
        kind: What it must be.
        needs: Files that this kind is made of; a manifest that lacks one proves nothing of it.
        verify: Hash every file; without it only presence is checked.

    Raises:
        ArtifactError: Missing, unreadable, of another kind or format, or damaged.
    """
    raw = _read_json(Path(path))
    if raw.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has format {raw.get('format_version')!r}; this version reads {FORMAT_VERSION}",
            remedy="Make it again with this version of llmrec.",
        )
    if raw.get("kind") != kind:
        raise ArtifactError(
            f"{path} is an artifact of kind {raw.get('kind')!r}, not {kind!r}",
            remedy="Is this the right folder?",
        )
    again = f"Make the {kind} again."
    manifest = _manifest(Path(path) / MANIFEST, raw, again)
    for name in (*needs, *manifest.files):
        file = Path(path) / name
        if name not in manifest.files:
            raise ArtifactError(f"{path / MANIFEST} does not list {name}", remedy=again)
        if not file.is_file():
            raise ArtifactError(f"{file} is missing", remedy=again)
    for name, expected in manifest.files.items() if verify else ():
        if sha256_file(Path(path) / name) != expected:
            raise ArtifactError(
                f"{path / name} is damaged: its SHA-256 is not the manifest's", remedy=again
            )
    return manifest


def _manifest(file: Path, raw: dict[str, Any], remedy: str) -> Manifest:
    """Return a manifest's fields, each of its type; files lie inside the artifact's folder."""
    for name in ("made_from", "files", "metrics"):
        if not isinstance(raw.get(name), dict):
            fault = f"{name} is {raw.get(name)!r:.80}, not an object"
            raise ArtifactError(f"{file}: {fault}", remedy=remedy)
    for name, digest in raw["files"].items():
        if not isinstance(digest, str) or Path(name).is_absolute() or ".." in Path(name).parts:
            fault = f"files: {name!r:.80} with {digest!r:.80} is no file of it with its SHA-256"
            raise ArtifactError(f"{file}: {fault}", remedy=remedy)
    try:
        return Manifest(**raw)
    except TypeError as error:
        raise ArtifactError(f"{file}: {error}", remedy=remedy) from error


def _read_json(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ArtifactError(
            f"{path} holds no {MANIFEST}", remedy="Is this the right folder?"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(
            f"{file} cannot be read: {error}", remedy="Make the artifact again."
        ) from error
    if not isinstance(raw, dict):
        raise ArtifactError(f"{file} is not a JSON object", remedy="Make the artifact again.")
    return raw


def check_made_from(path: Path, manifest: Manifest, **expected: object) -> None:
    """Refuse an artifact whose origin differs, naming the field and both values.

    Raises:
        ArtifactError: A named origin is not the expected one.
    """
    for name, value in expected.items():
        if manifest.made_from.get(name) != value:
            raise ArtifactError(
                f"{path} was made from {name} {manifest.made_from.get(name)!r}, "
                f"but {value!r} is in use",
                remedy=f"Make the {manifest.kind} again from what is in use.",
            )
