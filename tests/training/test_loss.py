"""What training computes is what serving computes: the same scores, by the same prompts."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.llm import TransformersEngine
from llmrec.llm.causal_model import load_model
from llmrec.recommender import build_scorer
from llmrec.training.batches import collate
from llmrec.training.loss import RankingLoss
from llmrec.training.questions import questions
from llmrec.training.tree import build_tree
from llmrec.training.validation import halves

torch = pytest.importorskip("torch")

MAKES = {
    "llama": ("Llama", {}),
    "qwen3": ("Qwen3", {}),
    "gemma2-window-softcap": ("Gemma2", {"sliding_window": 24, "final_logit_softcapping": 5.0}),
    "mistral-window": ("Mistral", {"sliding_window": 24}),
}


@pytest.mark.parametrize("scorer", ["likelihood", "labels"])
@pytest.mark.parametrize("make", MAKES)
def test_a_tree_gives_the_scores_that_serving_gives(make, scorer, tiny, make_recipe, folds):
    name, options = MAKES[make]
    folder = tiny(name, **options)
    recipe = make_recipe("listwise", scorer=scorer)
    engine = TransformersEngine(folder, dtype="float32", device="cpu")
    serving = build_scorer(engine, folds.dataset.catalogue, recipe.serving)
    half, _, _ = halves(folds, recipe)
    chosen = half.asked[:3]
    histories = [half.queries[n].history for n in chosen]
    candidates = [half.candidates[n] for n in chosen]
    trees = [build_tree([q]) for q in questions(serving, histories, candidates, [0] * 3)]
    model = load_model(folder, dtype="float32", device="cpu")
    loss = RankingLoss(model, "listwise", per_token=True)
    with torch.inference_mode():
        scores = loss.scores(model, collate(trees)).double().numpy()
    rankings = serving.rerank(histories, candidates)
    for n, ranking in enumerate(rankings):
        ours = scores[n * 6 : n * 6 + 6]
        ours = ours - np.log(np.exp(ours).sum())
        by_id = {c.item.item_id: s for c, s in zip(ranking.candidates, ranking.scores, strict=True)}
        theirs = [by_id[c.item.item_id] for c in candidates[n]]
        np.testing.assert_allclose(ours, theirs, atol=5e-4)


def test_pieces_of_the_head_give_the_gradient_of_the_whole(base, make_recipe, folds, monkeypatch):
    recipe = make_recipe()
    engine = TransformersEngine(base, dtype="float32", device="cpu")
    serving = build_scorer(engine, folds.dataset.catalogue, recipe.serving)
    half, _, _ = halves(folds, recipe)
    n = half.asked[0]
    asked = questions(serving, [half.queries[n].history], [half.candidates[n]], [1])
    model = load_model(base, dtype="float32", device="cpu")
    batch, weight = collate([build_tree(asked)]), model.model.layers[0].mlp.up_proj.weight
    found = {}
    for size in (3, 256):
        monkeypatch.setattr("llmrec.training.loss.READ_AT_ONCE", size)
        for objective in ("dense", "listwise"):
            model.zero_grad()
            RankingLoss(model, objective, per_token=True)(model, batch).backward()
            found[size, objective] = weight.grad.clone()
    for objective in ("dense", "listwise"):
        torch.testing.assert_close(found[3, objective], found[256, objective])
        assert found[3, objective].abs().sum() > 0
