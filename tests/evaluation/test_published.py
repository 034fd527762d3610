"""EASE reproduces what was measured with other code on the published logs."""

from __future__ import annotations

import pytest

from llmrec.data import SplitProtocol, split
from llmrec.evaluation import ROWS, Fitting
from llmrec.evaluation.ranking import rank_queries, ranks_of
from llmrec.metrics import ndcg, recall

CARD = SplitProtocol.named("llamarec.v1")
FILE_ORDER = CARD.model_copy(update={"tie_order": "as-imported"})


@pytest.mark.parametrize(
    ("log", "card", "decay", "expected"),
    [
        ("ml_small", CARD, 0.8, {10: (0.1328, 0.0745), 20: (0.192, None), 50: (0.313, None)}),
        ("ml_small", CARD, 1.0, {10: (0.0885, 0.0410)}),
        ("ml_100k", CARD, 0.9, {10: (0.1453, 0.0754), 20: (0.234, None), 50: (0.400, None)}),
        ("ml_100k", CARD, 1.0, {10: (0.0901, 0.0417)}),
        ("ml_100k", FILE_ORDER, 0.9, {10: (0.1951, 0.1022), 20: (0.297, None), 50: (0.455, None)}),
    ],
)
def test_ease_figures(log, card, decay, expected, request):
    parts = split(request.getfixturevalue(log), card)
    fitting = Fitting(catalogue=parts.dataset.catalogue, events=parts.train_for_test)
    ranker = ROWS["ease"].fit(fitting, {"regularisation": 200.0, "decay": decay})
    ranks = ranks_of(
        rank_queries(ranker, parts.test, fitting.catalogue, seen="mask", list_length=10)
    )
    for k, (hits, gain) in expected.items():
        assert recall(ranks, k).mean() == pytest.approx(hits, abs=0.0006)
        if gain is not None:
            assert recall(ranks, k).mean() == pytest.approx(hits, abs=0.00006)
            assert ndcg(ranks, k).mean() == pytest.approx(gain, abs=0.00006)
