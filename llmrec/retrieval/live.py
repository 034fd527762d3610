"""An item index that changes while it is searched."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Self

import numpy as np

from llmrec.errors import ConfigError, DataError, UnknownItemError, did_you_mean
from llmrec.retrieval.checks import check_k, checked_vectors
from llmrec.retrieval.generation import Change, Found, Generation
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.stores import make_store
from llmrec.retrieval.stores.parameters import FlatParameters

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.origin import IndexOrigin
    from llmrec.retrieval.stores.base import VectorStore
    from llmrec.retrieval.stores.hits import Rows
    from llmrec.retrieval.stores.parameters import StoreParameters
    from llmrec.types import Catalogue

_SPARE = 16  # rows fetched beyond k, in case some of them are gone
_logger = logging.getLogger(__name__)


class LiveIndex:
    """Items that come, change and go while other threads search.

    Most vectors stand in a store that is not touched. What is added since lies in an exact part of
    bounded size, what is removed is marked. When the exact part is half full, a new store is made
    in the background, and takes the old one's place at once; when it is full, changes wait.

    Every answer is that of one moment during the search: no item that was gone before the search
    began, no vector that was replaced before it began, and ``k`` items whenever ``k`` exist.
    Equal scores stand in the order in which items were first added.

    Args:
        item_ids: Each once.
        vectors: ``(n_items, dimension) float32``, finite, none of them zero.
        store: The kind of store and its settings; the default is exact.
        max_delta: How many vectors the exact part holds at most.

    Raises:
        DataError: An id comes twice; the shape is wrong; a vector is zero or not finite.
        ConfigError: The store's settings do not suit the vectors; ``max_delta`` is below 2.
    """

    def __init__(
        self,
        item_ids: Sequence[str],
        vectors: Vectors,
        *,
        store: StoreParameters | None = None,
        max_delta: int = 8192,
    ) -> None:
        vectors = checked_vectors(vectors, rows=len(item_ids), what="item vectors")
        _check_once(item_ids)
        self._parameters = store or FlatParameters()
        made = make_store(vectors, self._parameters)
        self._start(list(item_ids), np.arange(len(item_ids)), made, max_delta=max_delta)

    @classmethod
    def of(cls, index: ItemIndex, *, max_delta: int = 8192) -> Self:
        """Make a saved or built index changeable; its store is taken over as it is."""
        live = cls.__new__(cls)
        live._parameters = index.store.parameters
        ids = list(index.item_ids)
        live._start(ids, np.arange(len(ids)), index.store, max_delta=max_delta)
        return live

    def _start(
        self, item_ids: list[str], places: Rows, store: VectorStore, *, max_delta: int
    ) -> None:
        if max_delta < 2:
            raise ConfigError(f"max_delta is {max_delta}; it must be at least 2")
        self._max_delta = max_delta
        self._writing = threading.Lock()  # of one change at a time, while it waits for room too
        self._changed = threading.Condition()
        self._generation = Generation(store, item_ids, places, room=max_delta)
        self._next_place = int(places.max(initial=-1)) + 1
        self._journal: list[Change] | None = None  # of changes since a new store was begun
        self._fault: Exception | None = None

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._generation.store.vectors.dimension

    @property
    def approximate(self) -> bool:
        """Whether a search may miss a better item."""
        return self._generation.store.approximate

    def __len__(self) -> int:
        with self._changed:
            here = self._generation
            return len(here.item_ids) - int(here.dead.sum()) + len(here.slots)

    def __contains__(self, item_id: object) -> bool:
        with self._changed:
            return item_id in self._generation

    def items(self) -> tuple[list[str], Vectors]:
        """Return all ids in the order of first adding, and ``(n_items, dimension) float32``."""
        with self._changed:
            here, moment = self._generation, self._generation.moment()
        part = here.live(*moment)
        return part.item_ids, part.vectors

    def as_index(self, catalogue: Catalogue, *, origin: IndexOrigin | None = None) -> ItemIndex:
        """Return what it holds now as an item index, which can be saved.

        ``LiveIndex.of(ItemIndex.load(path))`` brings it back to life; equal scores stand in the
        catalogue's order then.

        Args:
            catalogue: It knows every id.
            origin: What the vectors were made by.

        Raises:
            UnknownItemError: An id is not in the catalogue.
        """
        ids, vectors = self.items()
        return ItemIndex(catalogue, ids, vectors, origin=origin, store=self._parameters)

    def add(self, item_ids: Sequence[str], vectors: Vectors) -> None:
        """Add items.

        Args:
            item_ids: Ids that are not in the index.
            vectors: ``(n_items, dimension) float32``.

        Raises:
            DataError: An id is there already or comes twice; a vector is unfit. Then nothing
                is added.
        """
        vectors = self._checked(item_ids, vectors)
        with self._writing, self._changed:
            for item_id in item_ids:
                if item_id in self._generation:
                    raise DataError(
                        f"item id {item_id!r} is in the index", remedy="Use update to replace it."
                    )
            for item_id, vector in zip(item_ids, vectors, strict=True):
                self._wait_for_room()
                change = Change(item_id=item_id, place=self._next_place, vector=vector)
                self._next_place += 1
                self._apply(change)

    def update(self, item_ids: Sequence[str], vectors: Vectors) -> None:
        """Give items other vectors; they keep their places among equals.

        Raises:
            UnknownItemError: An id is not in the index. Then nothing is changed.
            DataError: An id comes twice; a vector is unfit.
        """
        vectors = self._checked(item_ids, vectors)
        with self._writing, self._changed:
            self._check_known(item_ids)
            for item_id, vector in zip(item_ids, vectors, strict=True):
                self._wait_for_room()
                place = self._generation.place(item_id)
                self._apply(Change(item_id=item_id))
                self._apply(Change(item_id=item_id, place=place, vector=vector))

    def remove(self, item_ids: Collection[str]) -> None:
        """Take items out; when this returns, no search that begins finds them.

        Raises:
            UnknownItemError: An id is not in the index. Then nothing is removed.
        """
        with self._writing, self._changed:
            self._check_known(item_ids)
            for item_id in set(item_ids):
                self._apply(Change(item_id=item_id))

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        exclude: Sequence[Collection[str]] | None = None,
        only: Collection[str] | None = None,
    ) -> list[Found]:
        """Find the items of the largest inner product with each query; see ``ItemIndex.search``.

        Returns:
            One find a query, all of one moment.
        """
        check_k(k)
        queries = checked_vectors(queries, rows=None, what="queries", width=self.dimension)
        if exclude is not None and len(exclude) != len(queries):
            raise ConfigError(f"{len(queries)} queries but {len(exclude)} collections to exclude")
        if only is not None:
            only = frozenset(only)
        without = exclude or [()] * len(queries)
        asked = k + _SPARE
        while True:
            here = self._generation
            hits = here.found(queries, asked, exclude=without, only=only)
            with self._changed:
                if here is not self._generation:
                    continue  # a new store took its place: what died since is not known here
                gone = here.dead[hits.rows] | (hits.rows < 0) if len(here.dead) else hits.rows < 0
                deltas = [here.delta(only=only, exclude=ids) for ids in without]
            full = (hits.rows >= 0).all(axis=1) & (hits.rows.shape[1] == asked)
            if ((~gone).sum(axis=1) >= k)[full].all():
                rows = zip(hits.rows, hits.scores, ~gone, deltas, queries, strict=True)
                return [
                    here.joined(found[here_still], scores[here_still], delta, query=query, k=k)
                    for found, scores, here_still, delta, query in rows
                ]
            asked *= 4

    def wait(self) -> None:
        """Wait until no new store is being made.

        Raises:
            Exception: What stopped the last one from being made.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._journal is None)
            self._raise_fault()

    def _checked(self, item_ids: Sequence[str], vectors: Vectors) -> Vectors:
        _check_once(item_ids)
        return checked_vectors(
            vectors, rows=len(item_ids), what="item vectors", width=self.dimension
        )

    def _check_known(self, item_ids: Collection[str]) -> None:
        for item_id in item_ids:
            if item_id not in self._generation:
                known = list(self._generation.slots) + self._generation.item_ids[:1000]
                raise UnknownItemError(
                    f"item {item_id!r} is not in the index", remedy=did_you_mean(item_id, known)
                )

    def _apply(self, change: Change) -> None:
        self._generation.replay([change])
        if self._journal is not None:
            self._journal.append(change)

    def _wait_for_room(self) -> None:
        """Begin a new store where half the exact part is used; wait where all of it is."""
        if self._generation.size >= self._max_delta // 2 and self._journal is None:
            self._raise_fault()
            self._journal = []
            threading.Thread(target=self._renew, name="llmrec-live-index", daemon=True).start()
        if self._generation.size >= self._max_delta:
            self._changed.wait_for(
                lambda: self._generation.size < self._max_delta or self._journal is None
            )
            self._raise_fault()

    def _raise_fault(self) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _renew(self) -> None:
        """Make a store of all live items, then bring it up to date and put it in place."""
        try:
            with self._changed:
                old, moment = self._generation, self._generation.moment()
                self._journal = []  # what came before is in that moment
            part = old.live(*moment)
            same = old.store.parameters == self._parameters and len(old.item_ids)
            store = (
                old.store.like(part.vectors) if same else make_store(part.vectors, self._parameters)
            )
            new = Generation(store, part.item_ids, part.places, room=self._max_delta)
        except Exception as fault:
            _logger.exception("the live index keeps its old store: no new one could be made")
            with self._changed:
                self._fault, self._journal = fault, None
                self._changed.notify_all()
            return
        with self._changed:
            new.replay(self._journal or [])
            self._generation, self._journal = new, None
            self._changed.notify_all()


def _check_once(item_ids: Sequence[str]) -> None:
    if len(set(item_ids)) < len(item_ids):
        twice = next(i for n, i in enumerate(item_ids) if i in item_ids[:n])
        raise DataError(f"item id {twice!r} occurs twice", remedy="Give each item once.")
