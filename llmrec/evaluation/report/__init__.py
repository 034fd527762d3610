"""Reports of a run: Markdown, and one HTML page that needs no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.report.examples import examples_of
from llmrec.evaluation.report.html import render_html
from llmrec.evaluation.report.markdown import render_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.folder import RunFolder

__all__ = ["examples_of", "render_html", "render_markdown", "render_reports"]


def render_reports(folder: RunFolder, results: Mapping[str, Any]) -> dict[str, str]:
    """Return the reports of a run by file name."""
    return {
        "report.md": render_markdown(results),
        "report.html": render_html(results, examples_of(folder, results)),
    }
