"""The item index: one vector an item, searched, saved with what it was made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmrec.artifacts import check_made_from, sha256_of, write_artifact
from llmrec.errors import DataError
from llmrec.retrieval.checks import check_ids, check_unchanged, checked_vectors
from llmrec.retrieval.item_search import ItemSearch
from llmrec.retrieval.origin import IndexOrigin, for_identity, read_origin
from llmrec.retrieval.recipe import IndexRecipe, load_recipe
from llmrec.retrieval.storage import KIND, check_files, read_files, write_files
from llmrec.retrieval.stores import make_store
from llmrec.retrieval.stores.parameters import FlatParameters, StoreParameters
from llmrec.retrieval.texts import encode_items
from llmrec.templates import load_template

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from llmrec.encode.base import Encoder, Vectors
    from llmrec.retrieval.stores.base import VectorStore
    from llmrec.types import Catalogue


class ItemIndex(ItemSearch):
    """Vectors of a catalogue's items behind an inner-product search.

    The search is exact unless an approximate kind of store is asked for; then ``approximate`` is
    true and a better item may be missed, while scores and the order of ties stay exact.

    It may hold a part of the catalogue: ``remove`` takes an item out of the search and leaves it
    in the catalogue. Rows stand in the catalogue's order, and so do equal scores. Searches may run
    in several threads; ``add`` and ``remove`` must not run beside them, and they take time that
    grows with the index: for changes all day long there is ``LiveIndex``.

    Args:
        catalogue: The items that histories and candidates speak of.
        item_ids: Ids of the catalogue, each once.
        vectors: ``(n_items, dimension) float32``, finite, none of them zero. Unit vectors make
            the inner product a cosine.
        origin: What the vectors were made by.
        store: The kind of store and its settings; the default is exact. Up to 4,096 items every
            kind is exact: comparing all is as fast.

    Raises:
        MissingExtraError: FAISS is not installed.
        ConfigError: The store's settings do not suit the vectors.
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
        store: StoreParameters | None = None,
    ) -> None:
        check_ids(item_ids, catalogue)
        vectors = checked_vectors(vectors, rows=len(item_ids), what="item vectors")
        order = np.argsort([catalogue.position(item_id) for item_id in item_ids], kind="stable")
        made = make_store(vectors[order.astype(np.int64)], store or FlatParameters())
        self._set(catalogue, [item_ids[n] for n in order], made)
        self._origin = origin or IndexOrigin()

    @classmethod
    def build(
        cls, catalogue: Catalogue, encoder: Encoder, *, recipe: IndexRecipe | None = None
    ) -> Self:
        """Encode every item of a catalogue and index the vectors.

        Args:
            catalogue: The items.
            encoder: Who reads the items' texts.
            recipe: Which item template, which kind of store, and where the encoder is found
                later; the default is ``flat.v1`` with this encoder's name.

        Raises:
            TemplateError: The item template is unknown, or fails on an item.
            ConfigError: The recipe's parameters do not suit the vectors.
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
        return cls(catalogue, list(catalogue), vectors, origin=origin, store=kept.store)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        catalogue: Catalogue | None = None,
        encoder: Encoder | None = None,
        memory_map: bool = False,
    ) -> Self:
        """Load a saved index.

        Args:
            path: Its folder.
            catalogue: The one in use; an index made from another is refused.
            encoder: The one in use; an index made by another is refused.
            memory_map: Leave the vectors on disk and read those that are needed. Of their file
                only the size and the first block are checked then; ``verify_index`` reads all.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from something else: another
                catalogue, encoder, or text of the item template.
        """
        path = Path(path)
        manifest = check_files(path, memory_map=memory_map)
        if catalogue is not None:
            check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        if encoder is not None:
            check_made_from(path, manifest, encoder=encoder.card.identity)
        own, item_ids, store = read_files(path, manifest, memory_map=memory_map)
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

    def with_store(self, store: StoreParameters) -> ItemIndex:
        """Return an index of the same items and vectors in another kind of store.

        Raises:
            ConfigError: The store's settings do not suit the vectors.
        """
        origin = self._origin
        if origin.recipe is not None:
            settings = store.model_dump(exclude={"kind"})
            change = {"kind": store.kind, "parameters": settings}
            origin = replace(origin, recipe=origin.recipe.model_copy(update=change))
        vectors = self._store.vectors.rows(np.arange(len(self)))
        return ItemIndex(self._catalogue, self._item_ids, vectors, origin=origin, store=store)

    def _set(self, catalogue: Catalogue, item_ids: list[str], store: VectorStore) -> None:
        super()._set(catalogue, item_ids, store)
        self._made_from: dict[str, Any] | None = None

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
            kind = {"store": self._store.parameters.model_dump()} if self.approximate else {}
            own = None if self._origin.encoder else self._store.vectors.sha256()
            self._made_from = {
                "catalogue_sha256": self._catalogue.sha256,
                "item_ids_sha256": sha256_of(self._item_ids),
                "vectors_sha256": own,
                **self._origin.as_json(),
                **kind,
            }
        return self._made_from

    @property
    def sha256(self) -> str:
        """The index's identity: what it was made from, wherever it was made."""
        return sha256_of([KIND, for_identity(self.made_from)])

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
        old = self._store.vectors.rows(np.arange(len(self)))
        store = self._store.like(np.concatenate([old, vectors])[order])
        self._set(grown, [ids[n] for n in order], store)

    def remove(self, item_ids: Collection[str]) -> None:
        """Take items out of the search; they stay in the catalogue.

        Raises:
            UnknownItemError: An id is not in the index; then nothing is removed.
        """
        gone = {self.row(item_id) for item_id in item_ids}
        kept = [row for row in range(len(self)) if row not in gone]
        store = self._store.like(self._store.vectors.rows(np.array(kept, dtype=np.int64)))
        self._set(self._catalogue, [self._item_ids[row] for row in kept], store)
