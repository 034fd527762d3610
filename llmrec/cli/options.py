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
RetrieverOption = Annotated[
    str | None,
    typer.Option("--retriever", help="mean, text, popularity, or a trained retriever's folder."),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="LLM: embedded name, folder or hub id; 'none'.")
]
EngineOption = Annotated[str | None, typer.Option("--engine", help="transformers, vllm or server.")]
UrlOption = Annotated[str | None, typer.Option("--url", help="Of a vLLM server.")]
TokenizerOption = Annotated[
    str | None,
    typer.Option(
        "--tokenizer", help="Of a server's model, where the server names none that is here."
    ),
]
ScorerOption = Annotated[
    str | None,
    typer.Option("--scorer", help="auto, labels, markers, likelihood or pointwise."),
]
FusionOption = Annotated[
    str | None, typer.Option("--fusion", help="Folder of a fitted weight, or 'sample'.")
]


CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", help="File of the LLM's answers (default: beside the models)."),
]
NoCacheFlag = Annotated[
    bool, typer.Option("--no-cache", help="Ask the LLM again, and keep no answers.")
]


def settings(
    config: Path | None,
    *,
    engine: str | None = None,
    model: str | None = None,
    url: str | None = None,
    tokenizer: str | None = None,
    cache: Path | None = None,
    no_cache: bool = False,
    **overrides: Any,  # noqa: ANN401 - whatever keys RecommenderConfig has
) -> RecommenderConfig:
    """Join a YAML file and the options of the command line key by key; options win.

    Answers of the LLM are kept in ``default_cache()`` where neither says otherwise.

    Raises:
        ConfigError: Neither names a dataset, a value is wrong, or two contradict each other.
    """
    from llmrec.config import merged
    from llmrec.errors import ConfigError
    from llmrec.recommender import RecommenderConfig, read_values

    path = config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None)
    values = {} if path is None else read_values(path)
    given = {key: value for key, value in overrides.items() if value is not None}
    if "dataset" not in {**values, **given}:
        raise ConfigError(
            "no dataset: neither --dataset nor a llmrec.yaml in this folder",
            remedy="Make one with `llmrec data import` or `llmrec data sample`.",
        )
    if not given.keys().isdisjoint(_SHARES):  # one excludes the other; the YAML's gives way
        values = {key: value for key, value in values.items() if key not in _SHARES}
    options = None if tokenizer is None else {"tokenizer": tokenizer}
    chosen = {"kind": engine, "model": model, "url": url, "options": options, "cache": cache}
    llm = {key: value for key, value in chosen.items() if value is not None}
    below = values.get("engine", {})
    _refuse_contradictions(below, llm, no_cache=no_cache, source=path)
    if model == "none":
        given["engine"] = None
    elif isinstance(below, dict) or (below is None and llm):
        given["engine"] = _completed(below, llm, no_cache=no_cache)
    source = "the given options" if path is None else str(path)
    return RecommenderConfig.of(merged(values, given), source=source)


_SHARES = ("weight", "fusion")


def _refuse_contradictions(
    below: object, llm: dict[str, Any], *, no_cache: bool, source: Path | None
) -> None:
    """Refuse options that cannot hold together, or not with the YAML's engine."""
    from llmrec.errors import ConfigError

    if llm.get("model") == "none" and len(llm) > 1:
        other = next(key for key in llm if key != "model")
        said = llm[other]["tokenizer"] if other == "options" else llm[other]
        option = {"kind": "engine", "options": "tokenizer"}.get(other, other)
        raise ConfigError(f"--model none means no LLM, so --{option} {said} has no use")
    if no_cache and "cache" in llm:
        raise ConfigError("--cache and --no-cache are both given; keep one of them")
    stands = below.get("kind") if isinstance(below, dict) else None
    if "url" in llm and "kind" not in llm and stands not in (None, "server"):
        raise ConfigError(
            f"--url is for a server, but {source} has engine.kind {stands!r}",
            remedy="Add --engine server.",
        )
    url = below.get("url") if isinstance(below, dict) else None
    if url is not None and llm.get("kind", "server") != "server":
        raise ConfigError(
            f"--engine {llm['kind']} has no use for the engine.url {url!r} of {source}",
            remedy="Take url out of it, or name another file with --config.",
        )


def _completed(below: object, llm: dict[str, Any], *, no_cache: bool) -> object:
    """Return what is still to be said of the engine: its kind where --url tells, its cache."""
    if "url" in llm:
        llm = {"kind": "server", **llm}
    known = {**below, **llm} if isinstance(below, dict) else llm
    if no_cache:
        return {**llm, "cache": None}
    if "cache" in known or known.get("kind") == "scripted":
        return llm
    return {**llm, "cache": default_cache()}


def default_cache() -> Path:
    """Return the file that keeps what models answered, for every command."""
    from llmrec.llm.models import cache_root

    return cache_root() / "answers.sqlite"
