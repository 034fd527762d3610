"""What a query's prompt shows: the listed order, the budget, the part shared with explaining."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.llm import ScriptedEngine
from llmrec.rerank.context import PromptContext, listing_order
from llmrec.templates import load_template


def test_the_listed_order_is_not_the_retrievers_and_repeats(kit):
    order = listing_order(kit.history_of(), kit.TWENTY)
    assert sorted(order) == list(range(20))
    assert order != tuple(range(20))
    assert listing_order(kit.history_of(), kit.TWENTY) == order


def test_the_listed_order_comes_from_the_content_alone(kit):
    def listed(history, candidates, **options):
        return [candidates[n].item.item_id for n in listing_order(history, candidates, **options)]

    history = kit.history_of()
    order = listed(history, kit.TWENTY)
    renamed = dataclasses.replace(history, user_id="somebody else")
    rescored = kit.candidates_of([c.item.item_id for c in reversed(kit.TWENTY)])
    assert listed(renamed, kit.TWENTY) == order
    assert listed(history, rescored) == order
    # An event that is left out must not reshuffle the list: only its own effect may show.
    assert listed(history.without([4]), kit.TWENTY) == order
    later = dataclasses.replace(history, as_of=kit.NOW + timedelta(seconds=1))
    others = [
        listed(history, kit.TWENTY, order_seed=1),
        listed(history, kit.TWENTY, repeat=1),
        listed(kit.history_of(1), kit.TWENTY),
        listed(later, kit.TWENTY),
    ]
    assert all(other != order for other in others)


def test_every_candidate_is_listed_everywhere_equally_often(kit):
    places = np.zeros((5, 5))
    for seed in range(1000):
        order = listing_order(kit.history_of(), kit.TWENTY[:5], order_seed=seed)
        places[range(5), list(order)] += 1
    # 200 expected in every cell, standard deviation 12.6.
    assert np.abs(places - 200).max() < 4 * 12.6


@pytest.mark.parametrize("kind", ["labels", "markers", "likelihood", "pointwise"])
def test_explaining_begins_with_the_same_text_as_ranking(kit, kind):
    engine = ScriptedEngine()
    scorer = getattr(kit, kind)(engine)
    history = kit.history_of()
    scorer.rerank([history], [kit.TWENTY])
    ranked = kit.text_of(engine, engine.calls[0].prompts[0])
    variables = scorer.context.variables(history, kit.TWENTY)
    explained = engine.tokenizer.chat(
        load_template("explain/reason.v1").messages(
            **variables, item="Film 041", evidence=(), language="English"
        ),
        as_of=kit.NOW,
    )
    task = "\nCandidate: " if kind == "pointwise" else "\nWhich "
    shared = ranked.split(task)[0]
    assert "Film 007" in shared or "Film 000" in shared
    assert explained.startswith(shared + "\n")


def test_a_long_history_is_cut_to_its_budget_and_to_the_models_context(kit):
    engine = ScriptedEngine()
    long = kit.history_of(n_events=30)
    sizes = []
    for tokens in (200, 400):
        kit.labels(engine, history_tokens=tokens).rerank([long], [kit.TWENTY[:2]])
        sizes.append(len(engine.calls[-1].prompts[0]))
    assert 100 < sizes[1] - sizes[0] < 300
    small = ScriptedEngine(context_length=1200)
    (ranking,) = kit.labels(small).rerank([long], [kit.TWENTY[:5]])
    assert len(ranking.candidates) == 5
    assert len(small.calls[0].prompts[0]) <= 1200


def test_no_room_for_a_history_is_an_error_with_the_figures(kit):
    engine = ScriptedEngine(context_length=1000)
    with pytest.raises(ConfigError, match="context of 1000 tokens 768 are kept free"):
        kit.labels(engine).rerank([kit.history_of()], [kit.TWENTY])


def test_a_users_text_does_not_depend_on_the_others_candidates(kit):
    engine = ScriptedEngine(context_length=1500)
    context = PromptContext(engine, kit.serializer_of(engine), max_listed=26, history_tokens=600)
    long = kit.history_of(n_events=30)
    alone = context.variables(long, kit.TWENTY[:2])
    beside = context.shared([long, long], [kit.TWENTY, kit.TWENTY[:2]])
    assert beside[1][0].variables == alone
    assert len(beside[0][0].variables["history"]) < len(alone["history"])
