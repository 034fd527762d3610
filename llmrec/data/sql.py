"""Tables and queries of databases: SQLite, DuckDB and PostgreSQL, read only and named by a URL."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import logging
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import polars as pl

from llmrec.data.decoding import require_file
from llmrec.data.raw import RawTable
from llmrec.data.tables import RawLog
from llmrec.errors import ConfigError, DataError, did_you_mean, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llmrec.data.options import ImportOptions

log = logging.getLogger(__name__)

_BATCH_ROWS = 100_000
_MANY_ROWS = 2_000_000


def is_url(source: object) -> bool:
    """Return whether a source is the URL of a database, or was meant to be one."""
    return "://" in str(source)


def read_sql(url: str, options: ImportOptions) -> RawLog:
    """Read a log, and its items where a table or query of them is named.

    Args:
        url: ``sqlite:///relative.db`` (four slashes: absolute), ``duckdb:///relative.duckdb`` or
            ``postgresql://user@host:port/database``.
        options: ``table`` or ``query``, and ``items_table`` or ``items_query``.

    Raises:
        ConfigError: An unknown kind of database, or neither or both of table and query.
        DataError: The database cannot be reached or read, or the query fails.
        MissingExtraError: The database's driver is not installed.
    """
    kind = urlsplit(url).scheme
    if kind not in _CONNECT:
        remedy = did_you_mean(kind, _CONNECT)
        if kind in {"http", "https", "ftp", "s3", "gs"}:
            remedy = "Fetch the file first, and name it here."
        raise ConfigError(f"no database of the kind {kind!r} is known", remedy=remedy)
    if options.items is not None:
        raise ConfigError(
            "items= (--items) names a file, but the log is in a database",
            remedy="Say items_table= (--items-table) or items_query= (--items-query).",
        )
    query = _query(options.table, options.query, what="table")
    items = _query(options.items_table, options.items_query, what="items_table")
    if query is None:
        raise ConfigError(
            "neither table= (--table) nor query= (--query) says what to read of the database"
        )
    with _connected(url) as open_cursor:
        events = _table(url, query, open_cursor)
        listed = None if items is None else _table(url, items, open_cursor)
    tables = {query: events} if listed is None or items is None else {query: events, items: listed}
    return RawLog(
        events=events,
        items=listed,
        options=options,
        items_path=None if listed is None else listed.path,
        sources={f"{public_name(url)} {text}": _sha256(one) for text, one in tables.items()},
    )


def _query(table: str | None, query: str | None, *, what: str) -> str | None:
    """Return the query that is meant; a table's name may begin with its schema and a dot."""
    if table is not None and query is not None:
        raise ConfigError(f"{what}= and {what.replace('table', 'query')}= are both given; keep one")
    if table is None:
        return query
    parts = (part.replace('"', '""') for part in table.split("."))
    return "SELECT * FROM " + ".".join(f'"{part}"' for part in parts)  # noqa: S608 - quoted names


def _table(url: str, query: str, open_cursor: Callable[[], Any]) -> RawTable:
    """Run a query and return its rows, fetched in batches."""
    path = Path(public_name(url))
    try:
        with contextlib.closing(open_cursor()) as cursor:
            frame = _fetched(cursor, query, path)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"a column of {query!r} holds values of several types: {error}",
            path=path,
            remedy="Cast it in a query: CAST(column AS TEXT).",
        ) from error
    except Exception as error:
        if not type(error).__module__.startswith(("sqlite3", "duckdb", "_duckdb", "psycopg")):
            raise
        raise DataError(f"{query!r} fails: {error}", path=path) from error
    return RawTable.of(path, frame)


def _fetched(cursor: Any, query: str, path: Path) -> pl.DataFrame:  # noqa: ANN401 - any driver's
    """Return all rows, fetched in batches; many are warned of, for they are held in memory."""
    cursor.execute(query)
    frames: list[pl.DataFrame] = []
    while rows := cursor.fetchmany(_BATCH_ROWS):
        if len(frames) * _BATCH_ROWS == _MANY_ROWS:
            log.warning(
                "%s: has more than %s rows, which are read in one piece; that takes about 0.2 GB "
                "of memory a million rows, so write a much larger table to Parquet files first",
                path,
                f"{_MANY_ROWS:,}",
            )
        names = [column[0] for column in cursor.description]
        frames.append(pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None))
    return pl.concat(frames, how="vertical_relaxed") if frames else pl.DataFrame()


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Callable[[], Any]]:
    """Give a function that opens a cursor; nothing can be written through it."""
    with _CONNECT[urlsplit(url).scheme](url) as open_cursor:
        yield open_cursor


@contextlib.contextmanager
def _sqlite(url: str) -> Iterator[Callable[[], Any]]:
    path = _file_of(url)
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise DataError(f"cannot be opened: {error}", path=path) from error
    with contextlib.closing(connection):
        yield connection.cursor


@contextlib.contextmanager
def _duckdb(url: str) -> Iterator[Callable[[], Any]]:
    duckdb = require("duckdb", "logs")
    path = _file_of(url)
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise DataError(f"cannot be opened: {error}", path=path) from error
    with contextlib.closing(connection):
        yield connection.cursor


@contextlib.contextmanager
def _postgresql(url: str) -> Iterator[Callable[[], Any]]:
    psycopg = require("psycopg", "logs")
    try:
        connection = psycopg.connect(url)
    except psycopg.Error as error:
        raise DataError(
            f"cannot be reached: {error}",
            path=public_name(url),
            remedy="Is the server running, and are user, password and database right?",
        ) from None
    with contextlib.closing(connection):
        connection.read_only = True
        number = itertools.count()
        yield lambda: connection.cursor(name=f"llmrec_{next(number)}")  # on the server


_CONNECT: dict[str, Callable[[str], contextlib.AbstractContextManager[Callable[[], Any]]]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "postgresql": _postgresql,
    "postgres": _postgresql,
}


def _file_of(url: str) -> Path:
    """Return the file of ``sqlite:///relative`` or ``sqlite:////absolute``."""
    path = Path(unquote(urlsplit(url).path)[1:])
    require_file(path)
    return path


def public_name(source: object) -> str:
    """Return a URL without user and password, as messages and manifests show it; paths as such."""
    if not is_url(source):
        return str(source)
    parts = urlsplit(str(source))
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}:{'//' + host if host else ''}{parts.path}"


def _sha256(table: RawTable) -> str:
    """Return the SHA-256 of a table's content."""
    stream = io.BytesIO()
    table.frame.write_ipc_stream(stream, compression="uncompressed")
    return hashlib.sha256(stream.getbuffer()).hexdigest()
