"""What every command has in common: files written whole or refused early, errors for programs."""

from __future__ import annotations

import json
import sys

import polars as pl
import pytest

from llmrec.artifacts import check_place, replace_file
from llmrec.cli import main
from llmrec.cli.output import checked_out, print_rows, write_rows
from llmrec.errors import ArtifactError, ConfigError

COLUMNS = {"rank": int, "reason": str, "ids": list[str]}


def test_columns_of_a_file_do_not_depend_on_what_stands_in_them(tmp_path):
    rows = [{"rank": 1, "reason": None, "ids": []}]
    write_rows(rows, tmp_path / "one.parquet", COLUMNS)
    write_rows([], tmp_path / "none.parquet", COLUMNS)
    write_rows([], tmp_path / "none.jsonl", COLUMNS)
    one, none = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("one", "none"))
    assert (
        one.schema
        == none.schema
        == pl.Schema({"rank": pl.Int64, "reason": pl.String, "ids": pl.List(pl.String)})
    )
    assert (one.height, none.height) == (1, 0)
    assert (tmp_path / "none.jsonl").read_bytes() == b""


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "rows.jsonl"
    with replace_file(path) as draft:
        draft.write_text("old")
    with pytest.raises(ValueError, match="surrogates"), replace_file(path) as draft:
        draft.write_text("half \ud800")  # a lone surrogate has no UTF-8
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["rows.jsonl"]


def test_a_place_that_cannot_be_written_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    for refused in (checked_out, lambda path: check_place(path, "fusion")):
        with pytest.raises(ArtifactError, match="file is not a folder"):
            refused(tmp_path / "file" / "deeper" / "out.jsonl")
    with pytest.raises(ArtifactError, match="cannot be written"), replace_file(tmp_path):
        pass


def test_a_cache_that_cannot_be_made_is_refused_by_name(tmp_path):
    from llmrec.llm import EngineConfig, open_engine

    (tmp_path / "file").write_text("")
    config = EngineConfig(kind="scripted", cache=tmp_path / "file" / "answers.sqlite")
    with pytest.raises(ArtifactError, match=r"answers\.sqlite cannot be written"):
        open_engine(config)


def test_an_ending_is_refused_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match=r"'\.csv'"):
        checked_out(tmp_path / "x.csv")
    assert checked_out(tmp_path / "x.trec", (".trec",)) == tmp_path / "x.trec"


@pytest.mark.parametrize(
    ("words", "code", "kind", "says"),
    [
        (("data", "show", "nowhere"), 5, "ArtifactError", "nowhere holds no manifest.json"),
        (("data", "show", "--bogus"), 2, "ConfigError", "--bogus"),
        (("recommend", "-k", "many"), 2, "ConfigError", "'-k'"),
        (("recommend", "--user", "a", "--out", "x.csv"), 2, "ConfigError", "'.csv'"),
    ],
)
def test_with_json_an_error_is_one_json_object(words, code, kind, says, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["llmrec", *words, "--json"])
    with pytest.raises(SystemExit) as done:
        main()
    printed = capsys.readouterr()
    told = json.loads(printed.err)
    assert done.value.code == told["exit_code"] == code
    assert told["error"] == kind
    assert says in told["message"]
    assert printed.out == ""


def test_what_a_log_holds_cannot_steer_the_terminal(capsys):
    print_rows([{"title": "\x1b[31mred\x07 \u009b2J", "more": "tab\there, café, 😀"}])
    told = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u009b", "\t"} & set(told)
    for part in (r"\x1b[31mred\x07 \x9b2J", r"tab\there", "café, 😀"):
        assert part in told
