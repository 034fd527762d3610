"""Variants of the sequence retriever, each trained and judged on validation queries alone."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from pydantic import Field

from llmrec.artifacts import replace_file
from llmrec.config import Settings, merged
from llmrec.data import SplitProtocol, load, split
from llmrec.errors import ArtifactError
from llmrec.evaluation.baselines.tuning import ranked
from llmrec.evaluation.figures import machine
from llmrec.metrics import METRICS
from llmrec.retrieval import ItemIndex
from llmrec.retrieval.sequence import SequenceConfig, fit_sequence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MEASURES = (("recall", 10), ("ndcg", 10), ("recall", 20), ("recall", 50))


class SequenceTrials(Settings):
    """What is tried; a YAML file."""

    base: dict[str, Any] = Field(default_factory=dict)
    """Settings that all variants share."""
    variants: dict[str, dict[str, Any]]
    """Name -> the settings that it changes; ``texts: true`` adds the text vectors."""


def run_sequence_trials(
    data: Path, card: str, trials: SequenceTrials, out: Path, *, index: Path | None = None
) -> list[dict[str, Any]]:
    """Train every variant on a card's training part and measure it on the validation queries.

    Each finished trial is written at once; the same call leaves out what the file holds already.
    The test queries are never asked. Training time is the process's own, so that it depends less
    on what else the machine does.

    Args:
        data: A dataset's folder.
        card: The protocol's id.
        trials: The variants.
        out: JSON file that trials are added to.
        index: Folder of the dataset's text vectors; variants that need them are left out without.

    Returns:
        All trials of the file.

    Raises:
        ArtifactError: The file cannot be read or written, or the index is of another catalogue.
        ConfigError: A setting is unknown.
    """
    part = split(load(data), SplitProtocol.named(card))
    catalogue, queries = part.dataset.catalogue, part.validation
    done = _read(out)
    for name, change in trials.variants.items():
        settings = merged(trials.base, change)
        with_texts = settings.pop("texts", False)
        key = {"dataset": data.name, "card": card, "variant": name, "settings": settings}
        if (with_texts and index is None) or any(key.items() <= trial.items() for trial in done):
            continue
        config = SequenceConfig.of(settings, source=name)
        texts = ItemIndex.load(index) if with_texts and index is not None else None
        began = time.process_time()
        retriever = fit_sequence(catalogue, part.train, config, validation=queries, texts=texts)
        seconds = time.process_time() - began
        ranks = ranked(retriever, catalogue, queries, part.protocol)
        figures = {f"{m}@{k}": round(float(METRICS[m](ranks, k).mean()), 4) for m, k in _MEASURES}
        trained = {"epochs": retriever.metrics["epochs"], "process_seconds": round(seconds, 1)}
        done.append({**key, **figures, **trained})
        _write(out, done)
    return done


def _read(out: Path) -> list[dict[str, Any]]:
    if not out.exists():
        return []
    try:
        trials: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["trials"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{out} cannot be read: {error}", remedy="Name another file."
        ) from error
    return trials


def _write(out: Path, trials: Sequence[dict[str, Any]]) -> None:
    text = json.dumps({"machine": machine(), "trials": list(trials)}, indent=1) + "\n"
    with replace_file(out) as draft:
        draft.write_text(text, encoding="utf-8")
