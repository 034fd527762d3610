"""Dense examples: every event of a history is a target, and its title's likelihood is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.progress import track
from llmrec.training.positions import draw_of, newest, queries_of, training_sizes
from llmrec.training.questions import questions
from llmrec.training.tree import Tree, build_tree
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.data import Split
    from llmrec.rerank.scorer import EngineScorer
    from llmrec.training.card import DataCard
    from llmrec.training.recipe import Recipe, StageSettings
    from llmrec.types import Catalogue, Query

WINDOW = 32
"""Targets of one example, at most."""


def dense_examples(
    split: Split, recipe: Recipe, stage: StageSettings, scorer: EngineScorer, card: DataCard
) -> list[Tree]:
    """Return windows of users' histories, users in a drawn order; the card counts them."""
    trees: list[Tree] = []
    sizes = training_sizes(split)
    users = list(sizes)
    order = draw_of("users", recipe.seed).permutation(len(users))
    for n in track(order, "Making dense examples"):
        if stage.max_examples is not None and len(trees) >= stage.max_examples:
            break
        queries = queries_of(split, users[n], sizes[users[n]])
        card.users += bool(queries)
        card.positions += len(queries)
        trees += _windows(queries, split.dataset.catalogue, stage, scorer, card)
    kept = trees[: stage.max_examples]
    for tree in kept:
        card.count(tree)
    return kept


def _windows(
    queries: Sequence[Query],
    catalogue: Catalogue,
    stage: StageSettings,
    scorer: EngineScorer,
    card: DataCard,
) -> list[Tree]:
    """Return one user's targets in windows that fit, each shown as a history of its own.

    A window's histories begin a few events before its first target: so they have varied lengths,
    and successive prompts share their beginning.
    """
    trees: list[Tree] = []
    start, size = 0, WINDOW
    while start < len(queries):
        chosen = queries[start : start + size]
        tree = _tree(chosen, catalogue, scorer, lead=max(1, size // 4))
        if len(tree) > stage.max_tokens and len(chosen) > 1:
            size = max(1, len(chosen) // 2)
            continue
        start += len(chosen)
        if len(tree) > stage.max_tokens:
            card.too_long += 1
        else:
            trees.append(tree)
    return trees


def _tree(
    queries: Sequence[Query], catalogue: Catalogue, scorer: EngineScorer, *, lead: int
) -> Tree:
    """Return one window: successive moments of a user, at most ``lead`` events before the first."""
    begin = max(0, len(queries[0].history.interactions) - lead)
    histories = [newest(q.history, len(q.history.interactions) - begin) for q in queries]
    taken = [
        [Candidate(item=catalogue[q.target.item_id], score=0.0, rank=1, source="log")]
        for q in queries
    ]
    return build_tree(questions(scorer, histories, taken, [0] * len(queries)))
