"""A world on one page: its figures, its pictures, and some choices with their causes in words."""

from __future__ import annotations

import html
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from llmrec.world.cause_figures import NONE, STRONG
from llmrec.world.measure import measure
from llmrec.world.plots import plots
from llmrec.world.tables import chunks
from llmrec.world.told import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.world import World

EXAMPLES = 8
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:1rem 0}"
    "th,td{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #ddd}"
    "svg{width:100%;height:auto}figure{margin:1.5rem 0}figcaption{color:#555}"
)
_INTRODUCTION = (
    "<p>People choose from a catalogue by rules that are known, so rankings and explanations can "
    "be checked against the truth. The oracle ranks by the true probability of every item; "
    "<em>without</em> time, text or order it knows less. Popularity, co-occurrence (what others "
    "chose soon after the same items) and text (how alike items are described) know only the "
    f"log.</p><p>A strong event cause changes the chosen item's probability at least "
    f"{math.exp(STRONG):.2f} times when the event is taken from the person's memory. A past event "
    f"that changes it less than {math.exp(NONE):.2f} times has no effect.</p>"
)


def report(
    parameters: Sequence[WorldSettings],
    seeds: Sequence[int],
    vectors: NDArray[np.float64],
    *,
    explained: int = 400,
) -> dict[str, Any]:
    """Measure a world with several parameter sets and seeds; JSON values.

    Args:
        parameters: Parameter sets of one world.
        seeds: Of which each set is simulated.
        vectors: ``(n, dim)``, L2-normalised: the texts of the world's items.
        explained: Of how many accounts the last choice's causes are looked at.
    """
    runs = [
        measure(settings, seed, vectors, explained=explained)
        for settings in parameters
        for seed in seeds
    ]
    return {"world": parameters[0].name, "runs": runs}


def page(world: World, figures: dict[str, Any]) -> str:
    """Return one self-contained HTML page.

    Args:
        world: Whose pictures and examples are shown.
        figures: What ``report`` gives, for all parameter sets and seeds.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    lives = list(chunks(world.settings, world.seed, world.shelf))
    name = html.escape(f"The {world.settings.name} world")
    parts = [f"<h1>{name}</h1>", _INTRODUCTION]
    parts.extend(_run(run) for run in figures["runs"])
    parts.append(f"<h2>{html.escape(world.settings.label)}, seed {world.seed}</h2>")
    for caption, svg in plots(world, lives):
        parts.append(f"<figure>{svg}<figcaption>{html.escape(caption)}</figcaption></figure>")
    parts.append("<h2>Choices and their causes</h2><ul>")
    parts.extend(f"<li>{html.escape(text)}</li>" for text in examples(world))
    parts.append("</ul>")
    body = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style><body>\n{body}\n</body></html>\n"
    )


def examples(world: World) -> Iterator[str]:
    """Tell why the first accounts made their last choices."""
    for number in range(1, min(EXAMPLES, world.settings.people) + 1):
        user = f"p{number:04d}"
        last = world.life(user)
        as_of = datetime.fromtimestamp(int(last.evenings.starts_s[-1]), UTC)
        item = world.shelf.entries[last.item[-1]].item_id
        yield f"{user} chose {tell(world, world.causes(user, as_of, item), as_of)}"


def _run(run: dict[str, Any]) -> str:
    """Return the figures of one parameter set and seed."""
    oracle, causes = run["oracle"], run["causes"]
    rows = [("ranking by", "Recall@10", "NDCG@10")]
    for name, metrics in run["ranking"].items():
        rows.append((name, _interval(metrics["recall@10"]), _interval(metrics["ndcg@10"])))
    share, strong, precision = causes["share"], causes["strong"], causes["precision@2"]
    facts = [
        f"The oracle's NDCG@10 is {_number(oracle['times_best_simple'])} times that of "
        f"{oracle['best_simple']}, the best simple ranking.",
        *(
            f"Without {name} it loses {100 * loss['share']:.0f} % of it "
            f"({_interval(loss['ndcg@10'])} in NDCG@10)."
            for name, loss in oracle["loss_without"].items()
        ),
        f"Of {causes['choices']} last choices, {share['event']:.0%} have a strong event cause, "
        f"{share['traits_only']:.0%} lasting traits only, {share['none']:.0%} neither.",
        f"{strong['below_median_similarity']:.0%} of {strong['count']} strong event causes look "
        "less alike to the item than half of the past; "
        f"{causes['decoys']:.0%} of the most similar past events have no effect.",
        "In the strong event causes for an item take part "
        + ", ".join(
            f"{kind} {part:.0%}"
            for kind, part in sorted(causes["mechanisms"].items(), key=lambda one: -one[1])
        )
        + ".",
        "Precision@2 of explaining by "
        + ", ".join(f"{name}: {_number(value)}" for name, value in precision.items())
        + ".",
    ]
    return (
        f"<h2>{html.escape(run['world'])}, seed {run['seed']}</h2>"
        f"<p>{run['events']:,} events, {run['accounts']:,} accounts, {run['items']} items; every "
        "account's last event is the target, all items are ranked; 95 % bootstrap intervals.</p>"
        f"{_table(rows)}<ul>" + "".join(f"<li>{html.escape(fact)}</li>" for fact in facts) + "</ul>"
    )


def _number(value: float | None) -> str:
    return "(none)" if value is None else f"{value:.2f}"


def _interval(metric: dict[str, float]) -> str:
    """Return a mean with its interval."""
    return f"{metric['mean']:.3f} [{metric['low']:.3f}, {metric['high']:.3f}]"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table; the first is its head."""
    lines = []
    for number, row in enumerate(rows):
        kind = "td" if number else "th"
        cells = "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"
