"""An engine from plain settings: what recipes, the command line and ``Recommender`` use."""

from __future__ import annotations

import inspect
from pathlib import Path  # noqa: TC003 - Pydantic reads it
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import ConfigError, did_you_mean
from llmrec.llm.cached import CachedEngine
from llmrec.llm.scripted import ScriptedEngine
from llmrec.llm.server_engine import ServerEngine
from llmrec.llm.transformers_engine import TransformersEngine
from llmrec.llm.vllm_engine import VllmEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.llm.base import Engine


class EngineConfig(Settings):
    """Which engine, and with what."""

    kind: Literal["transformers", "vllm", "server", "scripted"] = "transformers"
    model: str | None = None
    """An embedded name, a folder, a hub id, or a server's name for it. None is the embedded
    ``smollm2-135m``, and for a server the only model that it serves."""
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    device: str = "auto"
    """For ``transformers``: ``auto``, ``cpu``, ``cuda``, ..."""
    url: str | None = None
    """For ``server``: ``http://host:port``."""
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Further arguments of the engine's class, by name (a server's key may be one: not shown)."""
    cache: Path | None = None
    """A file that keeps every answer; none is kept without one."""


DEFAULT_MODEL = "smollm2-135m"


def open_engine(config: EngineConfig | None = None) -> Engine:
    """Open an engine.

    Args:
        config: What to open; None is the embedded model on this machine through Transformers.

    Raises:
        ConfigError: A setting is missing or does not fit the kind.
        EngineError: The engine cannot be opened.
        MissingExtraError: Its packages are not installed.
    """
    config = config or EngineConfig()
    engine = _KINDS[config.kind](config)
    return CachedEngine(engine, config.cache) if config.cache else engine


def _transformers(config: EngineConfig) -> Engine:
    _refuse(config, "url")
    options = _checked(TransformersEngine, config)
    model = config.model or DEFAULT_MODEL
    return TransformersEngine(model, dtype=config.dtype, device=config.device, **options)


def _vllm(config: EngineConfig) -> Engine:
    _refuse(config, "url", "device")
    options = _checked(VllmEngine, config)
    return VllmEngine(config.model or DEFAULT_MODEL, dtype=config.dtype, **options)


def _server(config: EngineConfig) -> Engine:
    _refuse(config, "device")
    if config.url is None:
        raise ConfigError(
            "an engine of kind 'server' needs url", remedy="E.g. http://localhost:8000"
        )
    options = _checked(ServerEngine, config)
    return ServerEngine(config.url, config.model, dtype=config.dtype, **options)


def _scripted(config: EngineConfig) -> Engine:
    _refuse(config, "url", "device", "model")
    return ScriptedEngine(**_checked(ScriptedEngine, config))


_KINDS: dict[str, Callable[[EngineConfig], Engine]] = {
    "transformers": _transformers,
    "vllm": _vllm,
    "server": _server,
    "scripted": _scripted,
}


def _refuse(config: EngineConfig, *names: str) -> None:
    """Refuse settings that this kind would not heed."""
    for name in names:
        if getattr(config, name) != EngineConfig.model_fields[name].default:
            raise ConfigError(f"{name} means nothing to an engine of kind {config.kind!r}")


def _checked(engine: type, config: EngineConfig) -> dict[str, Any]:
    """Return the options after checking their names."""
    fixed = {"self", "model", "url", "dtype", "device"}
    known = [name for name in inspect.signature(engine).parameters if name not in fixed]
    for name in config.options:
        if name not in known:
            raise ConfigError(
                f"option {name!r} is unknown to an engine of kind {config.kind!r}",
                remedy=did_you_mean(name, known),
            )
    return config.options
