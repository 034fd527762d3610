"""TREC files hold the run's lists, and judge to the same figures."""

from __future__ import annotations

import polars as pl
import pytest

from llmrec.errors import DataError
from llmrec.evaluation import EvaluateConfig, RunFolder, evaluate
from llmrec.evaluation.trec import write_trec_files


def test_recall_counted_from_the_files_is_the_run_s(log, loo, tmp_path):
    config = EvaluateConfig(resamples=20)
    results = evaluate(log, loo, out=tmp_path / "run", rows=["last-item"], config=config)
    files = write_trec_files(RunFolder.open(tmp_path / "run"), tmp_path / "trec")
    assert [file.name for file in files] == ["qrels.txt", "last-item.trec"]
    wanted = {line.split()[0]: line.split()[2] for line in files[0].read_text().splitlines()}
    lines = [line.split() for line in files[1].read_text().splitlines()]
    hits = sum(wanted[query] == item for query, _, item, rank, *_ in lines if int(rank) <= 10)
    value = results["rows"][0]["metrics"]["recall@10"]["value"]
    assert hits / len(wanted) == pytest.approx(value, abs=0.05)  # ties have one order in a file
    by_query = {}
    for query, _, _, _, score, _ in lines:
        by_query.setdefault(query, []).append(float(score))
    assert all(scores == sorted(set(scores), reverse=True) for scores in by_query.values())


def test_ids_that_are_not_one_word_are_refused(log, loo, tmp_path):
    evaluate(log, loo, out=tmp_path / "run", rows=["random"], config=EvaluateConfig(resamples=2))
    items = tmp_path / "run" / "items.parquet"
    pl.read_parquet(items).with_columns(item_id=pl.lit("a b")).write_parquet(items)
    with pytest.raises(DataError, match="item id 'a b' is not one word"):
        write_trec_files(RunFolder.open(tmp_path / "run"), tmp_path / "trec")
