"""What is fitted beside an LLM, on queries that nothing else used: its weight, temperatures."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import ConfigError
from llmrec.evaluation.fusion import MIN_FOUND
from llmrec.evaluation.llm_rows.calibration import calibration_of, chance_of, fit_temperature
from llmrec.evaluation.llm_rows.candidates import Lists
from llmrec.evaluation.llm_rows.reranking import fused_scores
from llmrec.evaluation.simple_rows import rank_before_test
from llmrec.rerank import fit_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.baselines import RowSpec
    from llmrec.evaluation.context import Run
    from llmrec.evaluation.llm_rows.spec import RerankSpec
    from llmrec.types import Scores


def fitting_lists(run: Run, spec: RerankSpec, source: RowSpec) -> Lists:
    """Return what the source, tuned and fitted before them, proposes for the fitting queries.

    Raises:
        ConfigError: Too few of their targets are among the candidates to fit anything.
    """
    queries = run.for_fitting(spec.fusion_queries)
    file = f"rows/{source.name}/fitting-{spec.fusion_queries}.parquet"
    if not (run.folder.path / file).is_file():
        run.folder.write_table(file, rank_before_test(run, source, queries))
    n_candidates = spec.candidates or run.card.candidates
    lists = Lists.of(source.name, run.folder.table(file), queries, run.catalogue, n_candidates)
    if len(lists.asked) < MIN_FOUND:
        raise ConfigError(
            f"row {spec.name!r}: {len(lists.asked)} of {len(queries)} validation queries have "
            f"their target among the {n_candidates} candidates of {source.name}; {MIN_FOUND} are "
            "needed to fit a weight",
            remedy="Take more --fusion-queries (where there are more), more candidates or a better "
            "row to rerank, or --fusion-queries 0 for the LLM alone.",
        )
    return lists


def fit_beside(lists: Lists, llm: Mapping[int, Scores], *, seed: int) -> dict[str, Any]:
    """Return the fusion weight and one temperature each for LLM and fusion, in JSON values.

    Args:
        lists: The source's lists of the fitting queries.
        llm: The LLM's scores of those whose target is among the candidates.
        seed: Of the bootstrap interval of the weight's gain.
    """
    places = [int(place) if place >= 0 else None for place in lists.place]
    retrieval = [lists.scores[n, : lists.n_here(n)] for n in range(len(places))]
    silent = [retrieval[n] * 0.0 for n in range(len(places))]
    fit = fit_weight(
        retrieval, [llm.get(n, silent[n]) for n in range(len(places))], places, seed=seed
    )
    targets = [int(lists.place[n]) for n in llm]
    fused = [fused_scores(lists, n, scores, fit.weight) for n, scores in llm.items()]
    return {
        **asdict(fit),
        "proven": fit.proven,
        "temperatures": {
            "llm": fit_temperature(list(llm.values()), targets),
            "fusion": fit_temperature(fused, targets),
        },
    }


def calibrated(
    lists: Lists,
    llm: Mapping[int, Scores],
    weight: float | None,
    temperature: float | None,
    *,
    seed: int,
) -> dict[str, Any] | None:
    """Return how well P(target | it is among the candidates) holds on the test, in JSON values.

    Args:
        lists: The source's lists of the test queries.
        llm: The LLM's scores of those whose target is among the candidates.
        weight: The fusion's; None looks at the LLM alone.
        temperature: Fitted on other queries; None: none was.
        seed: Of the intervals.

    Returns:
        ``before`` (the scores' own softmax), ``after`` (at the temperature) and ``chance`` (equal
        probabilities); None where no target was retrieved.
    """
    if not llm:
        return None
    scores = [
        known if weight is None else fused_scores(lists, n, known, weight)
        for n, known in llm.items()
    ]
    places = [int(lists.place[n]) for n in llm]
    users = [lists.queries[n].history.user_id for n in llm]
    clusters = np.unique(users, return_inverse=True)[1].astype(np.int64)
    return {
        "before": calibration_of(scores, places, clusters, 1.0, seed=seed),
        "after": None
        if temperature is None
        else calibration_of(scores, places, clusters, temperature, seed=seed),
        "chance": chance_of(scores),
    }
