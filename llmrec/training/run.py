"""From a dataset and a recipe to an adapter's folder."""

from __future__ import annotations

import dataclasses
import logging
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import check_place
from llmrec.data import SplitProtocol, split
from llmrec.errors import require
from llmrec.evaluation.llm_rows.calibration import fit_temperature
from llmrec.llm import ChatTokenizer, EngineCard
from llmrec.llm.models import obtain, weights_sha256
from llmrec.metrics import bootstrap_interval
from llmrec.rerank import fit_weight
from llmrec.templates import load_template
from llmrec.training.estimate import GIB, check_memory, estimate, free_bytes
from llmrec.training.proposals import with_folds
from llmrec.training.saving import Trained, save_adapter
from llmrec.training.stages import Student, train_stages
from llmrec.training.validation import conditional_ndcg, halves, llm_scores, retrieval_scores
from llmrec.training.workplace import Workplace

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data import Dataset
    from llmrec.llm.adapter import Adapter
    from llmrec.training.recipe import Recipe
    from llmrec.training.validation import Half
    from llmrec.types import Scores

logger = logging.getLogger(__name__)


def finetune(
    dataset: Dataset, recipe: Recipe, out: Path, *, protocol: str = "leave-one-out.v1"
) -> Adapter:
    """Train an adapter; a run that was killed goes on where it stopped.

    Args:
        dataset: Whose training part is learnt from, and whose validation part is measured on.
        recipe: Everything else.
        out: The adapter's folder; until it stands, work is kept beside it in ``<out>.work``.
        protocol: A card. One that leaves last events out gets two folds of users.

    Raises:
        ArtifactError: ``out`` holds something else, the disk takes no more, or unfinished work of
            another plan lies there.
        DataError: The dataset is too small.
        EngineError: Memory will not do, or the loss is no number.
        TemplateError: The base has no chat template, or its labels are not single tokens.
        MissingExtraError: PEFT, PyTorch or Transformers is not installed.
    """
    require("peft", "train")
    check_place(out, "adapter")
    card = with_folds(SplitProtocol.named(protocol))
    parts = split(dataset, card)
    folder = obtain(recipe.base)
    tokenizer = ChatTokenizer.load(folder)
    made_from = _made_from(dataset, recipe, card, folder, tokenizer)
    work = Workplace(out, made_from)
    one, other, retriever = halves(parts, recipe)
    engine = EngineCard(
        engine="transformers",
        model=recipe.base,
        weights_sha256=made_from["base_sha256"],
        dtype=recipe.dtype,
        context_length=_context_length(folder),
    )
    student = Student.new(folder, tokenizer, engine, parts, recipe)
    device = str(student.model.device)
    needed = estimate(student.model, recipe)
    check_memory(needed, free_bytes(device), recipe)
    logger.info("Training needs about %.1f GiB on %s.", needed.total / GIB, device)
    before = llm_scores(student.scorer, other)
    started = time.perf_counter()
    records = train_stages(student, parts, recipe, one, work)
    seconds = round(time.perf_counter() - started, 1)
    after = llm_scores(student.scorer, other)
    trained = Trained(
        recipe=recipe,
        made_from=made_from,
        records=records,
        metrics={**measured(other, before, after, seed=recipe.seed), "seconds": seconds},
        candidates=f"{retriever.identity}, fitted on the training part",
    )
    adapter = save_adapter(out, student.model, trained)
    work.remove()
    return adapter


def _made_from(
    dataset: Dataset, recipe: Recipe, card: SplitProtocol, folder: Path, tokenizer: ChatTokenizer
) -> dict[str, Any]:
    """Return what the adapter is made from, and what unfinished work is gone on with by."""
    template = load_template(recipe.template)
    return {
        "base": recipe.base,
        "base_sha256": weights_sha256(folder),
        "tokenizer_sha256": tokenizer.sha256,
        "template": template.template_id,
        "template_sha256": template.sha256,
        "serializer_sha256": recipe.serving.serializer.sha256,
        "recipe": recipe.id,
        "recipe_sha256": recipe.sha256,
        "dataset_sha256": dataset.sha256,
        "protocol": card.id,
        "folds": card.folds,
    }


def _context_length(folder: Path) -> int:
    transformers: Any = require("transformers", "cpu")
    config = transformers.AutoConfig.from_pretrained(str(folder), local_files_only=True)
    return int(config.get_text_config().max_position_embeddings)


def measured(
    half: Half, before: dict[int, Scores], after: dict[int, Scores], *, seed: int
) -> dict[str, Any]:
    """Return what training did, on the half that it never looked at, in JSON values.

    Args:
        half: Half B.
        before: The LLM's scores without the adapter.
        after: And with it.
        seed: Of the intervals, which are 95 % bootstrap intervals over queries.
    """
    retrieval = retrieval_scores(half)
    rows = {"retriever": retrieval, "zero_shot": before, "adapter": after}
    ndcgs = {name: conditional_ndcg(half, scores) for name, scores in rows.items()}
    silent = [np.zeros(len(row)) for row in half.candidates]
    everything = [np.array([c.score for c in row]) for row in half.candidates]
    fit = fit_weight(
        everything, [after.get(n, silent[n]) for n in range(len(silent))], half.places, seed=seed
    )
    places = [half.places[n] or 0 for n in half.asked]
    return {
        "queries": len(half.queries),
        "queries_with_target": len(half.asked),
        "conditional_ndcg@10": {
            name: {"value": float(row.mean()), "interval": bootstrap_interval(row, seed=seed)}
            for name, row in ndcgs.items()
        },
        "gain_over_zero_shot": {
            "value": float((ndcgs["adapter"] - ndcgs["zero_shot"]).mean()),
            "interval": bootstrap_interval(ndcgs["adapter"] - ndcgs["zero_shot"], seed=seed),
        },
        "fusion": dataclasses.asdict(fit),
        "temperature": fit_temperature([after[n] for n in half.asked], places),
    }
