"""The options that every command over the whole line shares, and how they become one config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from llmrec.recommender import RecommenderConfig

DEFAULT_CONFIG = Path("llmrec.yaml")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="YAML with the recommender's keys (default: ./llmrec.yaml)."),
]
DatasetOption = Annotated[Path | None, typer.Option("--dataset", help="Dataset folder.")]
IndexOption = Annotated[
    Path | None, typer.Option("--index", help="Index folder (default: DATASET.index).")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="LLM: embedded name, folder or hub id; 'none'.")
]
EngineOption = Annotated[str | None, typer.Option("--engine", help="transformers, vllm or server.")]
UrlOption = Annotated[str | None, typer.Option("--url", help="Of a vLLM server.")]
FusionOption = Annotated[
    str | None, typer.Option("--fusion", help="Folder of a fitted weight, or 'sample'.")
]


def settings(
    config: Path | None,
    *,
    engine: str | None = None,
    model: str | None = None,
    url: str | None = None,
    **overrides: Any,  # noqa: ANN401 - whatever keys RecommenderConfig has
) -> RecommenderConfig:
    """Join a YAML file and the options of the command line; options win.

    Raises:
        ConfigError: Neither names a dataset, or a value is wrong.
    """
    from llmrec.errors import ConfigError
    from llmrec.recommender import RecommenderConfig

    given = {key: value for key, value in overrides.items() if value is not None}
    llm = {"kind": "server" if url and not engine else engine, "model": model, "url": url}
    llm = {key: value for key, value in llm.items() if value is not None}
    if model == "none":
        given["engine"] = None
    elif llm:
        given["engine"] = llm
    path = config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None)
    if path is not None:
        return RecommenderConfig.read(path, **given)
    if "dataset" not in given:
        raise ConfigError(
            "no dataset: neither --dataset nor a llmrec.yaml in this folder",
            remedy="Make one with `llmrec data import` or `llmrec data sample`.",
        )
    return RecommenderConfig.of(given)
