"""Run the whole line for some users and count what must hold of every answer."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.data import import_dataset, load
from llmrec.encode import open_encoder
from llmrec.errors import DataError
from llmrec.explain import EvidenceConfig
from llmrec.progress import track
from llmrec.recommender import ExplainSettings, Recommender, default_index
from llmrec.retrieval import ItemIndex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.types import History, Ranking, Recommendation


def check_line(recommender: Recommender, user_ids: Sequence[str], *, k: int = 3) -> dict[str, Any]:
    """Recommend with reasons for users and return counts and times, in plain JSON values.

    Raises:
        DataError: A candidate has no score, or a reason cites what is not in the history.
    """
    if recommender.dataset is None:
        raise DataError("this recommender has no dataset, so no users can be looked up")
    histories = recommender.dataset.histories(user_ids)
    started = time.perf_counter()
    candidates = recommender.pipeline.retrieve(histories)
    retrieved = time.perf_counter()
    rankings = recommender.pipeline.decision(histories, candidates)
    ranked = time.perf_counter()
    lists = recommender.batch([{"history": h, "k": k, "explain": True} for h in histories])
    ended = time.perf_counter()
    for history, row, ranking in zip(histories, candidates, rankings, strict=True):
        _check_scored({c.item.item_id for c in row}, ranking, history)
    for history, answer in zip(histories, lists, strict=True):
        _check_cited(answer, history)
    return {
        "users": len(histories),
        "events": sum(len(history.interactions) for history in histories),
        "candidates_scored": sum(len(ranking.candidates) for ranking in rankings),
        "recommendations": sum(map(len, lists)),
        **_explanation_counts(lists),
        "seconds": {
            "retrieve": round(retrieved - started, 3),
            "rank": round(ranked - retrieved, 3),
            "whole_line_with_reasons": round(ended - ranked, 3),
        },
    }


def run_published(
    logs: Mapping[str, str],
    *,
    out: str | Path,
    n_users: int = 20,
    k: int = 3,
    evidence: EvidenceConfig | None = None,
) -> None:
    """Import, index and recommend for some users of each published log; write the figures.

    The file is written after each log, so that a run that is stopped keeps what it had.

    Args:
        logs: Name -> folder, as its publisher wrote it (MovieLens).
        out: The JSON file to write.
        n_users: Users a log, spread evenly over it.
        k: Recommendations a user.
        evidence: How reasons are looked for; None takes the defaults.
    """
    evidence = evidence or EvidenceConfig()
    results: dict[str, Any] = {
        "versions": versions(),
        "users_a_log": n_users,
        "evidence": evidence.model_dump(),
        "logs": {},
    }
    for name, folder in track(logs.items(), "Running the line"):
        with tempfile.TemporaryDirectory() as scratch:
            results["logs"][name] = _run_one(Path(folder), Path(scratch), n_users, k, evidence)
        text = json.dumps(results, indent=2, sort_keys=True) + "\n"
        Path(out).write_text(text, encoding="utf-8")


def _run_one(
    folder: Path, scratch: Path, n_users: int, k: int, evidence: EvidenceConfig
) -> dict[str, Any]:
    started = time.perf_counter()
    import_dataset(folder, scratch / "dataset")
    imported = time.perf_counter()
    dataset = load(scratch / "dataset")
    index = default_index(dataset.path)
    ItemIndex.build(dataset.catalogue, open_encoder("minilm")).save(index)
    indexed = time.perf_counter()
    recommender = Recommender.open(
        dataset=dataset.path, index=index, explain=ExplainSettings(evidence=evidence)
    )
    step = max(1, len(dataset.users) // n_users)
    with recommender:
        figures = check_line(recommender, dataset.users[::step][:n_users], k=k)
    figures["seconds"] |= {
        "import": round(imported - started, 3),
        "index": round(indexed - imported, 3),
    }
    return {"items": len(dataset.catalogue), **figures}


def versions() -> dict[str, str]:
    """Return the versions of what the figures depend on."""
    names = ("llmrec", "torch", "transformers", "sentence-transformers", "polars")
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), "machine": platform.machine(), **found}


def _check_scored(proposed: set[str], ranking: Ranking, history: History) -> None:
    if proposed != {candidate.item.item_id for candidate in ranking.candidates}:
        raise DataError(f"user {history.user_id!r}: a candidate was lost or invented by ranking")


def _check_cited(row: Sequence[Recommendation], history: History) -> None:
    seen = {event.item_id for event in history.interactions}
    for recommendation in row:
        explanation = recommendation.explanation
        for evidence in explanation.evidence if explanation else ():
            if evidence.item.item_id not in seen:
                raise DataError(
                    f"user {history.user_id!r}: the reason for {recommendation.item.title!r} "
                    f"cites {evidence.item.title!r}, which is not in the history"
                )


def _explanation_counts(lists: Sequence[Sequence[Recommendation]]) -> dict[str, int]:
    explanations = [r.explanation for row in lists for r in row if r.explanation is not None]
    authors = [explanation.author for explanation in explanations]
    return {
        "explanations": len(explanations),
        "cited_events": sum(len(explanation.evidence) for explanation in explanations),
        "without_a_deciding_event": sum(not explanation.evidence for explanation in explanations),
        "by_llm": authors.count("llm"),
        "by_llm_rewritten": authors.count("llm-rewritten"),
        "by_template": authors.count("template"),
    }
