"""``llmrec world``: simulate people whose causes are known, and say what their world demands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmrec.cli.output import JsonFlag, console, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

app = typer.Typer(no_args_is_help=True, help="Simulate people whose causes are known.")

Seed = Annotated[int, typer.Option(help="Of the simulated people.")]


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The Parquet file to write.")],
    *,
    world: Annotated[
        str, typer.Option(help="film.v2, film.v2b, kitchen.v1, kitchen.v1b or a .yaml file.")
    ] = "film.v2",
    people: Annotated[
        int | None, typer.Option(min=1, help="Accounts; default: the file's.")
    ] = None,
    seed: Seed = 7,
    as_json: JsonFlag = False,
) -> None:
    """Write the events of any number of people; memory does not grow with them."""
    import polars as pl

    from llmrec.world.settings import WorldSettings, shipped
    from llmrec.world.world import World

    own = world.endswith((".yaml", ".yml"))
    settings = WorldSettings.load(Path(world)) if own else shipped(world)
    if people is not None:
        values = settings.model_dump() | {"people": people}
        values["held_out_people"] = min(settings.held_out_people, people - 1)
        settings = WorldSettings.of(values, source="--people")
    World(settings, seed=seed).write(out)
    events = int(pl.scan_parquet(out).select(pl.len()).collect().item())
    if as_json:
        found = {"path": str(out), "world": settings.label, "seed": seed, "events": events}
        print_json(found | {"parameters_sha256": settings.sha256})
        return
    console().print(
        f"{events:,} events of {settings.people:,} people written to {out}", markup=False
    )


@app.command()
def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The HTML page to write.")],
    *,
    world: Annotated[str, typer.Option(help="film or kitchen.")] = "film",
    figures: Annotated[
        Path | None, typer.Option(help="Where the figures go as JSON (default: nowhere).")
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Several times: 7 and 8.")] = None,
    encoder: Annotated[str, typer.Option(help="Of the items' texts: minilm, hash, ...")] = "minilm",
    people: Annotated[int | None, typer.Option(min=1, help="Accounts; fewer are faster.")] = None,
    explained: Annotated[int, typer.Option(min=1, help="Choices whose causes are asked.")] = 1000,
    as_json: JsonFlag = False,
) -> None:
    """Measure a world: the best possible ranking, simple ones, causes; figures and pictures.

    Both parameter sets and both seeds are simulated: some minutes.
    """
    import json

    from llmrec.artifacts import check_writable, replace_file
    from llmrec.errors import ConfigError, did_you_mean, require
    from llmrec.world.report import page
    from llmrec.world.report import report as measured
    from llmrec.world.settings import SHIPPED, shipped
    from llmrec.world.world import World

    labels = [label for label in SHIPPED if label.partition(".")[0] == world]
    if not labels:
        names = sorted({label.partition(".")[0] for label in SHIPPED})
        raise ConfigError(f"there is no world {world!r}", remedy=did_you_mean(world, names))
    require("matplotlib", "cpu")  # before minutes of measuring
    places = [out] if figures is None else [out, figures]
    for path in places:
        check_writable(path)
    parameters = [shipped(label) for label in labels]
    if people is not None:
        fewer = {"people": people, "held_out_people": 0}
        parameters = [settings.model_copy(update=fewer) for settings in parameters]
    seeds = seed or [7, 8]
    found = measured(parameters, seeds, _vectors(world, encoder), explained=explained)
    found["encoder"] = encoder
    text = page(World(parameters[0], seed=seeds[0]), found)
    for path, content in zip(places, (text, json.dumps(found, indent=1) + "\n"), strict=False):
        with replace_file(path) as draft:
            draft.write_text(content, encoding="utf-8")
    if as_json:
        print_json(found)
        return
    console().print(f"written to {out}", markup=False)


def _vectors(world: str, encoder: str) -> NDArray[np.float64]:
    """Return the vectors of a world's items: ``(n, dim)``, L2-normalised."""
    import numpy as np

    from llmrec.encode import open_encoder
    from llmrec.retrieval.texts import encode_items
    from llmrec.world.items import catalogue_of

    vectors = encode_items(list(catalogue_of(world).values()), open_encoder(encoder))
    return np.asarray(vectors, dtype=np.float64)
