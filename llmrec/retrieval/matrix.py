"""Item-to-item weights and a recency-weighted query: the form of EASE and of neighbours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.artifacts import check_made_from, read_manifest, sha256_bytes, sha256_of, write_artifact
from llmrec.errors import ArtifactError, ConfigError, UnknownItemError, require
from llmrec.retrieval.dense import DenseRetriever
from llmrec.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History

KIND = "item-matrix"
WEIGHTS_FILE = "weights.npz"
_DAY_S = 86_400.0
_LEAST = 1e-9  # a past event that counts less is not looked up


class ItemMatrixRetriever(DenseRetriever):
    """Scores items by what a history's items speak for: score = query @ weights.

    An event counts ``decay ** age`` times its own weight, where its age is the number of later
    events, omitted ones included; of several events on one item the newest counts. Events of
    items that are not in the catalogue count for nothing. With a decay of 1 all events count
    alike, with 0 only the newest. With a half-life, events also count less the longer they lie
    before the newest one.

    Args:
        catalogue: The items.
        weights: ``(n_items, n_items) float32``, a NumPy array or a SciPy CSR array; row = the item
            of the past, column = the item that it speaks for.
        name: The source that candidates carry.
        decay: In [0, 1].
        half_life_days: After how many days before the newest event one counts half; None: no decay
            by time.
        settings: What the weights were made with, for the identity.
        before: The moment that all learnt events lie before; see ``DenseRetriever``.

    Raises:
        ConfigError: The weights do not fit the catalogue, or the decay is outside [0, 1].
    """

    def __init__(  # noqa: PLR0913 - one keyword per part
        self,
        catalogue: Catalogue,
        weights: Any,  # noqa: ANN401 - NumPy or SciPy
        *,
        name: str,
        decay: float = 1.0,
        half_life_days: float | None = None,
        settings: Mapping[str, Any] | None = None,
        before: datetime | None = None,
    ) -> None:
        super().__init__(
            catalogue, before=None if before is None else as_utc(before, what="before")
        )
        if weights.shape != (len(catalogue), len(catalogue)):
            raise ConfigError(f"weights of shape {weights.shape} for {len(catalogue)} items")
        if not 0.0 <= decay <= 1.0:
            raise ConfigError(f"decay is {decay}; it must lie between 0 (newest only) and 1 (all)")
        if half_life_days is not None and not half_life_days > 0:
            raise ConfigError(f"half_life_days is {half_life_days}; it must be above 0, or None")
        self._weights, self._name, self._decay = weights, name, decay
        self._half_life_days = half_life_days
        self._settings = dict(settings or {})
        self._weights_sha256: str | None = None

    @property
    def name(self) -> str:
        """The source that its candidates carry."""
        return self._name

    @property
    def decay(self) -> float:
        """How much an event counts beside the one after it."""
        return self._decay

    def with_decay(
        self, decay: float, *, half_life_days: float | None = None
    ) -> ItemMatrixRetriever:
        """Return the same weights, asked with another decay.

        Raises:
            ConfigError: The decay is outside [0, 1], or the half-life is not above 0.
        """
        other = ItemMatrixRetriever(
            self._catalogue,
            self._weights,
            name=self._name,
            decay=decay,
            half_life_days=half_life_days,
            settings=self._settings,
            before=self._before,
        )
        other._weights_sha256 = self._weights_sha256
        return other

    @property
    def identity(self) -> str:
        """Kind and what it was made from, weights included."""
        if self._weights_sha256 is None:
            arrays = _arrays(self._weights).values()
            self._weights_sha256 = sha256_bytes(b"".join(array.tobytes() for array in arrays))
        return f"{self._name}@{sha256_of([self._made_from, self._weights_sha256])[:12]}"

    def save(self, path: Path, *, metrics: Mapping[str, Any] | None = None) -> None:
        """Write the weights to a folder, whole or not at all; see ``Retriever``.

        Raises:
            ArtifactError: The folder holds something that is not such an artifact.
        """
        with write_artifact(path, KIND, made_from=self._made_from, metrics=metrics) as folder:
            np.savez(folder / WEIGHTS_FILE, allow_pickle=False, **_arrays(self._weights))

    @classmethod
    def load(cls, path: Path, *, catalogue: Catalogue) -> ItemMatrixRetriever:
        """Load saved weights.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from another catalogue.
        """
        manifest = read_manifest(path, KIND, needs=(WEIGHTS_FILE,))
        check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        made = manifest.made_from
        try:
            before = made["before"]
            return cls(
                catalogue,
                _unpacked(path / WEIGHTS_FILE),
                name=made["name"],
                decay=made["decay"],
                half_life_days=made.get("half_life_days"),
                settings=made["settings"],
                before=None if before is None else datetime.fromisoformat(before),
            )
        except (KeyError, ValueError, TypeError, OSError, ConfigError) as error:
            raise ArtifactError(
                f"{path} cannot be read: {error}", remedy="Train the retriever again."
            ) from error

    @property
    def _made_from(self) -> dict[str, Any]:
        by_time = {} if self._half_life_days is None else {"half_life_days": self._half_life_days}
        return {
            **by_time,
            "name": self._name,
            "catalogue_sha256": self._catalogue.sha256,
            "decay": self._decay,
            "settings": self._settings,
            "before": None if self._before is None else self._before.isoformat(),
        }

    def _scores(self, histories: Sequence[History]) -> Block:
        sparse = require("scipy.sparse", "cpu")
        parts = [self._query(history) for history in histories]
        ends = np.cumsum([0, *(len(items) for items, _ in parts)])
        none = np.zeros(0)
        items = np.concatenate([none, *(items for items, _ in parts)]).astype(np.int64)
        values = np.concatenate([none, *(values for _, values in parts)]).astype(np.float32)
        query = sparse.csr_array((values, items, ends), shape=(len(parts), len(self._ids)))
        scores = query @ self._weights
        block: Block = scores.toarray() if sparse.issparse(scores) else np.asarray(scores)
        return block

    def _query(self, history: History) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the positions of what speaks, and how loudly."""
        found: dict[int, float] = {}
        newest = len(history.interactions) - 1
        for place, event in enumerate(history.interactions):
            weight = self._decay ** (newest - place) * event.weight
            if self._half_life_days is not None:
                age = history.interactions[newest].timestamp - event.timestamp
                weight *= 0.5 ** (age.total_seconds() / _DAY_S / self._half_life_days)
            known = place not in history.omitted and event.item_id in self._catalogue
            if known and abs(weight) > _LEAST:
                found[self._catalogue.position(event.item_id)] = weight
        return np.array(list(found), dtype=np.int64), np.array(list(found.values()))


def user_item_matrix(catalogue: Catalogue, events: pl.DataFrame) -> Any:  # noqa: ANN401 - SciPy
    """Return who met what, ``(n_users, n_items) float64`` CSR of ones, users in string order.

    Raises:
        UnknownItemError: An event's item is not in the catalogue.
        MissingExtraError: SciPy is not installed.
    """
    sparse = require("scipy.sparse", "cpu")
    pairs = events.select("user_id", "item_id").unique().sort("user_id", "item_id")
    items = positions_of(catalogue, pairs["item_id"])
    users = pairs["user_id"].rle_id().cast(pl.Int64).to_numpy()
    shape = (int(users.max(initial=-1)) + 1, len(catalogue))
    return sparse.csr_array((np.ones(len(items)), (users, items)), shape=shape)


def positions_of(catalogue: Catalogue, item_ids: pl.Series) -> NDArray[np.int64]:
    """Return the catalogue's row number of each id.

    Raises:
        UnknownItemError: An id is not in the catalogue.
    """
    ids = list(catalogue)
    item_ids = item_ids.cast(pl.String)  # no events at all may have come without a type
    found = item_ids.replace_strict(ids, range(len(ids)), default=None, return_dtype=pl.Int64)
    if found.null_count():
        unknown = item_ids.filter(found.is_null())[0]
        raise UnknownItemError(f"item {unknown!r} of the training events is not in the catalogue")
    return found.to_numpy()


def _arrays(weights: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - NumPy or SciPy
    """Return weights as plain arrays by name."""
    if isinstance(weights, np.ndarray):
        return {"dense": weights}
    return {"data": weights.data, "indices": weights.indices, "indptr": weights.indptr}


def _unpacked(path: Path) -> Any:  # noqa: ANN401 - NumPy or SciPy
    with np.load(path, allow_pickle=False) as file:
        if "dense" in file:
            return file["dense"]
        sparse = require("scipy.sparse", "cpu")
        n = len(file["indptr"]) - 1
        return sparse.csr_array((file["data"], file["indices"], file["indptr"]), shape=(n, n))
