"""``llmrec data``: import logs, look at datasets, split them, write the embedded sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from llmrec.cli.data_get import get
from llmrec.cli.data_import import OutPath, import_log, status, tell_cleaning, tell_written
from llmrec.cli.data_inspect import inspect
from llmrec.cli.data_split import split
from llmrec.cli.output import JsonFlag, OutFile, print_json, print_rows, write_rows

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


app.command("import")(import_log)
app.command()(inspect)
app.command()(get)


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
    journal = facts.pop("cleaning")
    facts["made_from"] = [f"{key} {_plain(value)}" for key, value in origin.items() if value]
    tell_cleaning(journal)
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

    with status("simulating ..."):
        write_sample(out, world=world, seed=seed)
    tell_written(load(out), as_json=as_json)


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
