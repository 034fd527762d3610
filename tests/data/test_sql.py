"""Logs in databases: the same dataset from each, read only, and no password told."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from llmrec.artifacts import MANIFEST
from llmrec.data import ImportOptions, import_dataset, sql
from llmrec.errors import ConfigError, DataError

STATEMENTS = [
    'CREATE TABLE "Plays" (who TEXT, what TEXT, played BIGINT, stars DOUBLE PRECISION)',
    "INSERT INTO \"Plays\" VALUES ('0012', 'a', 1700000000, 4.5), ('0012', 'b', 1700000001, NULL),"
    " ('7', 'a', 1600000000, 1)",
    "CREATE TABLE tracks (id TEXT, name TEXT, bpm INTEGER)",
    "INSERT INTO tracks VALUES ('a', 'So What', 136), ('b', 'Blue in Green', 55)",
]
MAPPING = {
    "user": "who",
    "item": "what",
    "time": "played",
    "rating": "stars",
    "time_unit": "s",
    "table": "Plays",
    "items_table": "tracks",
    "item_id": "id",
    "title": "name",
}


@pytest.fixture
def sqlite(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.commit()
    return f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture
def duckdb(tmp_path):
    library = pytest.importorskip("duckdb")
    with library.connect(str(tmp_path / "log.duckdb")) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
    return f"duckdb:///{tmp_path / 'log.duckdb'}"


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server of our own, on loopback, under a user that it agrees to run as."""
    pytest.importorskip("psycopg")
    initdb = shutil.which("initdb") or next(
        (str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None
    )
    if initdb is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="llmrec-pg-"))
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tools = Path(initdb).resolve().parent

    def run(tool, *arguments):
        command = [tools / tool, "-D", folder / "data", *arguments]
        return subprocess.run(command, check=False, cwd=folder, capture_output=True, **user)  # noqa: S603

    try:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        (folder / "word").write_text("s3cret")
        (folder / "word").chmod(0o644)
        made = run("initdb", "-A", "scram-sha-256", "-U", "ann", "--pwfile", folder / "word")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -k {folder} -c fsync=off"
        started = run("pg_ctl", "-w", "-l", folder / "log", "-o", options, "start")
        if made.returncode or started.returncode:
            pytest.skip(f"PostgreSQL does not start: {made.stderr + started.stderr!r:.300}")
        yield f"postgresql://ann:s3cret@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(server):
    import psycopg

    with psycopg.connect(server) as connection:
        connection.execute('DROP TABLE IF EXISTS "Plays", tracks')
        for statement in STATEMENTS:
            connection.execute(statement)
    return server


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def url(request):
    return request.getfixturevalue(request.param)


def test_every_database_gives_the_same_dataset(url, tmp_path):
    data = import_dataset(url, tmp_path / "data", options=ImportOptions.of(MAPPING))
    assert data.users == ("0012", "7")
    assert [(event.item_id, event.rating) for event in data.events("0012")] == [
        ("a", 4.5),
        ("b", None),
    ]
    assert data.catalogue["b"].title == "Blue in Green"
    assert data.catalogue["b"].attributes == {"bpm": 55}
    again = import_dataset(url, tmp_path / "again", options=ImportOptions.of(MAPPING))
    assert again.sha256 == data.sha256
    assert "s3cret" not in (tmp_path / "data" / MANIFEST).read_text()
    assert len(json.loads((tmp_path / "data" / MANIFEST).read_text())["made_from"]["sources"]) == 2


def test_a_query_reads_times_of_the_database(url, tmp_path):
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no type for times")
    query = 'SELECT who, what, to_timestamp(played) AS "when" FROM "Plays" WHERE stars IS NOT NULL'
    options = ImportOptions(user="who", item="what", time="when", query=query)
    data = import_dataset(url, tmp_path / "data", options=options)
    assert len(data) == 2
    assert data.last_moment.timestamp() == 1_700_000_000


@pytest.mark.parametrize(
    "query",
    ['DROP TABLE "Plays"', 'DELETE FROM "Plays" RETURNING *', "INSERT INTO tracks VALUES (1)"],
)
def test_nothing_can_be_written(query, url, tmp_path):
    options = ImportOptions.of(MAPPING)
    before = import_dataset(url, tmp_path / "before", options=options)
    harmful = options.model_copy(update={"table": None, "query": query})
    with pytest.raises(DataError):
        import_dataset(url, tmp_path / "data", options=harmful)
    assert import_dataset(url, tmp_path / "after", options=options).sha256 == before.sha256
    assert not (tmp_path / "data").exists()


def test_faults_name_the_query_and_no_password(url, tmp_path):
    for changes, parts in (
        ({"table": "plais"}, ["plais"]),
        ({"table": None, "query": "SELEC 1"}, ["SELEC 1"]),
        ({"user": "whom"}, ["column 'whom'", "Did you mean 'who'?"]),
        ({"table": None, "query": 'SELECT * FROM "Plays" WHERE 1 = 2'}, ["0 rows"]),
    ):
        with pytest.raises(DataError) as caught:
            import_dataset(url, tmp_path / "data", options=ImportOptions.of({**MAPPING, **changes}))
        assert not [part for part in parts if part not in str(caught.value)], caught.value
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"table": None}, "neither table="),
        ({"query": "SELECT 1"}, "both given"),
        ({"items_query": "SELECT 1"}, "both given"),
        ({"items_table": None, "items": "items.csv"}, "--items-table"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(changes, fault, sqlite, tmp_path):
    with pytest.raises(ConfigError, match=fault):
        import_dataset(sqlite, tmp_path / "data", options=ImportOptions.of({**MAPPING, **changes}))


def test_other_databases_and_missing_files_are_refused(tmp_path):
    options = ImportOptions(table="t")
    with pytest.raises(ConfigError, match="Did you mean 'sqlite'"):
        import_dataset("sqlit:///x.db", tmp_path / "data", options=options)
    with pytest.raises(DataError, match="does not exist"):
        import_dataset(f"sqlite:///{tmp_path}/x.db", tmp_path / "data", options=options)
    (tmp_path / "no.db").write_text("not a database, but some text that is long enough" * 20)
    with pytest.raises(DataError, match="not a database"):
        import_dataset(f"sqlite:///{tmp_path}/no.db", tmp_path / "data", options=options)


def test_a_server_that_cannot_be_reached_is_told_without_the_password(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(DataError, match="cannot be reached") as caught:
        import_dataset(
            "postgresql://ann:s3cret@127.0.0.1:1/x", tmp_path, options=ImportOptions(table="t")
        )
    assert "s3cret" not in str(caught.value)


def test_a_column_of_numbers_and_texts_is_text(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("CREATE TABLE t (user_id, item_id, timestamp)")
        connection.execute("INSERT INTO t VALUES ('u', 'a', 1), (2, 'a', 1)")
        connection.commit()
    url = f"sqlite:///{tmp_path / 'log.db'}"
    options = ImportOptions(table="t", time_unit="s")
    assert import_dataset(url, tmp_path / "data", options=options).users == ("2", "u")


def test_a_table_of_many_rows_says_how_much_memory_it_takes(sqlite, tmp_path, monkeypatch, caplog):
    for many, warned in ((3, False), (2, True)):
        monkeypatch.setattr(sql, "_BATCH_ROWS", 1)
        monkeypatch.setattr(sql, "_MANY_ROWS", many)
        caplog.clear()
        import_dataset(sqlite, tmp_path / str(many), options=ImportOptions.of(MAPPING))
        assert ("more than 2 rows, which are read in one piece" in caplog.text) == warned
