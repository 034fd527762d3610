"""Several item indexes searched as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from llmrec.errors import ArtifactError, ConfigError, DataError
from llmrec.retrieval.checks import check_k, checked_vectors
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.stores.hits import Hits, merged

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from llmrec.encode.base import Vectors


class ShardedIndex:
    """Item indexes of different items, each with a part of them, searched as one.

    What the shards find is joined by score; equal scores stand in the order of shards, then of
    rows. So shards of exact indexes answer as one exact index of all their items in that order.

    Args:
        shards: At least one; no item in two of them, made by the same encoder.

    Raises:
        ConfigError: There are no shards, or their dimensions differ.
        ArtifactError: Different encoders made them.
        DataError: An item is in two shards.
    """

    def __init__(self, shards: Sequence[ItemIndex]) -> None:
        _check_alike(shards)
        self._shards = list(shards)
        self._item_ids = [item_id for shard in shards for item_id in shard.item_ids]
        sizes = [len(shard) for shard in shards]
        self._starts = [sum(sizes[:n]) for n in range(len(sizes))]

    @classmethod
    def load(cls, paths: Sequence[str | Path], *, memory_map: bool = False) -> Self:
        """Load saved indexes as the shards of one; see ``ItemIndex.load``."""
        return cls([ItemIndex.load(path, memory_map=memory_map) for path in paths])

    @property
    def shards(self) -> Sequence[ItemIndex]:
        """The indexes in their order."""
        return self._shards

    @property
    def item_ids(self) -> Sequence[str]:
        """The ids that have a vector: row ``n`` of every search is ``item_ids[n]``."""
        return self._item_ids

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._shards[0].dimension

    @property
    def approximate(self) -> bool:
        """Whether a search may miss a better item."""
        return any(shard.approximate for shard in self._shards)

    def __len__(self) -> int:
        return len(self._item_ids)

    def __contains__(self, item_id: object) -> bool:
        return any(item_id in shard for shard in self._shards)

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        exclude: Sequence[Collection[str]] | None = None,
        only: Collection[str] | None = None,
    ) -> Hits:
        """Find the items of the largest inner product with each query; see ``ItemIndex.search``.

        Returns:
            ``Hits``: rows into ``item_ids`` and scores, best first.
        """
        check_k(k)
        queries = checked_vectors(queries, rows=None, what="queries", width=self.dimension)
        parts = [shard.search(queries, k, exclude=exclude, only=only) for shard in self._shards]
        width = min(k, sum(part.rows.shape[1] for part in parts))
        return merged(parts, self._starts, width)

    def vectors(self, item_ids: Sequence[str]) -> Vectors:
        """Return copies of items' vectors, ``(n_items, dimension) float32``.

        Raises:
            UnknownItemError: An id is in no shard.
        """
        found = np.empty((len(item_ids), self.dimension), dtype=np.float32)
        for place, item_id in enumerate(item_ids):
            holder = next((s for s in self._shards if item_id in s), self._shards[0])
            found[place] = holder.vectors([item_id])[0]
        return found


def _check_alike(shards: Sequence[ItemIndex]) -> None:
    """Refuse shards that cannot be searched as one."""
    if not shards:
        raise ConfigError("there are no shards to search")
    dimensions = {shard.dimension for shard in shards}
    if len(dimensions) > 1:
        raise ConfigError(f"the shards' dimensions differ: {sorted(dimensions)}")
    encoders = {shard.origin.encoder for shard in shards}
    if len(encoders) > 1:
        raise ArtifactError(
            f"the shards were made by different encoders: {sorted(map(str, encoders))}",
            remedy="Make them again with one encoder.",
        )
    seen: set[str] = set()
    for shard in shards:
        twice = seen.intersection(shard.item_ids)
        if twice:
            raise DataError(
                f"item id {min(twice)!r} is in two shards", remedy="Put each item into one."
            )
        seen.update(shard.item_ids)
