"""``llmrec data``: import logs, look at datasets, split them, write the embedded sample."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.data_split import split
from llmrec.cli.output import JsonFlag, OutFile, console, print_json, print_rows, write_rows

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from llmrec.data import Dataset

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Import logs, look at datasets, split them, write the embedded sample.",
)
app.command()(split)

_EVENT_COLUMNS = {
    "time": str,
    "item_id": str,
    "title": str,
    "rating": float,
    "event": str,
    "quantity": float,
}

DatasetPath = Annotated[Path, typer.Argument(metavar="DATASET", help="A dataset folder.")]
OutPath = Annotated[Path, typer.Argument(metavar="OUT", help="The dataset folder to write.")]


class Format(StrEnum):
    """What ``--format`` takes."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"
    MOVIELENS = "movielens"


class Unit(StrEnum):
    """What ``--time-unit`` takes."""

    S = "s"
    MS = "ms"
    US = "us"


class Ties(StrEnum):
    """What ``--ties`` takes."""

    FILE = "file"
    ITEM_ID = "item-id"


class Ambiguous(StrEnum):
    """What ``--ambiguous-times`` takes."""

    REFUSE = "refuse"
    EARLIER = "earlier"
    LATER = "later"


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A log file, or a MovieLens folder.")
    ],
    out: OutPath,
    *,
    log_format: Annotated[
        Format | None, typer.Option("--format", help="Guessed from ending or folder by default.")
    ] = None,
    user: Annotated[str, typer.Option(help="Column of the user ids.")] = "user_id",
    item: Annotated[str, typer.Option(help="Column of the item ids.")] = "item_id",
    time: Annotated[str, typer.Option(help="Column of the times.")] = "timestamp",
    rating: Annotated[str | None, typer.Option(help="Column of ratings.")] = None,
    event: Annotated[str | None, typer.Option(help="Column of kinds of event.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Column of quantities.")] = None,
    sequence: Annotated[str | None, typer.Option(help="Column of the order in a second.")] = None,
    ties: Annotated[Ties, typer.Option(help="Order in a second, without one.")] = Ties.FILE,
    time_unit: Annotated[Unit | None, typer.Option(help="Unit of numeric times.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of times that name none, e.g. Europe/Berlin.")
    ] = None,
    ambiguous_times: Annotated[
        Ambiguous, typer.Option(help="Local times that occurred twice.")
    ] = Ambiguous.REFUSE,
    items: Annotated[
        Path | None, typer.Option(help="Items file; without it, ids stand in for titles.")
    ] = None,
    item_id: Annotated[str, typer.Option(help="Items file: column of the ids.")] = "item_id",
    title: Annotated[str, typer.Option(help="Items file: column of the titles.")] = "title",
    attribute: Annotated[
        list[str] | None, typer.Option(help="Items file: a column to keep; repeatable; else all.")
    ] = None,
    list_separator: Annotated[
        str | None, typer.Option(help="Items file: splits cells into lists, e.g. '|'.")
    ] = None,
    list_column: Annotated[
        list[str] | None, typer.Option(help="Items file: a column to split; repeatable.")
    ] = None,
    separator: Annotated[str | None, typer.Option(help="CSV: between fields.")] = None,
    encoding: Annotated[str, typer.Option(help="Of text files.")] = "utf-8",
    as_json: JsonFlag = False,
) -> None:
    """Check a log, every row of it, and write it as a dataset.

    Times are ISO 8601, or numbers with --time-unit; those that name no zone need --time-zone. A
    fault in the input is told with file, row, column and value, and nothing is written.
    """
    from llmrec.artifacts import check_place
    from llmrec.data import ImportOptions, import_dataset

    check_place(out, "dataset")
    options = ImportOptions.of(
        {
            "user": user,
            "item": item,
            "time": time,
            "rating": rating,
            "event": event,
            "quantity": quantity,
            "sequence": sequence,
            "ties": ties.value,
            "time_unit": time_unit and time_unit.value,
            "time_zone": time_zone,
            "ambiguous_times": ambiguous_times.value,
            "items": items,
            "item_id": item_id,
            "title": title,
            "attributes": tuple(attribute) if attribute else None,
            "list_separator": list_separator,
            "list_columns": tuple(list_column or ()),
            "separator": separator,
            "encoding": encoding,
        }
    )
    chosen = None if log_format is None else log_format.value
    with _status(f"reading {source} ..."):
        dataset = import_dataset(source, out, format=chosen, options=options)
    _tell_written(dataset, as_json=as_json)


@app.command()
def show(dataset: DatasetPath, *, as_json: JsonFlag = False) -> None:
    """Tell what a dataset holds: counts, time span, ties, events per user, examples."""
    from llmrec.data import load, summary

    facts = summary(load(dataset))
    if as_json:
        print_json(facts)
        return
    examples = facts.pop("examples")
    per_user = facts.pop("events_per_user")
    origin = facts.pop("made_from")
    facts["made_from"] = [f"{key} {_plain(value)}" for key, value in origin.items() if value]
    print_rows([{"what": key, "value": value} for key, value in _flat(facts)])
    print_rows([per_user], title="events per user")
    print_rows([_spread(row) for row in examples["items"]], title="items, e.g.")
    print_rows(_readable(examples["events"]), title=f"the newest events of user {examples['user']}")


@app.command()
def history(
    dataset: DatasetPath,
    *,
    user: Annotated[str, typer.Option(help="The user.")],
    as_of: Annotated[
        str | None, typer.Option(help="ISO moment with zone; only what came before is shown.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    as_json: JsonFlag = False,
    out: OutFile = None,
) -> None:
    """Show a user's events before a moment, oldest first."""
    from llmrec.data import event_rows, iso, load, parse_moment

    data = load(dataset)
    moment = None if as_of is None else parse_moment(as_of, what="--as-of")
    found = data.history(user, as_of=moment)
    rows = event_rows(found.interactions[-last:] if last else found.interactions, data.catalogue)
    if out is not None:
        write_rows(rows, out, _EVENT_COLUMNS)
    if as_json:
        print_json({"user_id": user, "as_of": iso(found.as_of), "events": rows})
        return
    title = f"{len(rows)} of {len(found.interactions)} events of user {user} before "
    print_rows(_readable(rows), title=f"{title}{_spoken(iso(found.as_of))}")


@app.command()
def sample(
    out: OutPath,
    *,
    world: Annotated[
        str | None, typer.Option(help="film.v2 (default), film.v2b, kitchen.v1 or kitchen.v1b.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the simulated people.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a simulated world: real films or dishes, simulated people, the same everywhere."""
    from llmrec.data import load, write_sample

    with _status("simulating ..."):
        write_sample(out, world=world, seed=seed)
    _tell_written(load(out), as_json=as_json)


def _status(text: str) -> AbstractContextManager[object]:
    """Show on a terminal's standard error that something is going on."""
    from rich.console import Console
    from rich.markup import escape

    return Console(stderr=True).status(escape(text))


def _tell_written(dataset: Dataset, *, as_json: bool) -> None:
    """Say what was written, and what can be done with it."""
    from llmrec.data import summary

    facts = summary(dataset)
    if as_json:
        print_json(facts)
        return
    screen = console()
    screen.print(
        f"{facts['interactions']:,} events of {facts['users']:,} users on {facts['items']:,} items,"
        f" {facts['first'][:10]} to {facts['last'][:10]}"
    )
    screen.print(f"written to {dataset.path}", markup=False)
    screen.print(f"next: llmrec data show {dataset.path}", markup=False, style="dim")


def _flat(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return facts as lines for people."""
    lines = []
    for key, value in facts.items():
        if key in {"first", "last"}:
            lines.append((key, _spoken(value)))
        elif isinstance(value, dict) and value:
            parts = (f"{name} {_figure(name, part)}" for name, part in value.items())
            lines.append((key.replace("_", " "), ", ".join(parts)))
        elif isinstance(value, list):
            lines.append((key, ", ".join(map(str, value))))
        elif value not in (None, {}):
            lines.append((key.replace("_", " "), _figure(key, value)))
    return lines


def _figure(name: str, value: object) -> str:
    if name.endswith("_share"):
        return f"{float(str(value)):.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plain(value: object) -> str:
    """Return a JSON value of the manifest's origin in words; hashes of files are left to --json."""
    if isinstance(value, dict):
        return ", ".join(str(name) for name in value)
    return f"{len(value)}" if isinstance(value, list) else str(value)


def _spoken(time: str) -> str:
    """Return an ISO time in UTC for people: ``2024-05-01 18:30:00 UTC``."""
    return time.replace("T", " ").replace("Z", " UTC")


def _readable(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return event rows with readable times, without the columns in which nothing stands."""
    used = {name for row in events for name, value in row.items() if value is not None}
    return [
        {n: _spoken(v) if n == "time" else v for n, v in row.items() if n in used} for row in events
    ]


def _spread(row: dict[str, Any]) -> dict[str, Any]:
    """Return an example item with its attributes in words."""
    known = row["attributes"].items()
    parts = (f"{k}: {', '.join(v) if isinstance(v, list) else v}" for k, v in known)
    return {**row, "attributes": "; ".join(parts)}
