"""Explain a sample of users, keep each as it is finished, and measure the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import Field

from llmrec.artifacts import sha256_of
from llmrec.config import Settings
from llmrec.data import split
from llmrec.errors import ConfigError, UnknownUserError, did_you_mean
from llmrec.evaluation.environment import environment
from llmrec.evaluation.folder import RunFolder
from llmrec.evaluation.reasons.bench import Bench
from llmrec.evaluation.reasons.drafts import RecordingWriter
from llmrec.evaluation.reasons.faithfulness import faithfulness_figures
from llmrec.evaluation.reasons.form import form_figures
from llmrec.evaluation.reasons.groundedness import groundedness_figures
from llmrec.evaluation.reasons.judge import judge_figures
from llmrec.evaluation.reasons.methods import method_figures
from llmrec.evaluation.reasons.report import reason_page
from llmrec.evaluation.reasons.table import REASONS, TABLE_FORMAT
from llmrec.evaluation.reasons.truth import truth_figures
from llmrec.explain import Explainer
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.data import SplitProtocol
    from llmrec.evaluation.reasons.judge import Judge
    from llmrec.evaluation.reasons.truth import Truth
    from llmrec.recommender import Recommender
    from llmrec.retrieval import ItemIndex
    from llmrec.types import History

TABLE_FILE = "reasons.parquet"
PAGE_FILE = "reasons.html"


class ReasonsConfig(Settings):
    """What is explained and measured."""

    users: int = Field(default=100, ge=1)
    """How many users, drawn by the seed. A larger number goes on with a smaller run's."""
    k: int = Field(default=3, ge=1)
    """How many of each user's first items are explained."""
    drafted_users: int | None = Field(default=None, ge=0)
    """For how many of the users, the first drawn, the LLM writes; the template speaks alone for the
    others. None: for all."""
    n_orders: int = Field(default=2, ge=1)
    """Candidate orders, none of those that chose the evidence, under which faithfulness is
    measured; a scorer to which the order is nothing is asked once."""
    vary_evidence: bool = False
    """Whether evidence is also found by the other levels of ``EvidenceConfig``: an ablation."""
    seed: int = 0
    """Of the sample, of what is drawn at random, and of all intervals."""
    resamples: int = Field(default=1000, ge=1)
    """Bootstrap draws."""


def measure_reasons(  # noqa: PLR0913 - what is measured, on what, and who else is asked
    recommender: Recommender,
    protocol: SplitProtocol,
    index: ItemIndex,
    *,
    out: str | Path,
    config: ReasonsConfig | None = None,
    users: Sequence[str] | None = None,
    truth: Truth | None = None,
    judge: Judge | None = None,
) -> dict[str, Any]:
    """Explain test queries of a card and say how true the reasons are.

    Each finished user is kept in the folder; the same call goes on where a killed one stopped.

    Args:
        recommender: The whole line, with its dataset; without an LLM nothing is drafted.
        protocol: The card whose test queries are explained, one a user.
        index: Whose vectors say which events are similar to an item.
        out: The run's folder; beside the results it holds one Parquet line an explained item.
        config: How much.
        users: Explain these users; None draws them.
        truth: What a simulated world knows of causes.
        judge: Compares the LLM's first drafts with what was shipped in their place.

    Returns:
        The figures, in JSON values; ``results.json`` of the folder.

    Raises:
        ConfigError: The recommender has no dataset, or nobody drafts what a judge would judge.
        UnknownUserError: The card asks a user of ``users`` nothing.
        DataError: The truth is of another world than the dataset.
        ArtifactError: The folder holds something else, or a run of another make.
    """
    config = config or ReasonsConfig()
    histories = _histories(recommender, protocol, config, users)
    bench = _bench(recommender, index, config, truth, judge)
    made_from = _made_from(recommender, protocol, config, bench, users)
    folder = RunFolder.start(out, made_from)
    level = recommender.pipeline.explainer.config.evidence.level
    tables = [
        _explained(folder, bench, history, drafted=_is_drafted(number, config))
        for number, history in enumerate(track(histories, "Explaining users"))
    ]
    table = pl.concat([pl.DataFrame(schema=REASONS), *tables])
    results = {
        "run": {**made_from, "users": len(histories)},
        **reason_figures(
            table, truth=truth, base=level, seed=config.seed, resamples=config.resamples
        ),
        "environment": environment(),
    }
    folder.write_table(TABLE_FILE, table)
    folder.finish(results, {PAGE_FILE: reason_page(results)})
    return results


def reason_figures(
    table: pl.DataFrame, *, truth: Truth | None, base: str, seed: int, resamples: int
) -> dict[str, Any]:
    """Return every figure of explained items.

    Args:
        table: ``REASONS`` lines.
        truth: What a simulated world knows; without it nothing is said of causes.
        base: The level at which the explanations looked for evidence.
        seed: Of all draws.
        resamples: Of the intervals.
    """
    options = {"seed": seed, "resamples": resamples}
    return {
        "items": table.height,
        "groundedness": groundedness_figures(table, **options),
        "faithfulness": faithfulness_figures(table, **options),
        "truth": None if truth is None else truth_figures(table, truth.strong, **options),
        "methods": method_figures(table, base, None if truth is None else truth.strong, **options),
        "form": form_figures(table, **options),
        "judge": judge_figures(table, **options),
    }


def _histories(
    recommender: Recommender,
    protocol: SplitProtocol,
    config: ReasonsConfig,
    users: Sequence[str] | None,
) -> list[History]:
    """Return the history of each user that is explained, in the order drawn or given."""
    if recommender.dataset is None:
        raise ConfigError(
            "this recommender has no dataset, so the card has nobody to ask",
            remedy="Open it with dataset=...",
        )
    asked = {q.history.user_id: q.history for q in split(recommender.dataset, protocol).test}
    for user in users or ():
        if user not in asked:
            raise UnknownUserError(
                f"{protocol.id} asks user {user!r} nothing",
                remedy=did_you_mean(user, asked) or None,
            )
    if users is not None:
        return [asked[user] for user in dict.fromkeys(users)]
    drawn = np.random.default_rng(config.seed).permutation(len(asked))[: config.users]
    names = list(asked)
    return [asked[names[number]] for number in drawn]


def _bench(
    recommender: Recommender,
    index: ItemIndex,
    config: ReasonsConfig,
    truth: Truth | None,
    judge: Judge | None,
) -> Bench:
    pipeline = recommender.pipeline
    if judge is not None and (pipeline.explainer.writer is None or config.drafted_users == 0):
        raise ConfigError(
            "a judge compares the LLM's drafts with what was shipped, and nobody drafts here",
            remedy="Let an LLM write (explain.writer), or leave the judge out.",
        )
    catalogue, how = pipeline.retriever.catalogue, pipeline.explainer.config
    writer = pipeline.explainer.writer
    recorder = None if writer is None else RecordingWriter(writer)
    return Bench(
        pipeline=pipeline,
        catalogue=catalogue,
        explainer=Explainer(catalogue, config=how),
        recorder=recorder,
        drafter=None if recorder is None else Explainer(catalogue, writer=recorder, config=how),
        index=index,
        k=config.k,
        n_orders=config.n_orders,
        vary_evidence=config.vary_evidence,
        seed=config.seed,
        truth=truth,
        judge=judge,
    )


def _made_from(
    recommender: Recommender,
    protocol: SplitProtocol,
    config: ReasonsConfig,
    bench: Bench,
    users: Sequence[str] | None,
) -> dict[str, Any]:
    """Return what decides every line of the table, in JSON values."""
    dataset, decision = recommender.dataset, bench.pipeline.decision
    explain = bench.pipeline.explainer.config
    return {
        "table_format": TABLE_FORMAT,
        "dataset": None if dataset is None else dataset.path.name,
        "dataset_sha256": None if dataset is None else dataset.sha256,
        "protocol": protocol.id,
        "protocol_sha256": protocol.sha256,
        "retriever": decision.retriever.identity,
        "reranker": None if decision.reranker is None else decision.reranker.identity,
        "weight": decision.weight,
        "candidates": bench.pipeline.n_candidates,
        "explain": explain.model_dump(mode="json"),
        "writer": bench.pipeline.explainer.writer is not None,
        "similarity": bench.index.sha256,
        "orders": list(bench.orders),
        "order_matters": decision.order_matters,
        "truth": None if bench.truth is None else bench.truth.name,
        "judge": None if bench.judge is None else bench.judge.name,
        "chosen_users": None if users is None else list(dict.fromkeys(users)),
        **config.model_dump(mode="json", exclude={"users", "resamples"}),
    }


def _is_drafted(number: int, config: ReasonsConfig) -> bool:
    return config.drafted_users is None or number < config.drafted_users


def _explained(folder: RunFolder, bench: Bench, history: History, *, drafted: bool) -> pl.DataFrame:
    """Return a user's lines: those kept, else measured now and kept."""
    name = f"users/{sha256_of(history.user_id)[:16]}.parquet"
    if not (folder.path / name).is_file():
        folder.write_table(name, bench.explain(history, drafted=drafted))
    return folder.table(name)
