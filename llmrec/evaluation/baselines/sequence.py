"""The sequence retriever as a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.baselines.vectors import index_of
from llmrec.retrieval.sequence import (
    SequenceConfig,
    SequenceRetriever,
    fit_sequence_on_all,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.baselines.spec import Fitting


def fit_sequence_row(fitting: Fitting, settings: Mapping[str, Any]) -> SequenceRetriever:
    """Return the sequence retriever, with the text vectors of the fitting's index if it has one."""
    config = SequenceConfig.of({"seed": fitting.seed, **settings}, source="sequence")
    texts = None
    if fitting.index is not None:
        texts = fitting.remember("index", fitting.index, lambda: index_of(fitting))
    return fit_sequence_on_all(
        fitting.catalogue, fitting.events, config, texts=texts, before=fitting.before
    )
