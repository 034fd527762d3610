"""Finetuning recipes: base model, adapter, objectives, candidates and validation, by name."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from llmrec.artifacts import sha256_of
from llmrec.config import Settings, Shipped
from llmrec.recommender import ScorerSettings  # noqa: TC001 - Pydantic reads it

TRAINED = {"labels": "rank/labels.v1", "likelihood": "rank/likelihood.v1"}
"""The scorers that adapters are trained for, and the templates that they use."""


class LoraSettings(Settings):
    """Which weights are added to the base."""

    kind: Literal["lora", "rslora", "dora", "qlora"] = "lora"
    """Plain LoRA (Hu et al. 2021); with rank-stabilised scaling (Kalajdzievski 2023); with
    decomposed weights (Liu et al. 2024); or over a base in 4 bits (Dettmers et al. 2023; a CUDA GPU
    and bitsandbytes are needed)."""
    r: int = Field(default=8, ge=1, le=256)
    """Rank; the adapter's size grows with it."""
    alpha: float = Field(default=16.0, gt=0)
    """Scale of what is added: alpha / r, with rslora alpha / sqrt(r)."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] = ("all-linear",)
    """Names of the layers that get weights; ``all-linear`` is every one but the head."""


class StageSettings(Settings):
    """One pass of training with one objective; a later stage goes on from the one before."""

    objective: Literal["dense", "listwise"]
    """``dense``: every event of every history is a target, and its title's likelihood is raised.
    ``listwise``: a softmax over the scores that the serving scorer gives to candidates."""
    learning_rate: float = Field(gt=0)
    epochs: int = Field(default=1, ge=1)
    """How often every example is shown."""
    max_steps: int | None = Field(default=None, ge=1)
    """Optimiser steps, at most."""
    batch_size: int = Field(default=1, ge=1)
    """Examples a pass."""
    accumulation: int = Field(default=8, ge=1)
    """Passes a step of the optimiser."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the learning rate rises; it then falls as a cosine."""
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    max_examples: int | None = Field(default=None, ge=1)
    """Examples that are drawn, at most: users' windows (dense), positions (listwise)."""
    max_tokens: int = Field(default=2048, ge=128)
    """Tokens an example may hold, at most; a dense window of events is cut to fit."""


class CandidateSettings(Settings):
    """What the serving retriever would propose at the positions that are learnt from."""

    retriever: str = "ease-recency"
    """A row of ``llmrec evaluate`` that proposes candidates from the log alone."""
    retriever_settings: dict[str, Any] = Field(
        default_factory=lambda: {"regularisation": 200.0, "decay": 0.8}
    )
    most: int = Field(default=20, ge=2, le=1000)
    """Candidates of a validation query, and the most of a training example."""
    least: int = Field(default=10, ge=2)
    """The fewest of a training example; the number is drawn anew for each."""
    injected_share: float = Field(default=0.0, ge=0, le=0.2)
    """Share of the examples whose target may be put among the candidates though the retriever did
    not find it; they are counted in the data card."""
    positions_per_user: int = Field(default=8, ge=1)
    """Events of one user that are targets of listwise examples, at most."""
    examples_share: float = Field(default=0.3, gt=0, lt=1)
    """Under a card with periods and no folds: the newest share of the training events that
    examples come from; the retriever that proposes for them learns from what is older."""

    @model_validator(mode="after")
    def _least_below_most(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least is {self.least}, more than most ({self.most})")
        return self


class ValidationSettings(Settings):
    """Queries of which half A stops training, and half B measures and fits the fusion weight."""

    queries: int = Field(default=400, ge=1)
    """Validation queries, at most, both halves together."""
    every_steps: int = Field(default=25, ge=1)
    """Steps between two looks at half A, each of which also keeps a checkpoint."""
    patience: int = Field(default=4, ge=1)
    """Looks without a better NDCG@10 after which a stage ends."""


class Recipe(Settings):
    """Everything that decides what an adapter becomes, but the data."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: int = Field(ge=1)
    description: str = ""
    base: str
    """The base model: an embedded name, a folder or a hub id."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the base's weights and of what flows through it; the adapter's are float32."""
    device: str = "auto"
    lora: LoraSettings = Field(default_factory=LoraSettings)
    stages: tuple[StageSettings, ...] = Field(min_length=1)
    """Objectives, one after the other."""
    serving: ScorerSettings
    """The scorer that will serve, its template and serializer: training renders the same."""
    candidates: CandidateSettings = Field(default_factory=CandidateSettings)
    validation: ValidationSettings = Field(default_factory=ValidationSettings)
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: a third slower, far less memory."""
    seed: int = 0

    @field_validator("serving")
    @classmethod
    def _trained_scorer(cls, serving: ScorerSettings) -> ScorerSettings:
        if serving.scorer not in TRAINED:
            raise ValueError(f"scorer must be one of {', '.join(TRAINED)}")
        return serving

    @model_validator(mode="after")
    def _objectives_fit_the_scorer(self) -> Self:
        objectives = {stage.objective for stage in self.stages}
        if "dense" in objectives and self.serving.scorer != "likelihood":
            raise ValueError("the dense objective raises titles' likelihood: use that scorer")
        by_title = self.serving.scorer == "likelihood" and "listwise" in objectives
        if by_title and self.serving.normalise == "prior":
            raise ValueError("listwise trains likelihood with normalise: mean or sum")
        window = self.serving.window or 26
        if self.serving.scorer == "labels" and self.candidates.most > window:
            raise ValueError(f"one prompt lists {window} labels; candidates.most is higher")
        return self

    @property
    def id(self) -> str:
        """``<name>.v<N>``."""
        return f"{self.name}.v{self.version}"

    @property
    def template(self) -> str:
        """The template that serves and is trained on."""
        return self.serving.template or TRAINED[self.serving.scorer]

    @property
    def sha256(self) -> str:
        """Hash of every setting."""
        return sha256_of(self.model_dump(mode="json"))


def load_recipe(name: str) -> Recipe:
    """Return a recipe that ships with llmrec, or one from a YAML file.

    Args:
        name: ``<name>.v<N>`` as listed by ``recipe_names``, or a path that ends in ``.yaml``.

    Raises:
        ConfigError: No such recipe, or an invalid one.
    """
    return _SHIPPED.load(name)


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship with llmrec."""
    return _SHIPPED.names()


_SHIPPED = Shipped(model=Recipe, what="finetuning recipe", package="llmrec.finetune")
