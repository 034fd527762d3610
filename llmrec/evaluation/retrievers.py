"""Train a retriever for use: settings chosen on a card's validation, then fitted and saved."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from llmrec.artifacts import check_place, kind_of, read_manifest
from llmrec.data import split
from llmrec.errors import ConfigError, did_you_mean
from llmrec.evaluation.baselines import ROWS, Fitting, Trial, tune
from llmrec.evaluation.context import EvaluateConfig, drawn
from llmrec.evaluation.environment import git_sha
from llmrec.retrieval import MeanRetriever, hybrid, matrix, popularity
from llmrec.retrieval.sequence import retriever as sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmrec.data import Dataset, Split, SplitProtocol
    from llmrec.evaluation.baselines import RowSpec
    from llmrec.retrieval import Retriever

KINDS = {
    "ease": "ease-recency",
    "ease-low-rank": "ease-low-rank",
    "transitions": "transitions",
    "item-knn": "item-knn",
    "last-item": "last-item",
    "popularity": "recent-popularity",
    "hybrid": "hybrid",
    "hybrid-sequence": "hybrid-sequence",
    "sequence": "sequence",
}
"""What can be trained, and the row of ``llmrec evaluate`` whose settings are tried."""

_SAVED_AS = {
    "ease-low-rank": MeanRetriever.kind,
    "hybrid": hybrid.KIND,
    "hybrid-sequence": hybrid.KIND,
    "popularity": popularity.KIND,
    "sequence": sequence.KIND,
}

_READERS = {"mean", "sequence"}
"""Which of them read an index's text vectors where there is one."""

LearnFrom = Literal["all", "before-test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRetriever:
    """A retriever, and how it came about."""

    retriever: Retriever
    training: Mapping[str, Any]
    """JSON values: ``kind``, ``settings``, ``trials``, the card and what was learnt from."""

    def save(self, path: Path) -> None:
        """Write it to a folder, whole or not at all.

        Raises:
            ArtifactError: The folder holds something else, or cannot be written.
        """
        self.retriever.save(path, metrics={"training": dict(self.training)})


def check_trainable(kind: str, out: Path) -> None:
    """Refuse an unknown kind, or a place where it cannot be saved, before any work.

    Raises:
        ConfigError: There is no such kind.
        ArtifactError: Something else stands there, or nothing can be written.
    """
    if kind not in KINDS:
        raise ConfigError(
            f"there is no retriever {kind!r} to train", remedy=did_you_mean(kind, KINDS)
        )
    check_place(out, _SAVED_AS.get(kind, matrix.KIND))


def train_retriever(  # noqa: PLR0913 - one keyword per part of a training
    dataset: Dataset,
    kind: str,
    protocol: SplitProtocol,
    *,
    settings: Mapping[str, Any] | None = None,
    learn_from: LearnFrom = "all",
    seed: int = 0,
    index: Path | None = None,
) -> TrainedRetriever:
    """Choose a retriever's settings on a card's validation part, then fit it anew.

    Args:
        dataset: The data; the retriever is made for its whole catalogue.
        kind: One of ``KINDS``, as ``check_trainable`` let pass.
        protocol: The card; its test part is never looked at.
        settings: Settings that are not to be chosen.
        learn_from: ``all`` of the dataset's events, or only what the card lets a test learn from.
            With ``all`` the retriever refuses histories that end before the log does.
        seed: Of samples and draws.
        index: Folder of the dataset's item index, for sources that read text vectors.

    Raises:
        ConfigError: An unknown setting, or one that cannot be set.
        DataError: The card leaves nothing to learn from.
    """
    spec = _spec(kind, settings or {})
    part = split(dataset, protocol)
    queries = drawn(part.validation, EvaluateConfig().validation_sample, seed)
    tuning = Fitting(catalogue=part.dataset.catalogue, events=part.train, seed=seed, index=index)
    chosen, trials = tune(spec, tuning, queries, protocol)
    retriever = _retriever(spec, _fitting(dataset, part, learn_from, seed, index), chosen)
    return TrainedRetriever(
        retriever=retriever,
        training={
            "kind": kind,
            "settings": dict(chosen),
            "protocol": protocol.id,
            "protocol_sha256": protocol.sha256,
            "metric": protocol.headline,
            "value": _best(trials),
            "validation_queries": len(queries),
            "learnt_from": learn_from,
            "seed": seed,
            "reads_texts": index is not None
            and bool(_READERS & {kind, *chosen.get("sources", {})}),
            "git_sha": git_sha(),
            "trials": [dataclasses.asdict(trial) for trial in trials],
        },
    )


def training_of(path: Path) -> Mapping[str, Any]:
    """Return how a saved retriever was trained; its files are checked.

    Raises:
        ArtifactError: Missing or damaged.
        ConfigError: It was not written by ``TrainedRetriever.save``.
    """
    training = read_manifest(path, kind_of(path)).metrics.get("training")
    if not isinstance(training, dict) or training.get("kind") not in KINDS:
        raise ConfigError(
            f"{path} does not say how it was trained",
            remedy="Make it with `llmrec retriever train`.",
        )
    return training


def fit_again(path: Path, dataset: Dataset, events: pl.LazyFrame) -> Retriever:
    """Fit a saved retriever's settings on other events: what a card lets a validation learn from.

    Args:
        path: Its folder.
        dataset: Whose catalogue it is for.
        events: What it may learn from.

    Raises:
        ConfigError: It does not say how it was trained, or reads text vectors, which only its own
            index holds.
    """
    training = training_of(path)
    if training["reads_texts"]:
        raise ConfigError(
            f"{path} reads text vectors, and cannot be fitted again without its index",
            remedy="Train one without --index.",
        )
    fitting = Fitting(catalogue=dataset.catalogue, events=events, seed=training["seed"])
    return _retriever(ROWS[KINDS[training["kind"]]], fitting, training["settings"])


def _spec(kind: str, settings: Mapping[str, Any]) -> RowSpec:
    """Return the row of a kind, its grid narrowed to the given settings."""
    spec = ROWS[KINDS[kind]]
    if settings and spec.choose is not None:
        raise ConfigError(
            f"the settings of {kind} are chosen source by source; {sorted(settings)} cannot be set"
        )
    grid = [{**tried, **settings} for tried in spec.grid]
    return dataclasses.replace(
        spec, grid=tuple(tried for n, tried in enumerate(grid) if tried not in grid[:n])
    )


def _retriever(spec: RowSpec, fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    return cast("Retriever", spec.fit(fitting, settings))  # every row of ``KINDS`` is one


def _fitting(
    dataset: Dataset, part: Split, learn_from: LearnFrom, seed: int, index: Path | None
) -> Fitting:
    """Return what the last fit sees, over the dataset's whole catalogue."""
    if learn_from == "before-test":
        events, before = part.train_for_test, part.test_from
    else:
        untrained = pl.Series(sorted(dataset.held_out_users), dtype=pl.String)
        events = dataset.interactions.filter(~pl.col("user_id").is_in(untrained.implode()))
        before = dataset.last_moment + timedelta(seconds=1)
    return Fitting(
        catalogue=dataset.catalogue, events=events, before=before, seed=seed, index=index
    )


def _best(trials: Sequence[Trial]) -> float | None:
    return max((trial.value for trial in trials if trial.value is not None), default=None)
