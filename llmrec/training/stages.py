"""A recipe's stages, one after the other, each gone on with where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import require
from llmrec.llm import EngineCard, TransformersEngine
from llmrec.llm.causal_model import load_model
from llmrec.recommender import build_scorer
from llmrec.training.examples import make_examples
from llmrec.training.loss import RankingLoss
from llmrec.training.validation import conditional_ndcg, llm_scores
from llmrec.training.workplace import full_disk, out_of_memory

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data import Split
    from llmrec.llm.tokenizer import ChatTokenizer
    from llmrec.rerank.scorer import EngineScorer
    from llmrec.training.recipe import LoraSettings, Recipe, StageSettings
    from llmrec.training.validation import Half
    from llmrec.training.workplace import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A base with an adapter's layers in it, and the scorer that serves it."""

    model: Any
    """PEFT's model; what it wraps is the base."""
    scorer: EngineScorer
    """Asks the model as it is at the moment."""

    @classmethod
    def new(
        cls, folder: Path, tokenizer: ChatTokenizer, card: EngineCard, split: Split, recipe: Recipe
    ) -> Student:
        """Load the base and put untrained layers into it, which change nothing yet."""
        torch: Any = require("torch", "cpu")
        peft: Any = require("peft", "train")
        model = _base(folder, recipe)
        torch.manual_seed(recipe.seed)
        adapted = peft.get_peft_model(model, lora_config(recipe.lora))
        adapted.peft_config["default"].base_model_name_or_path = recipe.base  # not a folder here
        engine = TransformersEngine.around(adapted.get_base_model(), tokenizer, card)
        return cls(
            model=adapted, scorer=build_scorer(engine, split.dataset.catalogue, recipe.serving)
        )

    def ndcg(self, half: Half) -> float:
        """Return the mean NDCG@10 of the LLM alone on a half's asked queries."""
        return float(conditional_ndcg(half, llm_scores(self.scorer, half)).mean())


def _base(folder: Path, recipe: Recipe) -> Any:  # noqa: ANN401
    """Load the base, in 4 bits for QLoRA."""
    options: dict[str, Any] = {}
    if recipe.lora.kind == "qlora":
        require("bitsandbytes", "train")
        transformers: Any = require("transformers", "cpu")
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=recipe.dtype
        )
    model = load_model(folder, dtype=recipe.dtype, device=recipe.device, **options)
    if recipe.gradient_checkpointing:
        model.enable_input_require_grads()
    return model


def lora_config(settings: LoraSettings) -> Any:  # noqa: ANN401
    """Return PEFT's configuration of a recipe's settings."""
    peft: Any = require("peft", "train")
    targets = list(settings.targets)
    return peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets[0] if targets == ["all-linear"] else targets,
        use_rslora=settings.kind == "rslora",
        use_dora=settings.kind == "dora",
    )


def train_stages(
    student: Student, split: Split, recipe: Recipe, half: Half, work: Workplace
) -> list[dict[str, Any]]:
    """Train every stage; the student then has the weights that were best on the half.

    Returns:
        Per stage its data card and its curve.
    """
    records = []
    for number, stage in enumerate(recipe.stages):
        finished = work.finished(number)
        if finished is None:
            trees, card = make_examples(split, recipe, stage, student.scorer)
            curve = _train(student, trees, recipe, number, half, work)
            record = {"data": card.as_json(), "curve": curve}
            work.finish(number, student.model, record)
        else:
            folder, record = finished
            _take(student, folder)
        records.append(record)
    return records


def _take(student: Student, folder: Path) -> None:
    """Put kept weights into the student."""
    peft: Any = require("peft", "train")
    safetensors: Any = require("safetensors.torch", "cpu")
    weights = safetensors.load_file(folder / "adapter_model.safetensors")
    peft.set_peft_model_state_dict(student.model, weights)


def _train(
    student: Student,
    trees: list[Any],
    recipe: Recipe,
    number: int,
    half: Half,
    work: Workplace,
) -> list[dict[str, float]]:
    """Train one stage, from its newest checkpoint where there is one; return its curve."""
    from llmrec.training.trainer import make_trainer

    stage: StageSettings = recipe.stages[number]
    loss = RankingLoss(
        student.model.get_base_model(),
        stage.objective,
        per_token=recipe.serving.normalise == "mean",
    )
    folder = work.stage(number)
    trainer = make_trainer(
        student.model,
        trees,
        recipe,
        stage,
        folder,
        loss=loss,
        validate=lambda: student.ndcg(half),
    )
    checkpoint = work.checkpoint(number)
    with full_disk(folder), out_of_memory(stage.batch_size, folder):
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    student.model.eval()
    names = ("step", "loss", "learning_rate", "eval_ndcg10")
    return [
        {name: float(row[name]) for name in names if name in row}
        for row in trainer.state.log_history
        if "loss" in row or "eval_ndcg10" in row
    ]
