"""A first look at an unknown file: its columns, a guess at the mapping, and what may be wrong."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data.cells import blank
from llmrec.data.guessing import guess_roles, guess_unit, likely_name, type_of
from llmrec.data.importing import large_format, read_log
from llmrec.data.large import LARGE_BYTES
from llmrec.data.options import ImportOptions
from llmrec.data.raw import ROW, shown
from llmrec.data.sources import files_of
from llmrec.data.streams import first_rows
from llmrec.data.times import looks_like_iso, names_no_zone

if TYPE_CHECKING:
    from llmrec.data.raw import RawTable

_EXAMPLES = 3
_FIRST_ROWS = 100_000  # of a large log
_ROLES = ("user", "item", "time", "rating", "event", "quantity", "price", "text", "order")
_ODD_IDS = {
    "read NULL, NaN, None or the like and would be kept as ids; --rule 'missing_words=[\"NULL\"]' "
    "leaves them out": r"^(?i:null|nan|none|n/a|#n/a|undefined|\(null\)|\\N)$",
    "end in .0, as whole numbers do that were stored as fractions; they are kept as they are": (
        r"^\d+\.0$"
    ),
    "look rounded by a spreadsheet, so that several may have become one": r"^\d(\.\d+)?[eE]\+?\d+$",
}
"""What is odd about ids -> the pattern by which it is known."""
_ID_ROLES = ("user", "item", "item_id")


def inspect(
    source: str | Path, *, format: str | None = None, options: ImportOptions | None = None
) -> dict[str, Any]:
    """Read a file and say what it seems to be; nothing is written.

    Args:
        source: What ``import_dataset`` takes.
        format: A key of ``READERS``; None goes by the ending, or by the folder's files.
        options: Separator and encoding of a text file; table or query of a database.

    Returns:
        JSON values: ``format``, ``rows`` (that were looked at: of a large log the first 100,000),
        ``columns`` (name, type, filled share, distinct values, guessed role, examples), ``mapping``
        (options of ``ImportOptions`` to start from),
        ``problems`` (texts, the ones that stop an import first) and ``command``.

    Raises:
        DataError: A file that cannot be read.
        ConfigError: An unknown format.
    """
    options = options or ImportOptions()
    problems, name = [], large_format(source, format)
    if name in LARGE_BYTES:
        table, known = first_rows(files_of(Path(source))[0], options, name, _FIRST_ROWS), options
        problems = [f"the log is large: only the first {table.frame.height:,} rows were looked at"]
    else:
        name, log = read_log(source, format=format, options=options)
        table, known = log.events, log.options
    published = known != options
    roles = _known_roles(known) if published else guess_roles(table)
    mapping = {} if published else _mapping(table, roles)
    return {
        "format": name,
        "rows": table.frame.height,
        "columns": [_column(table, column, roles) for column in table.columns],
        "mapping": mapping,
        "problems": [*problems, *_problems(table, roles)],
        "command": _command(source, mapping, roles),
    }


def _known_roles(options: ImportOptions) -> dict[str, str]:
    """Return role -> column, as the reader of a published data set maps them."""
    named = ((role, getattr(options, role)) for role in _ROLES)
    return {role: column for role, column in named if column is not None}


def _column(table: RawTable, column: str, roles: dict[str, str]) -> dict[str, Any]:
    cells = table.frame[column]
    filled = cells.filter(~blank(cells))
    nested = cells.dtype.is_nested()
    distinct = filled if nested else filled.unique(maintain_order=True)
    return {
        "column": column,
        "type": type_of(cells),
        "filled": round(len(filled) / len(cells), 6),
        "distinct": None if nested else len(distinct),
        "role": next((role for role, known in roles.items() if known == column), None),
        "examples": [shown(value) for value in distinct.head(_EXAMPLES).to_list()],
    }


def _mapping(table: RawTable, roles: dict[str, str]) -> dict[str, str]:
    mapping = dict(roles)
    if "time" in roles and (unit := guess_unit(table.frame[roles["time"]])) is not None:
        mapping["time_unit"] = unit
    return mapping


def _command(source: str | Path, mapping: dict[str, str], roles: dict[str, str]) -> str:
    """Return the line that imports the file, or that names it as the items file of a log."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in mapping.items()]
    if "title" in roles:
        return shlex.join(["llmrec", "data", "import", "LOG", "OUT", f"--items={source}", *options])
    return shlex.join(["llmrec", "data", "import", str(source), "OUT", *options])


def _problems(table: RawTable, roles: dict[str, str]) -> list[str]:
    found = []
    if all(name.replace(".", "", 1).isdigit() for name in table.columns):
        found.append("the first line seems to hold values; put a line of column names before it")
    if "title" not in roles:
        found += [_of_role(table, role) for role in ("user", "item", "time") if role not in roles]
        found += _of_times(table, roles.get("time"))
    for role, column in roles.items():
        found += _of_cells(table, role, column)
    if again := int(table.frame.drop(ROW).is_duplicated().sum()):
        found.append(f"{again:,} rows stand more than once, the same in every column")
    return found


def _of_role(table: RawTable, role: str) -> str:
    """Say that no column seems to have a role, or why one of a likely name does not."""
    named = likely_name(table, role)
    if role != "time" or named is None:
        return f"no column seems to be the {role}; say which with --{role}"
    unread = table.frame[named].cast(pl.String).drop_nulls()
    unread = unread.filter(~looks_like_iso(unread))
    return (
        f"the column {named!r} may hold the times, but {len(unread):,} of its cells cannot be "
        f"read, e.g. {shown(next(iter(unread), ''))}; write all as ISO 8601, e.g. "
        "2024-05-01T18:30:00Z, or all as numbers since 1970"
    )


def _of_times(table: RawTable, column: str | None) -> list[str]:
    if column is None:
        return []
    cells, found = table.frame[column], []
    if cells.dtype == pl.String and guess_unit(cells) is None:
        filled = cells.filter(~blank(cells))
        if naive := int(names_no_zone(filled).sum()):
            found.append(
                f"{naive:,} times of {column!r} name no zone; say which with --time-zone, "
                f"e.g. {filled[0]} --time-zone Europe/Berlin"
            )
        if unread := int((~looks_like_iso(filled)).sum()):
            found.append(f"{unread:,} times of {column!r} cannot be read as ISO 8601")
    if isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone is None:
        found.append(f"the times of {column!r} name no zone; say which with --time-zone")
    return found


def _of_cells(table: RawTable, role: str, column: str) -> list[str]:
    cells = table.frame[column]
    texts = cells.cast(pl.String) if not cells.dtype.is_nested() else pl.Series([], dtype=pl.String)
    counts: dict[str, Any] = {}
    if role in (*_ID_ROLES, "time", "title"):
        counts[f"cells of {column!r} ({role}) are empty"] = blank(cells).sum()
    if role in _ID_ROLES:
        spaced, zeros = texts.str.contains(r"^\s|\s$"), texts.str.contains(r"^0\d+$")
        counts[f"ids of {column!r} begin or end with white space"] = spaced.sum()
        counts[f"ids of {column!r} have leading zeros, which are kept"] = zeros.sum()
        for what, pattern in _ODD_IDS.items():
            counts[f"ids of {column!r} {what}"] = texts.str.contains(pattern).sum()
    if role == "item_id":
        counts[f"rows of {column!r} repeat an item id"] = len(cells) - cells.n_unique()
    if role == "quantity":
        nothing = texts.cast(pl.Float64, strict=False) <= 0
        counts[f"quantities of {column!r} are 0 or less; cleaning drops them"] = nothing.sum()
    if role == "order":
        cancelled = texts.str.starts_with("C")
        counts[f"values of {column!r} begin with C, as cancellations do"] = cancelled.sum()
    return [f"{count:,} {what}" for what, count in counts.items() if count]
