"""From what people ask to what the pipeline answers: read, looked up and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError
from llmrec.recommender.filters import AttributeTable
from llmrec.recommender.request import history_of, to_request

if TYPE_CHECKING:
    from llmrec.data import Dataset
    from llmrec.recommender.arrange import Arrangement
    from llmrec.recommender.filters import Filters
    from llmrec.recommender.pipeline import Pipeline
    from llmrec.types import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is asked about a history; questions of one shape are answered in one pass."""

    k: int
    """How many items."""
    explain: bool
    """Whether with reasons."""
    conditions: Filters
    """Which items are allowed."""
    arrangement: Arrangement
    """Caps and diversity of the list."""


class QuestionReader:
    """Reads requests for one pipeline.

    Args:
        pipeline: Its catalogue and index tell what can be asked.
        dataset: Where user ids are looked up; None accepts histories only.
        k: How many items where a request does not say.
        explain: Whether items get reasons where a request does not say.
    """

    def __init__(
        self, pipeline: Pipeline, dataset: Dataset | None, *, k: int, explain: bool
    ) -> None:
        self._pipeline, self._dataset = pipeline, dataset
        self._k, self._explain = k, explain
        self._table = AttributeTable(pipeline.retriever.catalogue)

    def read(self, value: object) -> tuple[History, Shape]:
        """Read one request, fill in what it leaves open, check it and look its history up.

        Raises:
            ConfigError: It cannot be read, it contradicts itself, no item has an attribute or
                value that it names, or diversity has nothing to compare items by.
            UnknownItemError: An item to leave out is not in the catalogue.
            UnknownUserError: No event of this user is in the dataset.
        """
        request = to_request(value)
        shape = Shape(
            k=self._k if request.k is None else request.k,
            explain=self._explain if request.explain is None else request.explain,
            conditions=request.conditions,
            arrangement=request.arrangement,
        )
        self.allowed(shape)  # refuses what no item says before any work
        self._check_arrangement(shape.arrangement)
        return history_of(request, self._dataset), shape

    def allowed(self, shape: Shape) -> frozenset[str] | None:
        """Return the ids of the items that a question allows; None: all."""
        return self._table.allowed(shape.conditions)

    def _check_arrangement(self, how: Arrangement) -> None:
        """Refuse caps and diversity on what no item says."""
        for name, _ in how.caps:
            self._table.check(name)
        if how.diversity and self._pipeline.index is None and not self._table.has_lists:
            raise ConfigError(
                "diversity has nothing to compare items by: no index of their vectors is in use, "
                "and none of their attributes is a list",
                remedy="Name an index (index: in the YAML, --index), or import items with genres.",
            )
