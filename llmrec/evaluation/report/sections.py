"""The tables of a report in their order, each with how to read it, for Markdown and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmrec.evaluation.report import llm, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.report.tables import Rows


class Section(NamedTuple):
    """One table of a report; nothing is shown of it where it has no rows."""

    title: str
    text: str
    """How to read it."""
    rows: Rows


_FITS = (
    "w weighs the LLM's scores against the retriever's, both as z-scores of a query's candidates; "
    "it is fitted on validation users that no other choice has seen. A gain whose interval "
    "reaches 0 is not proven."
)
_CALIBRATION = (
    "P(target is this item | it is among the candidates) as the scores say it, and after one "
    "temperature fitted on validation. ECE is the mean gap between what was said and how often it "
    "came true; by chance up to so much would show if all that was said were true."
)
_COST = "Queries whose target was not among the candidates cost no call."
_ACCURACY = (
    "Every query has one target and ranks the whole catalogue, so recall@k is also the hit rate, "
    "recall@k / k the precision, and MRR the MAP. The ceiling is what a perfect reranker of so "
    "many candidates would reach; results.json has the interval of every figure."
)
_RETRIEVAL = (
    "How often the target is among the candidates, and the headline on those queries alone: a row "
    "that finds the easy targets only looks good there."
)
_DIFFERENCES = (
    "{headline} of the first less that of the second on the same queries: a paired randomisation "
    "test over users, Holm's correction over all pairs of the run. The smallest detectable "
    "difference is one that such queries would show four times out of five."
)
_LISTS = (
    "The first {k} items of every query. Coverage: share of the catalogue that anybody is shown "
    "(of all lists together, so without an interval). Novelty: bits; what few users have tells "
    "more. Popularity: mean share of users who have an item, beside the same of the histories. "
    "Diversity: 1 - cosine of genres within a list. Miscalibration: divergence (nats) of a list's "
    "genres from the history's."
)
_GAPS = (
    "From the best group to the worst by {headline}. The test deals the users anew to groups of "
    "the same sizes, since best and worst were chosen by looking; Holm's correction over all lines."
)
_SETTINGS = "What was tried for each row, and what did best on validation queries."


def llm_sections(results: Mapping[str, Any]) -> list[Section]:
    """Return the tables that follow what the LLM adds; those without lines are empty."""
    return [
        Section("Fusion weights, fitted on validation", _FITS, llm.fit_table(results)),
        Section("Are the probabilities true?", _CALIBRATION, llm.calibration_table(results)),
        Section("What the LLM cost", _COST, llm.cost_table(results)),
    ]


def sections_of(results: Mapping[str, Any]) -> list[Section]:
    """Return the tables about all rows; those without lines are empty."""
    headline = results["run"]["card"]["headline"]
    k = next((row["lists"]["k"] for row in results["rows"] if "lists" in row), 0)
    differences = _DIFFERENCES.format(headline=headline)
    of_best, others = tables.comparison_tables(results)
    return [
        Section("Accuracy", _ACCURACY, tables.accuracy_table(results)),
        Section("What retrieval allows", _RETRIEVAL, tables.retrieval_table(results)),
        Section("The best row's lead", differences, of_best),
        Section("Differences between the other rows", differences, others),
        Section("Lists", _LISTS.format(k=k), tables.variety_table(results)),
        *(
            Section(title, f"{headline} with 95 % intervals.", rows)
            for title, rows in tables.group_tables(results)
        ),
        Section(
            "Gaps between groups of users",
            _GAPS.format(headline=headline),
            tables.gap_table(results),
        ),
        Section("Settings, chosen on validation", _SETTINGS, tables.tuning_table(results)),
    ]
