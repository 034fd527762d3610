"""Listwise examples: what a retriever proposes at a position, and which of it was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.progress import track
from llmrec.training.positions import draw_of, newest
from llmrec.training.proposals import honest_positions
from llmrec.training.questions import questions
from llmrec.training.tree import Tree, build_tree
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.data import Split
    from llmrec.rerank.scorer import EngineScorer
    from llmrec.training.card import DataCard
    from llmrec.training.recipe import CandidateSettings, Recipe, StageSettings
    from llmrec.types import Catalogue, Item, Query

CHUNK = 64
"""Positions whose prompts are rendered together."""
FULL = 0.5
"""Share of the examples that show their whole history; the others begin at a drawn event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A position and what is to be told apart at it."""

    query: Query
    candidates: list[Candidate]
    target: int
    """Place of what was chosen among the candidates."""


def listwise_examples(
    split: Split, recipe: Recipe, stage: StageSettings, scorer: EngineScorer, card: DataCard
) -> list[Tree]:
    """Return one example a choice, in a drawn order; the card counts them."""
    choices = make_choices(split, recipe, card)
    order = draw_of("choices", recipe.seed).permutation(len(choices))
    chosen = [choices[n] for n in order[: stage.max_examples]]
    trees: list[Tree] = []
    for start in track(range(0, len(chosen), CHUNK), "Making listwise examples"):
        for tree in _trees(chosen[start : start + CHUNK], scorer, recipe.seed):
            if len(tree) > stage.max_tokens:
                card.too_long += 1
                continue
            trees.append(tree)
            card.count(tree)
    return trees


def make_choices(split: Split, recipe: Recipe, card: DataCard) -> list[Choice]:
    """Return positions whose target the retriever found, and a bounded share of injected ones."""
    settings = recipe.candidates
    found: list[Choice] = []
    missed: list[tuple[Query, list[Candidate]]] = []
    for retriever, queries, parted in honest_positions(split, settings, seed=recipe.seed):
        histories = [query.history for query in queries]
        rows = retriever.retrieve(histories, settings.most, seen=split.protocol.seen)
        card.proposed_by.append(f"{retriever.identity} ({parted})")
        card.positions += len(queries)
        card.users += len({history.user_id for history in histories})
        for query, row in zip(queries, rows, strict=True):
            if any(c.item.item_id == query.target.item_id for c in row):
                found.append(_choice(query, row, settings, recipe.seed))
            elif row:
                missed.append((query, row))
    card.found = len(found)
    injected = _injected(missed, len(found), split.dataset.catalogue, recipe)
    card.injected = len(injected)
    choices = [*found, *injected]
    sizes = [len(choice.candidates) for choice in choices]
    card.candidates_mean = sum(sizes) / len(sizes) if sizes else 0.0
    return choices


def _injected(
    missed: Sequence[tuple[Query, list[Candidate]]],
    n_found: int,
    catalogue: Catalogue,
    recipe: Recipe,
) -> list[Choice]:
    """Return choices whose target takes the last candidate's place, as many as the share allows."""
    share = recipe.candidates.injected_share
    order = draw_of("injected", recipe.seed).permutation(len(missed))
    chosen = [missed[n] for n in order[: int(share / (1 - share) * n_found)]]
    return [
        _choice(query, _with(row, catalogue[query.target.item_id]), recipe.candidates, recipe.seed)
        for query, row in chosen
    ]


def _with(row: Sequence[Candidate], item: Item) -> list[Candidate]:
    """Return the candidates with the last one's place given to an item."""
    last = row[-1]
    placed = Candidate(item=item, score=last.score, rank=last.rank, source=last.source)
    return [*row[:-1], placed]


def _choice(
    query: Query, row: Sequence[Candidate], settings: CandidateSettings, seed: int
) -> Choice:
    """Return what was chosen among a drawn number of the other candidates."""
    draw = draw_of("negatives", seed, query.history.user_id, query.target.timestamp.isoformat())
    chosen = next(c for c in row if c.item.item_id == query.target.item_id)
    others = [c for c in row if c is not chosen]
    wanted = min(int(draw.integers(settings.least, settings.most + 1)) - 1, len(others))
    kept = [others[n] for n in draw.permutation(len(others))[:wanted]]
    candidates = sorted([chosen, *kept], key=lambda c: c.rank)
    return Choice(query=query, candidates=candidates, target=candidates.index(chosen))


def _trees(choices: Sequence[Choice], scorer: EngineScorer, seed: int) -> list[Tree]:
    histories = []
    for choice in choices:
        history = choice.query.history
        draw = draw_of("length", seed, history.user_id, history.as_of.isoformat())
        whole = draw.random() < FULL
        length = len(history.interactions)
        histories.append(history if whole else newest(history, int(draw.integers(1, length + 1))))
    candidates = [choice.candidates for choice in choices]
    targets = [choice.target for choice in choices]
    return [build_tree([asked]) for asked in questions(scorer, histories, candidates, targets)]
