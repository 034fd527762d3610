"""The item index: one vector an item, searched exactly, saved with what it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmrec.artifacts import check_made_from, read_manifest, sha256_of, write_artifact
from llmrec.errors import ConfigError, DataError, UnknownItemError, did_you_mean
from llmrec.retrieval.checks import check_ids, check_k, check_unchanged, checked_vectors
from llmrec.retrieval.flat import FlatStore, Hits, Rows
from llmrec.retrieval.origin import IndexOrigin, for_identity, read_origin
from llmrec.retrieval.recipe import IndexRecipe, load_recipe
from llmrec.retrieval.storage import FILES, read_files, write_files
from llmrec.retrieval.texts import encode_items
from llmrec.templates import load_template

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from llmrec.encode.base import Encoder, Vectors
    from llmrec.types import Catalogue, Scores

KIND = "index"


class ItemIndex:
    """Vectors of a catalogue's items behind an exact inner-product search.

    It may hold a part of the catalogue: ``remove`` takes an item out of the search and leaves it
    in the catalogue. Rows stand in the catalogue's order, and so do equal scores. Searches may run
    in several threads; ``add`` and ``remove`` must not run beside them.

    Args:
        catalogue: The items that histories and candidates speak of.
        item_ids: Ids of the catalogue, each once.
        vectors: ``(n_items, dimension) float32``, finite, none of them zero. Unit vectors make
            the inner product a cosine.
        origin: What the vectors were made by.

    Raises:
        MissingExtraError: FAISS is not installed.
        UnknownItemError: An id is not in the catalogue.
        DataError: An id comes twice; the shape is wrong; a vector is zero or not finite.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        item_ids: Sequence[str],
        vectors: Vectors,
        *,
        origin: IndexOrigin | None = None,
    ) -> None:
        check_ids(item_ids, catalogue)
        vectors = checked_vectors(vectors, rows=len(item_ids), what="item vectors")
        order = np.argsort([catalogue.position(item_id) for item_id in item_ids], kind="stable")
        store = FlatStore.of(vectors[order.astype(np.int64)])
        self._set(catalogue, [item_ids[n] for n in order], store)
        self._origin = origin or IndexOrigin()

    @classmethod
    def build(
        cls, catalogue: Catalogue, encoder: Encoder, *, recipe: IndexRecipe | None = None
    ) -> Self:
        """Encode every item of a catalogue and index the vectors.

        Args:
            catalogue: The items.
            encoder: Who reads the items' texts.
            recipe: Which item template, and where the encoder is found later; the default is
                ``flat.v1`` with this encoder's name.

        Raises:
            TemplateError: The item template is unknown, or fails on an item.
        """
        if not catalogue:
            raise DataError("the catalogue is empty, so there is nothing to index")
        kept = recipe or load_recipe("flat.v1").model_copy(update={"encoder": encoder.card.name})
        vectors = encode_items(list(catalogue.values()), encoder, template_id=kept.item_template)
        origin = IndexOrigin(
            encoder=encoder.card.identity,
            item_template_sha256=load_template(kept.item_template).sha256,
            recipe=kept,
        )
        return cls(catalogue, list(catalogue), vectors, origin=origin)

    @classmethod
    def load(
        cls, path: str | Path, *, catalogue: Catalogue | None = None, encoder: Encoder | None = None
    ) -> Self:
        """Load a saved index.

        Args:
            path: Its folder.
            catalogue: The one in use; an index made from another is refused.
            encoder: The one in use; an index made by another is refused.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from something else: another
                catalogue, encoder, or text of the item template.
        """
        path = Path(path)
        manifest = read_manifest(path, KIND, needs=FILES)
        if catalogue is not None:
            check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        if encoder is not None:
            check_made_from(path, manifest, encoder=encoder.card.identity)
        own, item_ids, store = read_files(path, manifest)
        index = cls.__new__(cls)
        index._set(catalogue if catalogue is not None else own, item_ids, store)
        index._origin = read_origin(path, manifest)
        return index

    def save(self, path: str | Path) -> None:
        """Write the index to a folder, whole or not at all; an older index there is replaced.

        Raises:
            ArtifactError: The folder holds something that is not an artifact.
        """
        figures = {"n_items": len(self), "dimension": self.dimension}
        with write_artifact(Path(path), KIND, made_from=self.made_from, metrics=figures) as folder:
            write_files(
                folder, store=self._store, catalogue=self._catalogue, item_ids=self._item_ids
            )

    def _set(self, catalogue: Catalogue, item_ids: list[str], store: FlatStore) -> None:
        self._catalogue, self._item_ids, self._store = catalogue, item_ids, store
        self._row = {item_id: row for row, item_id in enumerate(item_ids)}
        self._made_from: dict[str, Any] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The items that it speaks of."""
        return self._catalogue

    @property
    def item_ids(self) -> Sequence[str]:
        """The ids that have a vector: row ``n`` of every search is ``item_ids[n]``."""
        return self._item_ids

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._store.dimension

    @property
    def origin(self) -> IndexOrigin:
        """What the vectors were made by."""
        return self._origin

    @property
    def made_from(self) -> Mapping[str, Any]:
        """What the manifest of a saved index names as its origin.

        The vectors' bytes are part of it only where no encoder made them: machines differ in
        the last digits of what an encoder says, and their indexes are the same index.
        """
        if self._made_from is None:
            self._made_from = {
                "catalogue_sha256": self._catalogue.sha256,
                "item_ids_sha256": sha256_of(self._item_ids),
                "vectors_sha256": None if self._origin.encoder else self._store.sha256(),
                **self._origin.as_json(),
            }
        return self._made_from

    @property
    def sha256(self) -> str:
        """The index's identity: what it was made from, wherever it was made."""
        return sha256_of([KIND, for_identity(self.made_from)])

    def __len__(self) -> int:
        return len(self._item_ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._row

    def add(
        self, item_ids: Sequence[str], vectors: Vectors, *, catalogue: Catalogue | None = None
    ) -> None:
        """Add items, or put removed ones back.

        Args:
            item_ids: Ids that are not in the index.
            vectors: ``(n_items, dimension) float32``, made as the others were (``encode_items``).
            catalogue: The catalogue from now on, where it has grown; items that are in the
                index must stand in it unchanged.

        Raises:
            UnknownItemError: An id is not in the catalogue, or an indexed one left it.
            DataError: An id is there already; an indexed item changed; a vector is unfit.
        """
        grown = self._catalogue if catalogue is None else catalogue
        if catalogue is not None:
            check_unchanged(self._item_ids, self._catalogue, catalogue)
        ids = [*self._item_ids, *item_ids]
        check_ids(ids, grown)
        vectors = checked_vectors(
            vectors, rows=len(item_ids), what="item vectors", width=self.dimension
        )
        order = np.argsort([grown.position(item_id) for item_id in ids], kind="stable")
        if np.array_equal(order, np.arange(len(ids))):
            self._store.append(vectors)
            self._set(grown, ids, self._store)
            return
        old = self._store.vectors(np.arange(len(self)))
        store = FlatStore.of(np.concatenate([old, vectors])[order])
        self._set(grown, [ids[n] for n in order], store)

    def remove(self, item_ids: Collection[str]) -> None:
        """Take items out of the search; they stay in the catalogue.

        Raises:
            UnknownItemError: An id is not in the index; then nothing is removed.
        """
        gone = {self.row(item_id) for item_id in item_ids}
        self._store.remove(np.array(sorted(gone), dtype=np.int64))
        kept = [item_id for row, item_id in enumerate(self._item_ids) if row not in gone]
        self._set(self._catalogue, kept, self._store)

    def row(self, item_id: str) -> int:
        """Return an item's row; ``UnknownItemError`` where it has none."""
        if item_id not in self._row:
            raise UnknownItemError(
                f"item {item_id!r} is not in the index of {len(self)} items",
                remedy=did_you_mean(item_id, self._row),
            )
        return self._row[item_id]

    def vectors(self, item_ids: Sequence[str]) -> Vectors:
        """Return copies of indexed items' vectors, ``(n_items, dimension) float32``."""
        return self._store.vectors(self._rows(item_ids))

    def centre(self) -> Vectors:
        """Return the direction of the mean of all vectors, ``(dimension,) float32``, unit."""
        return self._store.centre()

    def search(
        self, queries: Vectors, k: int, *, exclude: Sequence[Collection[str]] | None = None
    ) -> Hits:
        """Find the items of the largest inner product with each query.

        Args:
            queries: ``(n_queries, dimension) float32``, finite, none of them zero.
            k: How many, at least 1; fewer come where the index or the exclusions leave fewer.
            exclude: For each query, ids that it must not find; ids not in the index are ignored.

        Returns:
            ``Hits``: rows into ``item_ids`` and scores, best first, ties in catalogue order.

        Raises:
            ConfigError: ``k`` is below 1, or ``exclude`` is not one collection a query.
            DataError: The queries' shape is wrong, or one is zero or not finite.
        """
        check_k(k)
        queries = checked_vectors(queries, rows=None, what="queries", width=self.dimension)
        if exclude is not None and len(exclude) != len(queries):
            raise ConfigError(f"{len(queries)} queries but {len(exclude)} collections to exclude")
        excluded = [self._known_rows(ids) for ids in exclude or [()] * len(queries)]
        return self._store.search(queries, k, excluded)

    def similar(self, item_id: str, k: int) -> Hits:
        """Find the items nearest to an item of the index, itself left out: one query's hits."""
        return self.search(self.vectors([item_id]), k, exclude=[(item_id,)])

    def scores(self, queries: Vectors, item_ids: Sequence[Sequence[str]]) -> list[Scores]:
        """Score given items for each query, exactly as ``search`` scores them.

        Args:
            queries: ``(n_queries, dimension) float32``, finite, none of them zero.
            item_ids: For each query the items to score.

        Returns:
            Per query ``(n_items,) float64``.

        Raises:
            ConfigError: ``item_ids`` is not one sequence a query.
            UnknownItemError: An id is not in the index.
            DataError: The queries are unfit, as for ``search``.
        """
        queries = checked_vectors(queries, rows=None, what="queries", width=self.dimension)
        if len(item_ids) != len(queries):
            raise ConfigError(f"{len(queries)} queries but {len(item_ids)} sequences of items")
        sizes = [len(ids) for ids in item_ids]
        owners = np.repeat(np.arange(len(queries)), sizes)
        rows = self._rows([item_id for ids in item_ids for item_id in ids])
        flat = self._store.scores(queries, owners, rows)
        return np.split(flat, np.cumsum(sizes)[:-1]) if sizes else []

    def _rows(self, item_ids: Sequence[str]) -> Rows:
        return np.fromiter(map(self.row, item_ids), dtype=np.int64, count=len(item_ids))

    def _known_rows(self, item_ids: Collection[str]) -> Rows:
        rows = {self._row[item_id] for item_id in item_ids if item_id in self._row}
        return np.fromiter(rows, dtype=np.int64, count=len(rows))
