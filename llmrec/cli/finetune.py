"""``llmrec finetune``: train a ranking adapter on a dataset, by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmrec.cli.output import JsonFlag, console, print_json

app = typer.Typer()


@app.command()
def finetune(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.")],
    *,
    recipe: Annotated[str, typer.Option(help="A recipe's name, or a YAML file of your own.")],
    out: Annotated[Path, typer.Option(help="Folder to write the adapter to.")],
    protocol: Annotated[
        str, typer.Option(help="How training and validation are split.")
    ] = "leave-one-out.v1",
    base: Annotated[
        str | None, typer.Option(help="Another base model than the recipe's: name, folder, hub id.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Train a ranking adapter; the test events are never looked at.

    A run that was killed goes on where it stopped when the same command is given again. Recipes:
    the folder finetune/, or a name that does not exist, which lists them.
    """
    import logging

    from llmrec.data import load
    from llmrec.training import load_recipe
    from llmrec.training.run import finetune as train

    chosen = load_recipe(recipe)
    if base is not None:
        chosen = chosen.model_copy(update={"base": base})
    told = logging.getLogger("llmrec.training")
    told.setLevel(logging.INFO)
    told.addHandler(logging.StreamHandler())  # standard error: how far training is
    adapter = train(load(dataset), chosen, out, protocol=protocol)
    if as_json:
        print_json({"sha256": adapter.sha256, **adapter.made_from, "metrics": adapter.metrics})
        return
    screen = console()
    screen.print(f"adapter [bold]{adapter.sha256[:12]}[/bold] in {out}", highlight=False)
    for name, row in adapter.metrics["conditional_ndcg@10"].items():
        low, high = row["interval"]
        screen.print(
            f"  {name.replace('_', ' ')}: NDCG@10 {row['value']:.4f} ({low:.4f} to {high:.4f})",
            highlight=False,
        )
