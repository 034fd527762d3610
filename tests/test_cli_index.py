"""``llmrec index``, from a log to a search."""

from __future__ import annotations

import json
import sys

import polars as pl
import pytest

from llmrec.cli import main

FILMS = [
    ("f1", "Harbour Lights", "Drama"),
    ("f2", "Samurai Dawn", "Action"),
    ("f3", "Samurai Dusk", "Action"),
    ("f4", "[red]Odd[/wrong] title", "Comedy"),
]


@pytest.fixture
def dataset(tmp_path):
    from llmrec.data import write_dataset
    from llmrec.types import Item

    items = [
        Item(item_id=i, title=title, attributes={"genres": (genre,)}) for i, title, genre in FILMS
    ]
    events = pl.DataFrame({"user_id": ["u", "u"], "item_id": ["f1", "f2"], "timestamp_s": [10, 20]})
    path = tmp_path / "films"
    write_dataset(path, items=items, interactions=events, made_from={"source": "test"})
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run one command line; return exit code, output and errors."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["llmrec", "index", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        answer = capsys.readouterr()
        return stop.value.code, answer.out, answer.err

    return call


@pytest.fixture
def index(dataset, tmp_path, run):
    code, out, _ = run("build", dataset, tmp_path / "films.index", "--encoder", "hash")
    assert code == 0
    assert "4 of 4" in out
    return tmp_path / "films.index"


def test_build_tells_what_it_made(dataset, tmp_path, run):
    code, out, _ = run("build", dataset, tmp_path / "i", "--encoder", "hash-64", "--json")
    facts = json.loads(out)
    assert code == 0
    assert (facts["items"], facts["dimension"]) == (4, 64)
    assert facts["made_from"]["encoder"].startswith("hash-64@")
    assert json.loads(run("show", tmp_path / "i", "--json")[1]) == facts


def test_search_finds_by_words_in_a_table_and_as_json(index, run):
    code, out, _ = run("search", index, "samurai", "-k", "2", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {row["item_id"] for row in rows} == {"f2", "f3"}
    assert [row["rank"] for row in rows] == [1, 2]
    code, out, _ = run("search", index, "odd title")
    assert code == 0
    assert "[red]Odd[/wrong] title" in out
    assert "Samurai Dusk" in out


def test_similar_leaves_the_item_itself_out(index, run):
    code, out, _ = run("similar", index, "f2", "-k", "9", "--json")
    assert code == 0
    found = [row["item_id"] for row in json.loads(out)]
    assert found[0] == "f3"
    assert sorted(found) == ["f1", "f3", "f4"]


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_rows_go_to_a_file(index, tmp_path, run, ending):
    file = tmp_path / f"rows.{ending}"
    assert run("similar", index, "f2", "--out", file)[0] == 0
    rows = pl.read_parquet(file) if ending == "parquet" else pl.read_ndjson(file)
    assert rows["item_id"].to_list()[0] == "f3"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("similar", "INDEX", "f22"), 4, "Did you mean 'f2'"),
        (("search", "INDEX", "  "), 2, "is empty"),
        (("search", "INDEX", "x", "--encoder", "hash-64"), 5, "made by encoder 'hash-256@"),
        (("search", "INDEX", "x", "-k", "0"), 2, "-k"),
        (("show", "nowhere"), 5, "manifest.json"),
        (("build", "nowhere", "out"), 5, "manifest.json"),
        (("build", "DATASET", "out", "--recipe", "flat.v9"), 2, "'flat.v1'"),
        (("build", "DATASET", "out", "--encoder", "minilmm"), 7, "Did you mean 'minilm'"),
    ],
)
def test_mistakes_have_an_exit_code_and_a_remedy(index, dataset, run, words, code, says):
    places = {"INDEX": index, "DATASET": dataset}
    got, _, err = run(*(places.get(word, word) for word in words))
    assert got == code
    assert says in err


def test_a_damaged_index_is_refused(index, run):
    file = index / "vectors.faiss"
    file.write_bytes(file.read_bytes()[:-4])
    code, _, err = run("show", index)
    assert code == 5
    assert "vectors.faiss is damaged" in err


def test_verify_reads_all_and_names_what_is_damaged(index, run):
    code, out, _ = run("verify", index)
    assert code == 0
    assert "as it was" in out
    file = index / "vectors.faiss"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    code, _, err = run("verify", index)
    assert code == 5
    assert "vectors.faiss is damaged between bytes 0 and" in err


def test_a_kind_for_many_items_is_exact_on_few_and_says_so(dataset, tmp_path, run):
    code, out, _ = run("build", dataset, tmp_path / "i", "--encoder", "hash", "--recipe", "hnsw.v1")
    assert code == 0
    assert "kind       flat\n" in out
    assert "hnsw.v1" in out
