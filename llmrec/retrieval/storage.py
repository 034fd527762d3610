"""How an item index lies on disk: FAISS's own file, and the catalogue as Parquet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.errors import ArtifactError, DataError, require
from llmrec.retrieval.flat import FlatStore
from llmrec.types import Catalogue, Item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.artifacts import Manifest

VECTORS_FILE = "vectors.faiss"
ITEMS_FILE = "items.parquet"
FILES = (VECTORS_FILE, ITEMS_FILE)
_AGAIN = "Make the index again."


def write_files(
    folder: Path, *, store: FlatStore, catalogue: Catalogue, item_ids: Sequence[str]
) -> None:
    """Write the vectors and the whole catalogue, and which of its items have a vector."""
    require("faiss", "cpu").write_index(store.faiss_index, str(folder / VECTORS_FILE))
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


def read_files(folder: Path, manifest: Manifest) -> tuple[Catalogue, list[str], FlatStore]:
    """Read the catalogue, the ids that have a vector, and the vectors.

    Raises:
        ArtifactError: A file is not what it should be, or they do not belong together.
    """
    catalogue, item_ids = _read_items(folder)
    store = _read_store(folder)
    same = catalogue.sha256 == manifest.made_from.get("catalogue_sha256")
    if not same or len(store) != len(item_ids):
        raise ArtifactError(
            f"{folder}: its items do not belong to its manifest and its vectors",
            remedy=_AGAIN,
        )
    return catalogue, item_ids, store


def _read_store(folder: Path) -> FlatStore:
    """Read the vectors; refuse what is not an exact inner-product index."""
    faiss = require("faiss", "cpu")
    file = folder / VECTORS_FILE
    try:
        index = faiss.read_index(str(file))
    except RuntimeError as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=_AGAIN) from error
    if not isinstance(index, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ArtifactError(
            f"{file} holds a {type(index).__name__}, not an exact inner product", remedy=_AGAIN
        )
    return FlatStore(index)


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
