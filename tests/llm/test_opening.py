"""Engines from plain settings: every wrong one is named."""

from __future__ import annotations

import pytest

from llmrec.errors import ConfigError, ModelNotFoundError
from llmrec.llm import CachedEngine, EngineConfig, ScriptedEngine, open_engine


def test_a_scripted_engine_with_options():
    engine = open_engine(EngineConfig(kind="scripted", options={"seed": 4, "context_length": 99}))
    assert isinstance(engine, ScriptedEngine)
    assert engine.card.model == "scripted-4"
    assert engine.card.context_length == 99


def test_a_cache_wraps_the_engine(tmp_path):
    engine = open_engine(EngineConfig(kind="scripted", cache=tmp_path / "answers.sqlite"))
    assert isinstance(engine, CachedEngine)
    engine.score_labels([(1,)], [(2,)])
    engine.score_labels([(1,)], [(2,)])
    assert engine.stats.cache_hits == 1


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"kind": "server"}, "needs url"),
        ({"kind": "scripted", "options": {"sed": 1}}, "'sed'(?s:.*)Did you mean 'seed'"),
        ({"kind": "scripted", "model": "x"}, "model means nothing"),
        ({"kind": "transformers", "url": "http://x"}, "url means nothing"),
        ({"kind": "vllm", "device": "cpu"}, "device means nothing"),
        ({"kind": "transformers", "options": {"dtype": "float32"}}, "option 'dtype' is unknown"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, fault):
    with pytest.raises(ConfigError, match=fault):
        open_engine(EngineConfig.of(settings))


@pytest.mark.parametrize("settings", [{"kind": "gpt"}, {"dtype": "int4"}, {"wheels": "x"}])
def test_unknown_values_are_refused_by_name(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        EngineConfig.of(settings)


def test_a_missing_model_is_said():
    with pytest.raises(ModelNotFoundError, match=r"no model 'smollm3'.*(?s:.*)smollm2-135m"):
        open_engine(EngineConfig(model="smollm3"))
