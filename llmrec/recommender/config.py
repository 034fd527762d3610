"""One configuration for the whole line: the keys of the YAML and of ``Recommender.open``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import yaml
from pydantic import Field

from llmrec.config import Settings, merged
from llmrec.encode.locate import EMBEDDED as EMBEDDED_ENCODERS
from llmrec.errors import ConfigError
from llmrec.explain import EvidenceConfig, ExplainerConfig
from llmrec.llm import EngineConfig
from llmrec.llm.models import EMBEDDED as EMBEDDED_MODELS
from llmrec.recommender.scorers import ScorerSettings
from llmrec.types import Seen  # noqa: TC001 - Pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmrec.serialize import SerializerConfig

EMBEDDED = frozenset({*EMBEDDED_MODELS, *EMBEDDED_ENCODERS})
RETRIEVERS = ("mean", "text", "popularity")
"""The retrievers that have a name; all others have a folder."""


class ExplainSettings(Settings):
    """How reasons are found and written."""

    enabled: bool = True
    """Whether items get reasons where a request does not say."""
    writer: Literal["engine", "template"] = "engine"
    """Who writes first: the LLM, checked; or the template alone, which is instant. Any other writer
    is given to ``Recommender.open(writer=...)``."""
    language: str = "en"
    """The language of the reasons."""
    max_tokens: int = Field(default=64, ge=16)
    """The longest answer of the LLM; two sentences take about 50 tokens."""
    evidence: EvidenceConfig = Field(default_factory=EvidenceConfig)

    def told(self, serializer: SerializerConfig) -> ExplainerConfig:
        """Return the explainer's settings; times, ratings and sessions are those of prompts."""
        return ExplainerConfig(
            language=self.language,
            time_zone=serializer.time_zone,
            southern=serializer.hemisphere == "south",
            rating_scale=serializer.rating_scale,
            session_gap_s=serializer.session_gap_s,
            evidence=self.evidence,
        )


class RecommenderConfig(ScorerSettings):
    """Every choice of a recommender; all but the dataset have defaults."""

    dataset: Path
    """A folder that ``llmrec data import`` or ``llmrec data sample`` wrote."""
    index: Path | None = None
    """A folder that ``llmrec index build`` wrote; default: the dataset's path plus ``.index``."""
    retriever: Literal["mean", "text", "popularity"] | Path = "mean"
    """Where candidates come from: the recency-weighted mean of item vectors, the encoded text of
    the history, what most people took, or a folder that ``llmrec retriever train`` wrote."""
    encoder: str | None = None
    """Embedded name, folder or hub id; default: the one that the index was built with."""
    candidates: int = Field(default=20, ge=1, le=1000)
    """How many candidates are retrieved and scored. A request for more items than that gets the
    retriever's next ones behind them, in its order."""
    seen: Seen = "mask"
    """Whether items of the history are left out, proposed like any other (``allow``), or the only
    ones: what people take again and again."""
    engine: EngineConfig | None = Field(default_factory=EngineConfig)
    """Which LLM scores and writes; null ranks by the retriever alone, with template reasons."""
    fusion: Path | Literal["sample"] | None = None
    """A folder that ``llmrec fusion fit`` wrote, or ``sample`` for the embedded sample's own."""
    weight: float | None = Field(default=None, ge=0, le=1)
    """The LLM's share, where it is to be set by hand; excludes ``fusion``."""
    k: int = Field(default=10, ge=1)
    """How many items where a request does not say."""
    explain: ExplainSettings = Field(default_factory=ExplainSettings)

    @classmethod
    def read(cls, path: Path | str, **overrides: Any) -> Self:  # noqa: ANN401
        """Read a YAML file; overrides win key by key, those of ``engine`` and the like too.

        Raises:
            ConfigError: The file cannot be read, or a key or value is wrong.
        """
        return cls.of(merged(read_values(path), overrides), source=str(path))

    @property
    def index_path(self) -> Path:
        """Where the index lies."""
        return self.index or default_index(self.dataset)


def read_values(path: Path | str) -> dict[str, Any]:
    """Return a YAML file's keys as plain values; relative paths in it start at its folder.

    ``encoder``, ``engine.model`` and ``engine.options.tokenizer`` are paths where they begin with
    a dot or name a folder there, and names of models otherwise.

    Raises:
        ConfigError: The file cannot be read or holds no mapping.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds {type(values).__name__}, not a mapping of options")
    _root(values, ("dataset", "index", "fusion", "retriever"), ("encoder",), path.parent)
    engine = values.get("engine")
    if isinstance(engine, dict):
        served = engine.get("kind") == "server"  # its model is the server's name for it
        _root(engine, ("cache",), () if served else ("model",), path.parent)
        if isinstance(engine.get("options"), dict):
            _root(engine["options"], (), ("tokenizer",), path.parent)
    return values


def _root(
    values: dict[str, Any], paths: Iterable[str], models: Iterable[str], folder: Path
) -> None:
    """Make relative paths start at a folder; a model's name stays a name."""
    for key in (*paths, *models):
        value = values.get(key)
        if not isinstance(value, str):
            continue
        place = folder / Path(value).expanduser()
        is_path = value.startswith((".", "~")) or (place.is_dir() and value not in EMBEDDED)
        if is_path or (key in paths and value not in _NAMES.get(key, ())):
            values[key] = str(place)


_NAMES = {"fusion": ("sample",), "retriever": RETRIEVERS}
"""What is a name and no path."""


def default_index(dataset: Path) -> Path:
    """Return where a dataset's index lies unless one says otherwise: beside it."""
    return dataset.with_name(dataset.name + ".index")
