"""``llmrec data inspect``: what a file seems to be, before it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmrec.cli.data_import import mapping_of, status
from llmrec.cli.output import JsonFlag, console, print_json, print_rows


def _checked_yaml(path: Path | None) -> Path | None:
    from llmrec.cli.output import checked_out

    return checked_out(path, (".yaml", ".yml"))


def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="What `data import` takes.")],
    *,
    log_format: Annotated[str | None, typer.Option("--format", help="Guessed by default.")] = None,
    table: Annotated[str | None, typer.Option(help="Database: a table.")] = None,
    query: Annotated[str | None, typer.Option(help="Database: an SQL query.")] = None,
    separator: Annotated[str | None, typer.Option(help="CSV: between fields.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of text files (utf-8).")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the guessed mapping as YAML.", callback=_checked_yaml),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell columns, types, guessed roles, examples and problems of a file; nothing is imported."""
    from llmrec.data import inspect as look

    given = {"table": table, "query": query, "separator": separator, "encoding": encoding}
    with status(f"reading {source} ..."):
        facts = look(source, format=log_format, options=mapping_of(None, given))
    if out is not None:
        _write(facts["mapping"], out)
    if as_json:
        print_json(facts)
        return
    screen = console()
    screen.print(f"{facts['format']}: {facts['rows']:,} rows")
    print_rows(
        [
            {
                "column": one["column"],
                "type": one["type"],
                "filled": f"{one['filled']:.1%}",
                "distinct": "" if one["distinct"] is None else f"{one['distinct']:,}",
                "guessed role": one["role"] or "",
                "examples": ", ".join(one["examples"]),
            }
            for one in facts["columns"]
        ]
    )
    for problem in facts["problems"]:
        screen.print(f"- {problem}", markup=False)
    if facts["mapping"]:
        screen.print(f"next, if the guess is right: {facts['command']}", markup=False, style="dim")


def _write(mapping: dict[str, str], out: Path) -> None:
    import yaml

    from llmrec.artifacts import replace_file

    with replace_file(out) as draft:
        draft.write_text(yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True))
