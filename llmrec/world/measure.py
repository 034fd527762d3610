"""What a world demands: how well the best possible ranking does, and how far simple ones get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from llmrec.errors import ConfigError
from llmrec.progress import track
from llmrec.world import baselines
from llmrec.world.cause_figures import cause_figures
from llmrec.world.items import entries_of
from llmrec.world.oracle import WITHOUT, oracle
from llmrec.world.shelf import stock
from llmrec.world.tables import CHUNK, chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.world.baselines import Log
    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CUTOFF = 10
SIMPLE = ("popularity", "co-occurrence", "text", "text, recent first")
_RESAMPLES = 2_000


class Metric(NamedTuple):
    """A mean over accounts, with the 95 % interval of bootstrap samples."""

    mean: float
    low: float
    high: float


def measure(
    settings: WorldSettings, seed: int, vectors: Floats, *, explained: int = 400
) -> dict[str, Any]:
    """Simulate a world and return its figures, as JSON values.

    Every account's last event is the target; all items are ranked. Where items close once they
    were chosen, those that the account has chosen are left out of every ranking.

    Args:
        settings: The world's parameters.
        seed: Any integer.
        vectors: ``(n, dim)``, L2-normalised: the items' texts.
        explained: Of how many accounts the target's causes are looked at.

    Raises:
        ConfigError: There is not one vector for each item.
    """
    entries = entries_of(settings.name)
    if len(vectors) != len(entries):
        raise ConfigError(f"{len(vectors)} vectors for {len(entries)} items")
    shelf = stock(entries, settings, seed)
    count = -(-settings.people // CHUNK)
    lives = list(track(chunks(settings, seed, shelf), "simulating", total=count))
    log = baselines.log_of(lives)
    ranks = _all_ranks(lives, log, shelf, settings, vectors)
    return {
        "world": settings.label,
        "parameters_sha256": settings.sha256,
        "seed": seed,
        "accounts": settings.people,
        "events": sum(len(each.item) for each in lives),
        "items": len(shelf.entries),
        "ranking": {name: _figures(rank) for name, rank in ranks.items()},
        "oracle": _against(ranks),
        "causes": cause_figures(lives, shelf, settings, vectors, accounts=explained),
    }


def bootstrap(values: Floats) -> Metric:
    """Return the mean of values and the 95 % interval of the means of resampled values.

    Args:
        values: ``(m,)``, one for each account.
    """
    generator = np.random.default_rng(0)
    picks = generator.integers(0, len(values), size=(_RESAMPLES, len(values)))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return Metric(float(values.mean()), float(low), float(high))


def ndcg(ranks: Ints) -> Floats:
    """Return NDCG@10 of single targets by their ranks, from 1."""
    return np.where(ranks <= CUTOFF, 1.0 / np.log2(ranks + 1.0), 0.0)


def ranks_of(scores: Floats, log: Log, *, hide_seen: bool) -> Ints:
    """Return the rank of each account's target among all items, from 1; ties go against it.

    Args:
        scores: ``(accounts, n)``.
        log: The accounts.
        hide_seen: Whether what the account has chosen is left out; a target among it is last.
    """
    shown = scores.copy()
    if hide_seen:
        for row, items in enumerate(log.past):
            shown[row, items] = -np.inf
    own = shown[np.arange(len(shown)), log.target]
    return np.asarray((shown >= own[:, None]).sum(axis=1), dtype=np.int64)


def _all_ranks(
    lives: Sequence[Lives], log: Log, shelf: Shelf, settings: WorldSettings, vectors: Floats
) -> dict[str, Ints]:
    """Return the targets' ranks by every ranker."""
    n, hide = len(shelf.entries), settings.rewatch is not None
    found = {}
    for without in (None, *WITHOUT):
        name = "oracle" if without is None else f"oracle without {without}"
        scores = [
            oracle(each, last_moments(each), shelf, settings, without)
            for each in track(lives, name)
        ]
        found[name] = ranks_of(np.concatenate(scores), log, hide_seen=hide)
    simple = (
        baselines.popularity(log, n),
        baselines.co_occurrence(log, n),
        baselines.text_similarity(log, vectors),
        baselines.text_similarity(log, vectors, recent=True),
    )
    for name, each in zip(SIMPLE, simple, strict=True):
        found[name] = ranks_of(each, log, hide_seen=hide)
    return found


def last_moments(lives: Lives) -> Ints:
    """Return when each account's last event starts: ``(accounts,)``, Unix seconds."""
    ends = np.cumsum(np.bincount(lives.evenings.account))
    return np.asarray(lives.evenings.starts_s[ends - 1])


def _figures(ranks: Ints) -> dict[str, dict[str, float]]:
    """Return Recall@10 and NDCG@10 with their intervals."""
    return {
        "recall@10": bootstrap((ranks <= CUTOFF).astype(np.float64))._asdict(),
        "ndcg@10": bootstrap(ndcg(ranks))._asdict(),
    }


def _against(ranks: dict[str, Ints]) -> dict[str, Any]:
    """Return how the oracle stands to the best simple ranker, and to itself knowing less."""
    full = ndcg(ranks["oracle"])
    best = max(SIMPLE, key=lambda name: float(ndcg(ranks[name]).mean()))
    knows_less = {name: ndcg(ranks[f"oracle without {name}"]) for name in WITHOUT}
    return {
        "best_simple": best,
        "times_best_simple": _ratio(full, ndcg(ranks[best])),
        "loss_without": {
            name: {
                "share": 1.0 - (_ratio(less, full) or 0.0),
                "ndcg@10": bootstrap(full - less)._asdict(),
            }
            for name, less in knows_less.items()
        },
    }


def _ratio(values: Floats, others: Floats) -> float | None:
    """Return the ratio of two means; None if there is none."""
    return float(values.mean() / others.mean()) if others.any() else None
