"""The report as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.report.ablations import ablation_tables
from llmrec.evaluation.report.llm import llm_table
from llmrec.evaluation.report.sections import llm_sections, sections_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def render_markdown(results: Mapping[str, Any]) -> str:
    """Return the report of a run: what it was made from, notes in words, tables."""
    run, queries = results["run"], results["queries"]
    commit = results["environment"].get("git_sha") or "none (installed)"
    return "\n".join(
        [
            f"# {markdown_text(run['dataset'])} under {run['protocol']}",
            "",
            f"{queries['queries']:,} queries of {queries['users']:,} users, full ranking of "
            f"{run['n_items']:,} items; seed {run['seed']}.",
            "",
            f"Card `{run['protocol_sha256']}`, dataset `{run['dataset_sha256']}`, commit "
            f"`{commit}`.",
            "",
            *(f"- {markdown_text(note)}" for note in results["notes"]),
            "",
            *section("What the LLM adds", "", llm_table(results)),
            *(line for part in llm_sections(results) for line in section(*part)),
            *(
                line
                for title, rows in ablation_tables(results)
                for line in section(title, "", rows)
            ),
            *(line for part in sections_of(results) for line in section(*part)),
        ]
    )


def section(title: str, text: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a heading, how to read it, and a table; nothing where there are no rows."""
    if not rows:
        return []
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([row.get(name, "") for name in names] for row in rows)]
    table = ("| " + " | ".join(map(markdown_text, line)) + " |" for line in lines)
    return [f"## {title}", "", *([markdown_text(text), ""] if text else []), *table, ""]


def markdown_text(text: str) -> str:
    """Return text that no table or heading trips over."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
