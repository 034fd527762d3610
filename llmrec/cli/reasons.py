"""Reasons measured from the terminal, which may also ask a simulated world for the causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data import Dataset
    from llmrec.evaluation.reasons import ReasonsConfig, Truth
    from llmrec.recommender import RecommenderConfig
    from llmrec.types import History
    from llmrec.world.causes import EventCause


def run_reasons(
    choices: RecommenderConfig,
    protocol: str,
    out: Path,
    config: ReasonsConfig,
    *,
    world: bool | None = None,
) -> dict[str, Any]:
    """Open a recommender, explain users of its dataset and write the run's folder.

    Args:
        choices: The recommender's, its dataset and index included; what becomes of seen items is
            the card's to say.
        protocol: The card whose test queries are explained.
        out: The run's folder.
        config: How much.
        world: Whether cited events are held against the world that wrote the dataset; None: where
            one of this version did.

    Returns:
        The figures, in JSON values.

    Raises:
        ConfigError: The world is asked, and none of this version wrote the dataset.
        ArtifactError: There is no index, or ``out`` holds something else.
    """
    from llmrec.data import SplitProtocol, load
    from llmrec.evaluation.reasons import measure_reasons
    from llmrec.recommender import Recommender
    from llmrec.retrieval import ItemIndex

    card, dataset = SplitProtocol.named(protocol), load(choices.dataset)
    asked = _wrote(dataset) is not None if world is None else world
    truth = world_truth(dataset) if asked else None
    index = ItemIndex.load(choices.index_path)
    with Recommender.open(choices.model_copy(update={"seen": card.seen})) as recommender:
        return measure_reasons(recommender, card, index, out=out, config=config, truth=truth)


def world_truth(dataset: Dataset) -> Truth:
    """Return the causes behind a dataset that a shipped world wrote.

    Raises:
        ConfigError: No world of this version wrote it.
    """
    from llmrec.evaluation.reasons import Truth
    from llmrec.world.cause_figures import STRONG
    from llmrec.world.settings import shipped
    from llmrec.world.world import World

    label, seed = _origin(dataset)
    world = World(shipped(label), seed=seed)

    def effects(history: History, item_id: str) -> list[float]:
        found = world.causes(history.user_id, history.as_of, item_id).events
        _check_same(history, found)
        return [event.effect for event in found]

    return Truth(name=f"{label} seed {seed}", strong=STRONG, effects=effects)


def _origin(dataset: Dataset) -> tuple[str, int]:
    """Return the label and the seed of the shipped world that wrote a dataset."""
    found = _wrote(dataset)
    if found is None:
        raise ConfigError(
            f"no simulated world of this version wrote {dataset.path}, so nobody knows why its "
            "people chose",
            remedy="Write it again with `llmrec data sample`, or measure without a world.",
        )
    return found


def _wrote(dataset: Dataset) -> tuple[str, int] | None:
    """Return label and seed; None where no shipped world wrote the dataset."""
    from llmrec.world import sample
    from llmrec.world.settings import SHIPPED

    told = dataset.made_from
    seed = told.get("seed", sample.DEFAULT_SEED)
    for label in SHIPPED if isinstance(seed, int) else ():
        known = sample.made_from(seed, world=label)
        if all(told.get(name) == value for name, value in known.items()):
            return label, seed
    return None


def _check_same(history: History, found: tuple[EventCause, ...]) -> None:
    """Refuse a history whose events are not the world's, one by one."""
    told = [(e.item_id, int(e.timestamp.timestamp())) for e in history.interactions]
    if told != [(event.item_id, event.timestamp_s) for event in found]:
        raise DataError(
            f"the history of user {history.user_id!r} before {history.as_of.isoformat()} has "
            f"{len(told)} events, and they are not the {len(found)} that the world knows",
            remedy="Use a card without a filter, such as leave-one-out.v1.",
        )
