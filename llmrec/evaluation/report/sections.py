"""The tables of a report in their order, the same for Markdown and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.report import llm, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.report.tables import Rows


def llm_sections(results: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """Return the tables that follow what the LLM adds; those without lines are empty."""
    return [
        ("Fusion weights, fitted on validation", llm.fit_table(results)),
        ("Are the probabilities true?", llm.calibration_table(results)),
        ("What the LLM cost", llm.cost_table(results)),
    ]


def sections_of(results: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """Return the tables about all rows; those without lines are empty."""
    return [
        ("Accuracy", tables.accuracy_table(results)),
        ("What retrieval allows", tables.retrieval_table(results)),
        ("Differences", tables.comparison_table(results)),
        ("Lists", tables.variety_table(results)),
        *tables.group_tables(results),
        ("Gaps between groups of users", tables.gap_table(results)),
        ("Settings, chosen on validation", tables.tuning_table(results)),
    ]
