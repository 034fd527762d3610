"""A picture of recall against speed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import replace_file
from llmrec.errors import require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.retrieval.tuning import Trial

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Recall against speed</title>
<style>
body {{ margin: 2rem auto; max-width: 48rem; font: 16px/1.4 system-ui }}
svg {{ max-width: 100%; height: auto }}
</style>
<h1>Recall against speed</h1>
<p>{caption}</p>
{svg}
</html>
"""


def draw(trials: Sequence[Trial], best: Trial, path: Path, *, recall: float, k: int) -> None:
    """Draw all trials, a line for each kind, and mark the chosen one.

    Args:
        trials: What was measured.
        best: The chosen one.
        path: ``.png``, ``.svg`` or ``.html``.
        recall: What was asked for.
        k: How many were looked for.

    Raises:
        MissingExtraError: Matplotlib is not installed.
        ArtifactError: Nothing can be written there.
    """
    kind = "svg" if path.suffix in (".svg", ".html") else "png"
    picture = _picture(trials, best, kind, recall=recall, k=k)
    if path.suffix == ".html":
        caption = f"Chosen: {best.parameters.kind}, {best.queries_per_s:,.0f} queries a second."
        svg = picture.decode()
        picture = _PAGE.format(caption=caption, svg=svg[svg.index("<svg") :]).encode()
    with replace_file(path) as draft:
        draft.write_bytes(picture)


def _picture(trials: Sequence[Trial], best: Trial, kind: str, *, recall: float, k: int) -> bytes:
    figure_module: Any = require("matplotlib.figure", "cpu")
    figure = figure_module.Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    for name in dict.fromkeys(trial.parameters.kind for trial in trials):
        own = [trial for trial in trials if trial.parameters.kind == name]
        found, speed = [t.recall for t in own], [t.queries_per_s for t in own]
        axes.plot(found, speed, marker="o", markersize=4, linewidth=1.0, label=name)
    axes.scatter([best.recall], [best.queries_per_s], s=120, facecolors="none", edgecolors="black")
    axes.axvline(recall, color="gray", linestyle=":", linewidth=1.0)
    axes.set_yscale("log")
    axes.set_xlabel(f"recall of the best {k}")
    axes.set_ylabel("queries a second")
    axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()
