"""From a log of any known format to a dataset folder."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import MANIFEST, spill_folder
from llmrec.data.archives import is_archive, unpacked
from llmrec.data.cleaning import STRICT, Journal, check_report, write_report
from llmrec.data.dataset import load
from llmrec.data.files import FORMATS, format_of
from llmrec.data.large import deal, is_large, warn_of_memory, write_dealt
from llmrec.data.mapped import read_beside, read_mapped, tables_of
from llmrec.data.movielens import is_csv_folder, read_but_ratings
from llmrec.data.named import NAMED, recognised
from llmrec.data.options import ImportOptions
from llmrec.data.sql import is_url, public_name, read_sql
from llmrec.data.writing import cleaning_metrics, write_dataset
from llmrec.errors import ConfigError, DataError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from llmrec.data.cleaning import CleaningRules
    from llmrec.data.dataset import Dataset
    from llmrec.data.tables import RawLog

READERS: dict[str, Callable[[Any, ImportOptions], RawLog]] = {
    "csv": partial(read_mapped, log_format="csv"),
    "parquet": partial(read_mapped, log_format="parquet"),
    "jsonl": partial(read_mapped, log_format="jsonl"),
    "sql": read_sql,
    **{name: known.read for name, known in NAMED.items()},
}
"""Format name -> reader; a further format is a further entry."""


_SPREADSHEET = "Save the sheet as CSV in UTF-8, and import that."
_OTHER_ENDINGS = {
    ".json": "If every line is a JSON object, say --format jsonl; else write its objects as lines: "
    "jq -c '.[]' FILE > NEW.jsonl",
    **dict.fromkeys((".xls", ".xlsx", ".ods"), _SPREADSHEET),
}


def import_dataset(
    source: str | Path,
    out: str | Path,
    *,
    format: str | None = None,
    options: ImportOptions | None = None,
    rules: CleaningRules = STRICT,
    report: Path | None = None,
) -> Dataset:
    """Read a log, check all of it, and write it as a dataset folder.

    Args:
        source: A CSV, Parquet or JSONL file, a pattern of such files, the folder or archive
            of a published data set (``NAMED``), or the URL of a database.
        out: The dataset folder; an older dataset there is replaced when the import succeeds.
        format: A key of ``READERS``; None goes by the ending, or by the folder's files.
        options: The column mapping and conventions.
        rules: What is left out, with a count; ``STRICT`` leaves out nothing and refuses whatever
            is wrong, ``CleaningRules()`` leaves out what no recommender can use.
        report: Where to tell how events are spread before and after cleaning, .html or .json.

    Returns:
        The dataset, loaded from ``out``.

    Raises:
        DataError: Any fault in the input, with file, row, column, value and remedy.
        ConfigError: An unknown format or option.
        ArtifactError: Something else than an artifact stands at ``out``.
    """
    options, out = options or ImportOptions(), Path(out)
    if report is not None:
        check_report(report)
    profiled = report is not None
    with _opened(source, format) as place:
        name = large_format(place, format)
        if name is not None:
            told = _import_large(Path(place), out, name, options, rules, profiled=profiled)
        else:
            told = _import_whole(place, out, format, options, rules, profiled=profiled)
    data = load(out, in_memory=name is None)
    if report is not None:
        titles = {item.item_id: item.title for item in data.catalogue.values()}
        write_report(report, told, source=public_name(source), titles=titles)
    return data


def read_log(
    source: str | Path, *, format: str | None, options: ImportOptions
) -> tuple[str, RawLog]:
    """Return the name of the format, and the tables as they are.

    Raises:
        DataError: A file that cannot be read, or whose format nothing tells.
        ConfigError: An unknown format.
    """
    if format is not None and format not in READERS:
        raise ConfigError(f"format: {format!r} is unknown", remedy=did_you_mean(format, READERS))
    if is_url(source):
        return "sql", read_sql(str(source), options)
    if str(source) == "-":
        raise DataError(
            "the log is not read from standard input, for it is read more than once",
            remedy="Write it to a file, and name that.",
        )
    with _opened(source, format) as opened:
        place = Path(opened)
        name = format or guess_format(place)
        warn_of_memory(place, name)
        return name, READERS[name](place, options)


@contextlib.contextmanager
def _opened(source: str | Path, format: str | None) -> Iterator[str | Path]:
    """Give a source, or the folder that an archive unpacks to.

    Raises:
        DataError: An archive that is damaged, does harm, or holds no published data set.
    """
    path = Path(source)
    if is_url(source) or not is_archive(path):
        yield source
        return
    with unpacked(path) as folder:
        if format is None and recognised(folder) is None:
            raise DataError(
                "holds no published data set that is known",
                path=path,
                remedy="Unpack it, and name the file of the log.",
            )
        yield folder


def guess_format(source: Path) -> str:
    """Return the format that a path's ending, or a folder's content, tells.

    Raises:
        DataError: It tells none, or the path does not exist.
    """
    known = ", ".join(FORMATS)
    if source.is_dir():
        if (name := recognised(source)) is not None:
            return name
        hint = f"Name a file ({known}), or a folder as published: {', '.join(NAMED)}."
        if (source / MANIFEST).is_file():
            hint = "It is an imported dataset already; use it as it is."
        raise DataError("is a folder of no known log", path=source, remedy=hint)
    found = format_of(source)
    if found is None:
        remedy = f"Say format= (--format {'|'.join(READERS)}); known endings: {known}."
        raise DataError(
            f"the ending {source.suffix!r} tells no format",
            path=source,
            remedy=_OTHER_ENDINGS.get(source.suffix.lower(), remedy),
        )
    return found


def large_format(source: str | Path, format: str | None) -> str | None:
    """Return the format of a log that is imported part by part; None for every other one."""
    path = Path(source)
    if is_url(source) or is_archive(path):
        return None
    if path.is_dir():
        fits = format in (None, "movielens") and is_csv_folder(path)
        return "movielens" if fits and is_large(path / "ratings.csv", "csv") else None
    name = format or format_of(path)
    return name if name is not None and is_large(path, name) else None


def _import_large(
    source: Path,
    out: Path,
    name: str,
    options: ImportOptions,
    rules: CleaningRules,
    *,
    profiled: bool,
) -> dict[str, Any]:
    """Import a log part by part; return what cleaning has to tell."""
    if name == "movielens":
        beside, file_format = read_but_ratings(source, options.ties), "csv"
    else:
        beside, file_format = read_beside(source, options, log_format=name), name
    with spill_folder(out) as folder:
        dealt = deal(beside.events.path or source, beside.options, file_format, folder)
        origin = _origin(name, beside.sources, options, rules)
        journal = Journal(read=dealt.n_events, profiles={} if profiled else None)
        write_dealt(dealt, out, beside, rules, journal=journal, made_from=origin)
    return journal.as_json()


def _import_whole(
    source: str | Path,
    out: Path,
    format: str | None,
    options: ImportOptions,
    rules: CleaningRules,
    *,
    profiled: bool,
) -> dict[str, Any]:
    """Import a log that is read into memory; return what cleaning has to tell."""
    name, log = read_log(source, format=format, options=options)
    tables = tables_of(log, rules, profiled=profiled)
    write_dataset(
        out,
        items=tables.items,
        interactions=tables.interactions,
        users=tables.users,
        made_from=_origin(name, tables.sources, options, rules),
        metrics=cleaning_metrics(rules, tables.journal),
    )
    return tables.journal.as_json()


def _origin(
    name: str, sources: Mapping[str, str], options: ImportOptions, rules: CleaningRules
) -> dict[str, Any]:
    """Name the files by content and the options that differ from the defaults."""
    chosen = options.model_dump(mode="json", exclude_defaults=True)
    for field in ("items", "users"):
        if (file := getattr(options, field)) is not None:
            chosen[field] = file.name
    origin: dict[str, Any] = {"reader": name, "sources": sources, "options": chosen}
    if rules != STRICT:
        origin["cleaning"] = rules.model_dump(mode="json", exclude={"latest"})
    return origin
