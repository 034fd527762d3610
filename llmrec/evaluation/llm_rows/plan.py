"""What an LLM row would cost: queries and calls counted, tokens and time from a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.llm_rows.rows import TEST, LlmRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.evaluation.baselines import RowSpec
    from llmrec.evaluation.context import Run
    from llmrec.evaluation.llm_rows.rows import LlmRows

PROBES = 2
"""Batches that are really asked; the first also pays for what is computed once."""


def plan_llm_rows(run: Run, llm: LlmRows, rows: Sequence[RowSpec]) -> list[dict[str, Any]]:
    """Return what is left to do for each LLM row, after asking a few batches of it.

    What the probe asked is kept like any other scores, so the run itself does not ask it again.
    """
    sources = {row.name: row for row in rows}
    return [_plan(LlmRow(run, llm, spec, sources[spec.source]), llm.batch) for spec in llm.specs]


def _plan(row: LlmRow, batch: int) -> dict[str, Any]:
    left = {purpose: _left(row, purpose) for purpose in row.lists}
    probe = [row.score(TEST, left[TEST][n * batch :][:batch]) for n in range(PROBES)]
    last = probe[-1] if probe[-1].queries else probe[0]
    n_left = sum(len(numbers) for numbers in left.values()) - sum(cost.queries for cost in probe)
    share = n_left / last.queries if last.queries else 0.0
    return {
        "row": row.spec.name,
        "scorer": row.scoring.scorer.kind,
        "test_queries": len(row.lists["test"].queries),
        "fitting_queries": len(row.lists["fitting"].queries) if "fitting" in row.lists else 0,
        "queries_with_a_call": sum(len(lists.asked) for lists in row.lists.values()),
        "queries_left": n_left,
        "calls_left": round(share * last.calls),
        "prompt_tokens_left": round(share * last.prompt_tokens),
        "continuation_tokens_left": round(share * last.continuation_tokens),
        "seconds_left": round(share * (last.render_s + last.score_s), 1),
        "probed_queries": sum(cost.queries for cost in probe),
        "probe_from_cache": last.queries > 0 and last.sent_tokens == 0,
    }


def _left(row: LlmRow, purpose: str) -> list[int]:
    known = set(row.store(purpose).table()["query"].to_list())
    return [n for n in row.lists[purpose].asked if n not in known]
