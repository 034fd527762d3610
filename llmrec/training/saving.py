"""An adapter's folder: weights, recipe, data card, curves, metrics and a card for the reader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import write_artifact
from llmrec.llm.adapter import KIND, Adapter
from llmrec.training.workplace import full_disk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmrec.training.recipe import Recipe

RECIPE_FILE, DATA_FILE, CURVES_FILE = "recipe.json", "data.json", "curves.json"
CARD_FILE, PLOT_FILE = "README.md", "curves.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """All that is told of an adapter besides its weights."""

    recipe: Recipe
    made_from: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]
    """Per stage ``data`` (its card) and ``curve``."""
    metrics: Mapping[str, Any]
    candidates: str
    """Who proposed the candidates that the metrics are over."""


def save_adapter(out: Path, model: Any, trained: Trained) -> Adapter:  # noqa: ANN401
    """Write an adapter's folder, whole or not at all.

    Args:
        out: The folder.
        model: PEFT's model.
        trained: What else is told.

    Raises:
        ArtifactError: It cannot be written.
    """
    with (
        write_artifact(out, KIND, made_from=trained.made_from, metrics=trained.metrics) as draft,
        full_disk(out),
    ):
        model.save_pretrained(str(draft))
        parts = {
            RECIPE_FILE: trained.recipe.model_dump(mode="json"),
            DATA_FILE: [record["data"] for record in trained.records],
            CURVES_FILE: [record["curve"] for record in trained.records],
        }
        for name, value in parts.items():
            text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
            (draft / name).write_text(text, encoding="utf-8")
        plot_curves(draft / PLOT_FILE, trained)
        (draft / CARD_FILE).write_text(model_card(trained), encoding="utf-8")
    return Adapter.read(out)


def plot_curves(file: Path, trained: Trained) -> None:
    """Draw every stage's loss and NDCG@10 on half A over the steps, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2 * len(trained.records)), layout="constrained")
    grid = figure.subplots(len(trained.records), 2, squeeze=False)
    for axes, stage, record in zip(grid, trained.recipe.stages, trained.records, strict=True):
        for place, name, what in ((0, "loss", "loss"), (1, "eval_ndcg10", "NDCG@10, half A")):
            points = [(row["step"], row[name]) for row in record["curve"] if name in row]
            axes[place].plot(*zip(*points, strict=True)) if points else None
            axes[place].set(title=f"{stage.objective}: {what}", xlabel="step")
    figure.savefig(file, dpi=100)


def model_card(trained: Trained) -> str:
    """Return the adapter's README, made of its own figures."""
    made, metrics = trained.made_from, trained.metrics
    rows = [
        f"| {name.replace('_', ' ')} | {row['value']:.4f} | "
        f"{row['interval'][0]:.4f} to {row['interval'][1]:.4f} |"
        for name, row in metrics["conditional_ndcg@10"].items()
    ]
    learnt = [
        f"- {data['objective']}: {data['targets']:,} targets in {data['examples']:,} examples of "
        f"{data['users']:,} users, {data['tokens']:,} tokens; {data['injected']} injected"
        for data in (record["data"] for record in trained.records)
    ]
    fusion = metrics["fusion"]
    return "\n".join(
        [
            f"# Ranking adapter: {made['recipe']}",
            "",
            f"LoRA weights for `{made['base']}` (weights `{made['base_sha256'][:12]}`), for the "
            f"{trained.recipe.serving.scorer} scorer with template `{made['template']}` "
            f"(`{made['template_sha256'][:12]}`). Other bases and other prompts are refused.",
            "",
            f"Learnt from dataset `{made['dataset_sha256'][:12]}` under `{made['protocol']}`:",
            "",
            *learnt,
            "",
            f"On {metrics['queries_with_target']} validation queries of users that stopped "
            f"nothing, whose target is among the candidates of {trained.candidates}:",
            "",
            "| ranked by | NDCG@10 | 95 % interval |",
            "|---|---|---|",
            *rows,
            "",
            f"Fitted there: fusion weight {fusion['weight']:.2f}, temperature "
            f"{metrics['temperature']:.3g}. The weight was chosen on the same queries that its "
            f"gain is told of ({fusion['gain']:+.4f}), so it leans upwards.",
            "",
        ]
    )
