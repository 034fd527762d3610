"""``llmrec retriever``: train a retriever on a dataset, and look at a trained one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.output import JsonFlag, console, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(no_args_is_help=True, help="Train a retriever, look at a trained one.")


class LearntFrom(StrEnum):
    """What ``--learn-from`` takes."""

    ALL = "all"
    BEFORE_TEST = "before-test"


@app.command()
def train(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A dataset folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    *,
    kind: Annotated[
        str,
        typer.Option(
            help="hybrid, ease, ease-low-rank, transitions, item-knn, last-item, popularity, "
            "sequence, hybrid-sequence."
        ),
    ] = "hybrid",
    protocol: Annotated[
        str, typer.Option(help="The card whose validation part chooses the settings.")
    ] = "leave-one-out.v1",
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting that is not chosen; repeatable."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML with settings that are not chosen.")
    ] = None,
    learn_from: Annotated[
        LearntFrom, typer.Option(help="All events, or only those before the card's test.")
    ] = LearntFrom.ALL,
    index: Annotated[
        Path | None, typer.Option(help="Item index, for sources that read text vectors.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of samples and draws.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Choose settings on a card's validation part, fit on the events, and save the retriever.

    The folder then serves as --retriever of recommend and fusion fit, and as retriever: of the
    YAML. The card's test part is never looked at.
    """
    from llmrec.data import SplitProtocol, load
    from llmrec.evaluation.retrievers import check_trainable, train_retriever

    check_trainable(kind, out)
    trained = train_retriever(
        load(dataset),
        kind,
        SplitProtocol.named(protocol),
        settings=_given(config, sets or []),
        learn_from=learn_from.value,
        seed=seed,
        index=index,
    )
    trained.save(out)
    _answer(out, trained.training, as_json=as_json)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="A trained retriever's folder.")],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show how a retriever was trained: every trial, and what was chosen; its files are checked."""
    from llmrec.evaluation.retrievers import training_of

    _answer(path, training_of(path), as_json=as_json)


def _given(config: Path | None, sets: list[str]) -> dict[str, Any]:
    """Return the settings of the file and the options; options win.

    Raises:
        ConfigError: The file is not a mapping, or an option is not KEY=VALUE.
    """
    import yaml

    from llmrec.config import read_mapping
    from llmrec.errors import ConfigError

    given = {} if config is None else read_mapping(config)
    for entry in sets:
        key, equals, value = entry.partition("=")
        if not (key and equals):
            raise ConfigError(f"--set {entry}: a setting is KEY=VALUE, e.g. --set decay=0.9")
        try:
            given[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {entry}: {value!r} cannot be read") from error
    return given


def _answer(path: Path, training: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"path": str(path), **training})
        return
    from llmrec.evaluation.report.tables import spoken, trial_table

    lost = [t["settings"] for t in training["trials"] if "without" in t["settings"]]
    tried = [t for t in training["trials"] if "without" not in t["settings"]]
    print_rows(
        trial_table({"trials": tried}),
        title=f"{training['kind']}: {training['metric']} of {training['validation_queries']:,} "
        f"validation queries of {training['protocol']}",
    )
    if lost:
        rows = [
            {
                "without": effect["without"],
                "loses": f"{effect['difference']:+.4f}",
                "95 % interval": f"{effect['low']:+.4f} to {effect['high']:+.4f}",
            }
            for effect in lost
        ]
        print_rows(rows, title="each source left out, the others' weights fitted anew")
    screen = console()
    screen.print(f"chosen: {spoken(training['settings'])}", markup=False)
    screen.print(f"fitted on {training['learnt_from']} events, saved to {path}", markup=False)
