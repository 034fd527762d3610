"""How an item index lies on disk: FAISS's own file, the vectors, and the catalogue as Parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.artifacts import read_manifest, sha256_file
from llmrec.errors import ArtifactError, DataError
from llmrec.retrieval.blocks import BLOCKS_FILE, read_blocks, write_blocks
from llmrec.retrieval.stores.files import large_files, read_store, store_files
from llmrec.types import Catalogue, Item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.artifacts import Manifest
    from llmrec.retrieval.stores.base import VectorStore

KIND = "index"
ITEMS_FILE = "items.parquet"
_AGAIN = "Make the index again."


def write_files(
    folder: Path, *, store: VectorStore, catalogue: Catalogue, item_ids: Sequence[str]
) -> None:
    """Write the vectors and the whole catalogue, and which of its items have a vector.

    Raises:
        ArtifactError: FAISS could not write its file.
    """
    try:
        store.write(folder)
    except RuntimeError as error:
        raise ArtifactError(
            f"the vectors cannot be written to {folder.parent}: {str(error).splitlines()[-1]}",
            remedy="Name a place with room on its disk.",
        ) from error
    write_blocks(folder, store_files(store.parameters))
    indexed = frozenset(item_ids)
    pl.DataFrame(
        {
            "item_id": list(catalogue),
            "title": [item.title for item in catalogue.values()],
            "attributes": [_to_json(item) for item in catalogue.values()],
            "indexed": [item_id in indexed for item_id in catalogue],
        },
        schema={
            "item_id": pl.String,
            "title": pl.String,
            "attributes": pl.String,
            "indexed": pl.Boolean,
        },
    ).write_parquet(folder / ITEMS_FILE)


def check_files(folder: Path, *, memory_map: bool) -> Manifest:
    """Return a saved index's manifest after checking its files.

    Args:
        folder: The index.
        memory_map: Read no more of a file that will be mapped than its first block, and compare
            its size; ``verify_index`` reads the rest. Every other file is read whole.

    Raises:
        ArtifactError: Missing, damaged, of another kind or format.
    """
    if not memory_map:
        return read_manifest(folder, KIND, needs=(ITEMS_FILE,))
    manifest = read_manifest(folder, KIND, needs=(ITEMS_FILE, BLOCKS_FILE), verify=False)
    mapped = large_files()
    _check_whole(folder, manifest, [name for name in manifest.files if name not in mapped])
    for name, blocks in read_blocks(folder, _AGAIN).items():
        if name in mapped:
            blocks.check(folder / name, _AGAIN, first_only=True)
    return manifest


def verify_index(folder: str | Path) -> None:
    """Read every file of a saved index; say which bytes are damaged.

    Raises:
        ArtifactError: Missing, damaged, of another kind or format.
    """
    folder = Path(folder)
    manifest = read_manifest(folder, KIND, needs=(ITEMS_FILE,), verify=False)
    if BLOCKS_FILE in manifest.files:
        _check_whole(folder, manifest, [BLOCKS_FILE])
        for name, blocks in read_blocks(folder, _AGAIN).items():
            blocks.check(folder / name, _AGAIN)
    _check_whole(folder, manifest, list(manifest.files))


def _check_whole(folder: Path, manifest: Manifest, names: Sequence[str]) -> None:
    """Refuse files whose hash is not the manifest's."""
    for name in names:
        if sha256_file(folder / name) != manifest.files[name]:
            raise ArtifactError(
                f"{folder / name} is damaged: its SHA-256 is not the manifest's", remedy=_AGAIN
            )


def read_files(
    folder: Path, manifest: Manifest, *, memory_map: bool
) -> tuple[Catalogue, list[str], VectorStore]:
    """Read the catalogue, the ids that have a vector, and the vectors.

    Raises:
        ArtifactError: A file is not what it should be, or they do not belong together.
    """
    catalogue, item_ids = _read_items(folder)
    store = read_store(folder, manifest.made_from.get("store"), memory_map=memory_map)
    same = catalogue.sha256 == manifest.made_from.get("catalogue_sha256")
    if not same or len(store) != len(item_ids):
        raise ArtifactError(
            f"{folder}: its items do not belong to its manifest and its vectors",
            remedy=_AGAIN,
        )
    return catalogue, item_ids, store


def _read_items(folder: Path) -> tuple[Catalogue, list[str]]:
    """Read the catalogue and the ids of the items that have a vector, both in order."""
    file = folder / ITEMS_FILE
    try:
        table = pl.read_parquet(
            file, glob=False, columns=["item_id", "title", "attributes", "indexed"]
        )
        items = [_item(row) for row in table.iter_rows(named=True)]
        catalogue = Catalogue(items)
    except (pl.exceptions.PolarsError, OSError, ValueError, AttributeError, DataError) as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=_AGAIN) from error
    return catalogue, table.filter(pl.col("indexed"))["item_id"].to_list()


def _to_json(item: Item) -> str:
    return json.dumps(dict(item.attributes), ensure_ascii=False)


def _item(row: dict[str, Any]) -> Item:
    raw = json.loads(row["attributes"])
    attributes = {n: tuple(v) if isinstance(v, list) else v for n, v in raw.items()}
    return Item(item_id=row["item_id"], title=row["title"], attributes=attributes)
