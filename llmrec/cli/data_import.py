"""``llmrec data import``: a log of any form becomes a dataset, and what was left out is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.data_choices import Ambiguous, Ties, Unit
from llmrec.cli.output import JsonFlag, console, print_json, print_rows

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from llmrec.data import CleaningRules, Dataset, ImportOptions

OutPath = Annotated[Path, typer.Argument(metavar="OUT", help="The dataset folder to write.")]
RulesFile = Annotated[Path | None, typer.Option("--rules", help="YAML with cleaning rules.")]
RuleOption = Annotated[
    list[str] | None,
    typer.Option("--rule", help="A cleaning rule, NAME=VALUE, e.g. core=5; repeatable."),
]
StrictFlag = Annotated[
    bool, typer.Option("--strict", help="Leave nothing out: refuse what is wrong, with its row.")
]


def import_log(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A file, pattern, published folder or URL."),
    ],
    out: OutPath,
    *,
    log_format: Annotated[
        str | None, typer.Option("--format", help="Guessed from ending or folder by default.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML with the options below; those given here win.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="Column of user ids (user_id).")] = None,
    item: Annotated[str | None, typer.Option(help="Column of item ids (item_id).")] = None,
    time: Annotated[str | None, typer.Option(help="Column of times (timestamp).")] = None,
    rating: Annotated[str | None, typer.Option(help="Column of ratings.")] = None,
    event: Annotated[str | None, typer.Option(help="Column of kinds of event.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Column of quantities.")] = None,
    price: Annotated[str | None, typer.Option(help="Column of prices paid.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of what users wrote.")] = None,
    order: Annotated[str | None, typer.Option(help="Column of order or invoice numbers.")] = None,
    sequence: Annotated[str | None, typer.Option(help="Column of the order in a second.")] = None,
    ties: Annotated[Ties | None, typer.Option(help="Order in a second, without one.")] = None,
    time_unit: Annotated[Unit | None, typer.Option(help="Unit of numeric times.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of times that name none, e.g. Europe/Berlin.")
    ] = None,
    ambiguous_times: Annotated[
        Ambiguous | None, typer.Option(help="Local times that occurred twice (refuse).")
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="Items file; without it, ids stand in for titles.")
    ] = None,
    item_id: Annotated[str | None, typer.Option(help="Items file: column of ids.")] = None,
    title: Annotated[str | None, typer.Option(help="Items file: column of titles.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="Items file: a column to keep; repeatable; else all.")
    ] = None,
    list_separator: Annotated[
        str | None, typer.Option(help="Items file: splits cells into lists, e.g. '|'.")
    ] = None,
    list_column: Annotated[
        list[str] | None,
        typer.Option(help="Items file: a column of lists; repeatable. Unsplit, ['a', 'b']."),
    ] = None,
    image_column: Annotated[
        list[str] | None, typer.Option(help="Items file: a column of picture paths; repeatable.")
    ] = None,
    users: Annotated[
        Path | None,
        typer.Option(help="Users file: facts for groups in reports; they enter no prompt."),
    ] = None,
    user_id: Annotated[str | None, typer.Option(help="Users file: column of ids.")] = None,
    user_attribute: Annotated[
        list[str] | None, typer.Option(help="Users file: a column to keep; repeatable.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Database: table of the log.")] = None,
    query: Annotated[str | None, typer.Option(help="Database: SQL of the log, instead.")] = None,
    items_table: Annotated[str | None, typer.Option(help="Database: table of the items.")] = None,
    items_query: Annotated[str | None, typer.Option(help="Database: SQL of the items.")] = None,
    separator: Annotated[str | None, typer.Option(help="CSV: between fields.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of text files (utf-8).")] = None,
    rules: RulesFile = None,
    rule: RuleOption = None,
    strict: StrictFlag = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to the dataset what it does not have yet.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Tell cleaning before and after, .html or .json.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a log, every row of it, and write it as a dataset.

    Times are ISO 8601, or numbers with --time-unit; those that name no zone need --time-zone. Rows
    that no recommender can use are left out and counted; any other fault is told with file, row,
    column and value, and nothing is written.
    """
    given = {
        "user": user,
        "item": item,
        "time": time,
        "rating": rating,
        "event": event,
        "quantity": quantity,
        "price": price,
        "text": text,
        "order": order,
        "sequence": sequence,
        "ties": ties,
        "time_unit": time_unit,
        "time_zone": time_zone,
        "ambiguous_times": ambiguous_times,
        "items": items,
        "item_id": item_id,
        "title": title,
        "list_separator": list_separator,
        "table": table,
        "query": query,
        "items_table": items_table,
        "items_query": items_query,
        "separator": separator,
        "encoding": encoding,
        "attributes": attribute,
        "list_columns": list_column,
        "image_columns": image_column,
        "users": users,
        "user_id": user_id,
        "user_attributes": user_attribute,
    }
    from llmrec.artifacts import check_place
    from llmrec.data import append_dataset, import_dataset
    from llmrec.errors import ConfigError

    check_place(out, "dataset")
    options = mapping_of(mapping, given)
    cleaning = rules_of(rules, rule, strict=strict)
    if append and report is not None:
        raise ConfigError("--append and --report do not go together; import without --append")
    before = _additions(out) if append else None
    added = partial(append_dataset, at=datetime.now(UTC))
    write = added if append else partial(import_dataset, report=report)
    with status(f"reading {source} ..."):
        dataset = write(source, out, format=log_format, options=options, rules=cleaning)
    if before is None:
        tell_written(dataset, as_json=as_json)
    else:
        _tell_added(dataset, (_additions(out) or [])[len(before) :], as_json=as_json)


def _additions(out: Path) -> list[dict[str, Any]] | None:
    """Return what was added to a dataset when; None where none is."""
    from llmrec.artifacts import MANIFEST, read_manifest
    from llmrec.data.appending import APPENDED

    if not (out / MANIFEST).is_file():
        return None
    return list(read_manifest(out, "dataset", verify=False).metrics.get(APPENDED, []))


def _tell_added(dataset: Dataset, records: list[dict[str, Any]], *, as_json: bool) -> None:
    """Say what an addition brought; there is no record of one that changed nothing."""
    if as_json:
        events = sum(record["events_added"] for record in records)
        print_json({"path": str(dataset.path), "events_added": events, "additions": records})
        return
    screen = console()
    for record in records:
        tell_cleaning(record["cleaning"])
        screen.print(
            f"{record['events_added']:,} new events; {record['events_known']:,} were there already"
        )
    if not records:
        screen.print("this was added before, so nothing changed")
    screen.print(f"{len(dataset):,} events in {dataset.path}", markup=False)


def mapping_of(file: Path | None, given: dict[str, Any]) -> ImportOptions:
    """Join a YAML mapping and the options of the command line; options win."""
    from llmrec.data import ImportOptions

    chosen = {name: value for name, value in given.items() if value is not None}
    if file is None:
        return ImportOptions.of(chosen)
    below = ImportOptions.load(file).model_dump(exclude_unset=True)
    for name in ("items", "users"):
        if (listed := below.get(name)) is not None:  # its path starts where the YAML stands
            below[name] = file.parent / listed
    return ImportOptions.of({**below, **chosen}, source=str(file))


def rules_of(file: Path | None, given: list[str] | None, *, strict: bool) -> CleaningRules:
    """Return the rules that are asked for; without a ``latest``, the future begins in a day.

    Raises:
        ConfigError: Rules beside ``--strict``, or a wrong one.
    """
    from llmrec.data import STRICT, CleaningRules
    from llmrec.errors import ConfigError

    if strict and (file is not None or given):
        raise ConfigError("--strict leaves nothing out, so rules beside it have no use")
    if strict:
        return STRICT
    rules = CleaningRules.chosen(file, given or ())
    if "latest" in rules.model_fields_set:
        return rules
    return rules.model_copy(update={"latest": datetime.now(UTC) + timedelta(days=1)})


def status(text: str) -> AbstractContextManager[object]:
    """Show on a terminal's standard error that something is going on."""
    from rich.console import Console
    from rich.markup import escape

    return Console(stderr=True).status(escape(text))


def tell_written(dataset: Dataset, *, as_json: bool) -> None:
    """Say what was written, what was left out, and what can be done with it."""
    from llmrec.data import summary

    facts = summary(dataset)
    if as_json:
        print_json(facts)
        return
    tell_cleaning(facts["cleaning"])
    screen = console()
    screen.print(
        f"{facts['interactions']:,} events of {facts['users']:,} users on {facts['items']:,} items,"
        f" {facts['first'][:10]} to {facts['last'][:10]}"
    )
    screen.print(f"written to {dataset.path}", markup=False)
    screen.print(f"next: llmrec data show {dataset.path}", markup=False, style="dim")


def tell_cleaning(journal: dict[str, Any]) -> None:
    """Print what each rule left out, with an example; nothing where nothing was."""
    if profiles := journal.get("profiles"):
        from llmrec.data.cleaning import compared

        names = ("cleaning", "before", "after")
        print_rows([dict(zip(names, row, strict=True)) for row in compared(profiles)])
    if not journal.get("steps"):
        return
    from llmrec.data.cleaning import as_words

    rows = [
        {
            "rule": step["rule"],
            "left out": f"{step['dropped']:,} {step['what']}",
            "for example": as_words(step["examples"][0]),
        }
        for step in journal["steps"]
    ]
    print_rows(rows, title=f"left out of {journal['events_read']:,} events read (--strict refuses)")
