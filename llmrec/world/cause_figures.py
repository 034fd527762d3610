"""How causes lie: how many choices have any, how alike they look, and who would find them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from llmrec.progress import track
from llmrec.world.causes import effects, kinds, parts, speaks_against, without_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]

STRONG = 0.5
"""A change of the log-probability from which a cause counts as strong."""
NONE = 0.05
"""A change below which an event counts as without effect."""
PICKS = 2


class Choice(NamedTuple):
    """The last choice of an account, and what led to it."""

    effect: Floats
    """``(events,)``: of each past event, in order of time."""
    similarity: Floats
    """``(events,)``: of each past event's text to the chosen item's."""
    parts: dict[str, float]
    kinds: tuple[str, ...]
    """The mechanisms by which strong causes speak for the item: one entry for each of an event."""


def cause_figures(
    lives: Sequence[Lives], shelf: Shelf, settings: WorldSettings, vectors: Floats, *, accounts: int
) -> dict[str, Any]:
    """Return the figures of the causes of the last choices of the first accounts, as JSON values.

    Args:
        lives: What the accounts did.
        shelf: The world's items.
        settings: The world's parameters.
        vectors: ``(n, dim)``, L2-normalised: the items' texts.
        accounts: How many to look at.
    """
    wanted = min(accounts, sum(len(each.people.members) for each in lives))
    found = list(track(_choices(lives, shelf, settings, vectors, wanted), "causes", total=wanted))
    return {
        "choices": len(found),
        "share": _shares(found),
        "strong": _strong(found),
        "mechanisms": _mechanisms(found),
        "decoys": _decoys(found),
        "precision@2": _explainers(found),
    }


def _choices(
    lives: Sequence[Lives], shelf: Shelf, settings: WorldSettings, vectors: Floats, wanted: int
) -> Iterator[Choice]:
    """Generate the last choices of the first accounts."""
    for each in lives:
        ends = np.cumsum(np.bincount(each.evenings.account))
        for account, end in enumerate(ends[:wanted]):
            moment_s, item = int(each.evenings.starts_s[end - 1]), int(each.item[end - 1])
            full, without = without_each(each, account, moment_s, shelf, settings)
            past = each.item[end - 1 - len(without) : end - 1]
            effect = effects(full[item], without[:, item])
            strong = np.flatnonzero(effect >= STRONG) + end - 1 - len(without)
            linked = [kinds(each, int(e), item, moment_s, shelf, settings) for e in strong]
            yield Choice(
                effect=effect,
                similarity=vectors[past] @ vectors[item],
                parts=parts(each, account, moment_s, item, shelf, settings),
                kinds=tuple(kind for some in linked for kind in some if not speaks_against(kind)),
            )
        wanted -= min(wanted, len(ends))


def _shares(choices: Sequence[Choice]) -> dict[str, float]:
    """Return how many choices a single event, only a lasting trait, or nothing explains."""
    event = np.array([(choice.effect >= STRONG).any() for choice in choices])
    trait = np.array([max(choice.parts.values()) >= STRONG for choice in choices])
    return {
        "event": float(event.mean()),
        "traits_only": float((trait & ~event).mean()),
        "none": float((~trait & ~event).mean()),
    }


def _strong(choices: Sequence[Choice]) -> dict[str, float]:
    """Return how alike strong event causes and other events look to the item chosen."""
    strong = [np.abs(choice.effect) >= STRONG for choice in choices]
    below = [choice.similarity < np.median(choice.similarity) for choice in choices]
    favour = [choice.effect >= STRONG for choice in choices]
    is_strong, is_below = np.concatenate(strong), np.concatenate(below)
    alike = np.concatenate([choice.similarity for choice in choices])
    return {
        "count": int(is_strong.sum()),
        "for_the_item": int(np.concatenate(favour).sum()),
        "below_median_similarity": _mean(is_below[is_strong]),
        "for_the_item_below_median_similarity": _mean(is_below[np.concatenate(favour)]),
        "mean_similarity": _mean(alike[is_strong]),
        "mean_similarity_of_others": _mean(alike[~is_strong]),
    }


def _mechanisms(choices: Sequence[Choice]) -> dict[str, float]:
    """Return the share of the strong causes for an item that each mechanism takes part in."""
    total = sum(int((choice.effect >= STRONG).sum()) for choice in choices)
    counts = Counter(kind for choice in choices for kind in choice.kinds)
    return {kind: count / total for kind, count in sorted(counts.items())}


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    """Return the mean, 0 of nothing."""
    return float(values.mean()) if len(values) else 0.0


def _decoys(choices: Sequence[Choice]) -> float:
    """Return the share of the most similar past events that have no effect."""
    flags = []
    for choice in choices:
        alike = np.argsort(-choice.similarity, kind="stable")[:PICKS]
        flags.append(np.abs(choice.effect[alike]) < NONE)
    return float(np.concatenate(flags).mean())


def _explainers(choices: Sequence[Choice]) -> dict[str, float | None]:
    """Return the share of strong causes among the two events that simple explainers name.

    Only choices that an event speaks for are asked about; None if there are none.
    """
    asked = [choice for choice in choices if (choice.effect >= STRONG).any()]
    names: dict[str, list[float]] = {"similarity": [], "recency": [], "chance": []}
    for choice in asked:
        strong = choice.effect >= STRONG
        alike = np.argsort(-choice.similarity, kind="stable")[:PICKS]
        names["similarity"].append(float(strong[alike].mean()))
        names["recency"].append(float(strong[-PICKS:].mean()))
        names["chance"].append(float(strong.mean()))
    return {name: float(np.mean(each)) if each else None for name, each in names.items()}
