"""``llmrec data split``: a card's split of a dataset, saved as ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.output import JsonFlag, console, print_json, print_rows

if TYPE_CHECKING:
    from llmrec.data import Split

_BEGINS = ("validation_from", "calibration_from", "test_from")
_ASKED = ("validation", "calibration", "test")


def split(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A dataset folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    *,
    protocol: Annotated[
        str, typer.Option(help="A card that ships with llmrec, or a YAML file.")
    ] = "leave-one-out.v1",
    as_json: JsonFlag = False,
) -> None:
    """Split a dataset by a card, check that nothing leaks, and save the ids of every part."""
    from llmrec.artifacts import check_place
    from llmrec.data import SplitProtocol, load, splits, write_splits

    check_place(out, "split")
    data, card = load(dataset), SplitProtocol.named(protocol)
    parts = splits(data, card)
    write_splits(out, parts, data)
    rows = [_row(part) for part in parts]
    if as_json:
        print_json({"path": str(out), "protocol": card.id, "splits": rows})
        return
    used = [name for name in rows[0] if name == "window" or any(row[name] for row in rows)]
    shown = [{name.replace("_", " "): row[name] for name in used} for row in rows]
    print_rows(shown, title=f"{card.id} of {dataset}")
    console().print(f"written to {out}", markup=False)


def _row(part: Split) -> dict[str, Any]:
    """Return one split in figures; moments in ISO 8601."""
    from llmrec.data import iso

    begins = {name: getattr(part, name) for name in _BEGINS}
    return {
        "window": part.window,
        "training_events": part.train.collect().height,
        **{f"{name}_queries": len(getattr(part, name)) for name in _ASKED},
        "folds": part.protocol.folds,
        **{name: None if moment is None else iso(moment) for name, moment in begins.items()},
    }
