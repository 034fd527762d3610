"""``llmrec compare``: two runs of ``llmrec evaluate``, query by query."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.output import JsonFlag, checked_out, console, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()
_ENDINGS = (".html", ".md")


def _checked(path: Path | None) -> Path | None:
    return checked_out(path, _ENDINGS)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A run's folder.")],
    second: Annotated[
        Path, typer.Argument(metavar="B", help="Another, of the same card, dataset and queries.")
    ],
    *,
    rows: Annotated[
        str | None,
        typer.Option(help="Rows, with commas; X:Y is X of A and Y of B (default: all of both)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of intervals and tests.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write a report to FILE (.html or .md).", callback=_checked),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare rows of two runs on the same queries: is the difference more than chance?

    Differences are A less B; intervals draw whole users, p-values are of a randomisation test with
    Holm's correction. Runs of another card, dataset or sample are refused. A run can be compared
    with itself: llmrec compare RUN RUN --rows ease:ease-recency.
    """
    from llmrec.artifacts import replace_file
    from llmrec.evaluation.compare import compare_runs
    from llmrec.evaluation.report.comparison import RENDERERS

    found = compare_runs(first, second, rows=_pairs(rows), seed=seed)
    if out is not None:
        with replace_file(out) as draft:
            draft.write_text(RENDERERS[out.suffix](found), encoding="utf-8")
    if as_json:
        print_json(found)
        return
    _print(found)
    if out is not None:
        console().print(f"written to {out}", markup=False)


def _pairs(rows: str | None) -> list[tuple[str, str]] | None:
    if rows is None:
        return None
    from llmrec.errors import ConfigError

    pairs = []
    for part in filter(None, (part.strip() for part in rows.split(","))):
        names = [name.strip() for name in part.split(":")]
        if len(names) > 2 or not all(names):
            raise ConfigError(f"--rows: {part!r} is no row and no pair X:Y")
        pairs.append((names[0], names[-1]))
    if not pairs:
        raise ConfigError("--rows names no row", remedy="Name rows with commas, or pairs X:Y.")
    return pairs


def _print(found: Mapping[str, Any]) -> None:
    from llmrec.evaluation.report.comparison import comparison_notes, figure_table, pair_table

    title = f"{found['headline']}, A less B: {found['queries']:,} queries of "
    brief = [_brief(line) for line in pair_table(found)]
    print_rows(brief, title=f"{title}{found['users']:,} users")
    if len(found["pairs"]) == 1:
        print_rows([_brief(line) for line in figure_table(found["pairs"][0])], title="every figure")
    for note in comparison_notes(found):
        console().print(f"- {note}", markup=False)


def _brief(line: Mapping[str, str]) -> dict[str, str]:
    """Return what fits a terminal, under short names."""
    short = {"of the first": "A", "of the second": "B", "queries that differ": "differ on"}
    left_out = {"p", "smallest detectable"}
    return {short.get(name, name): text for name, text in line.items() if name not in left_out}
