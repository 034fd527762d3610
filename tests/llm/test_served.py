"""What a server truly serves: its tokenizer, its key, and answers that are not another model's."""

from __future__ import annotations

import contextlib

import pytest

from llmrec.errors import ConfigError, EngineError
from llmrec.llm import EngineConfig, ServerEngine, open_engine
from llmrec.llm.models import weights_sha256
from llmrec.llm.vllm_start import answer_settings

pytest.importorskip("httpx")
NAME = "gpt-plain"


def card(url, **options):
    engine = ServerEngine(url, options.pop("model", None), **options)
    engine.close()
    return engine.card


def test_the_tokenizer_is_the_roots_else_the_served_names_else_the_named_one(serve, model_folder):
    here, other = str(model_folder("here")), str(model_folder("other"))
    inside = "/models/in-the-container"
    for models, roots, named in [
        ((NAME,), {NAME: here}, None),
        ((here,), {here: inside}, None),
        ((NAME,), {NAME: inside}, other),
    ]:
        url, _ = serve(scores_labels=True, models=models, roots=roots)
        engine = ServerEngine(url, tokenizer=named)
        assert engine.tokenizer.encode("Alien")
        engine.close()
    url, _ = serve(scores_labels=True, models=(NAME,), roots={NAME: inside})
    with pytest.raises(EngineError, match=rf"tokenizer of '{inside}' or '{NAME}'") as caught:
        ServerEngine(url)
    assert "--tokenizer" in caught.value.remedy


def test_a_key_comes_from_the_option_or_the_environment_and_is_never_shown(
    serve, model_folder, monkeypatch, caplog
):
    for name in ("VLLM_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = str(model_folder("here"))
    url, _ = serve(scores_labels=True, models=(folder,), key="s3cret")
    with pytest.raises(EngineError, match="answered 401") as caught:
        ServerEngine(url)
    assert "VLLM_API_KEY" in caught.value.remedy
    with pytest.raises(EngineError) as caught:
        ServerEngine(url, api_key="wr0ng")
    config = EngineConfig(kind="server", url=url, options={"api_key": "s3cret"})
    open_engine(config).close()
    for name in ("OPENAI_API_KEY", "VLLM_API_KEY"):
        monkeypatch.setenv(name, "s3cret")
        ServerEngine(url).close()
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    monkeypatch.setenv("VLLM_API_KEY", "s3cret")
    ServerEngine(url).close()
    for shown in (str(caught.value), repr(config), caplog.text):
        assert "s3cret" not in shown
        assert "wr0ng" not in shown


def test_weights_are_those_behind_the_root_never_the_tokenizers(serve, model_folder):
    served, tokenizer = model_folder("served", b"one"), model_folder("tokenizer", b"two")
    url, _ = serve(scores_labels=True, models=(NAME,), roots={NAME: str(served)})
    proven = card(url, tokenizer=tokenizer)
    assert proven.weights_proven
    assert proven.weights_sha256 == weights_sha256(served)
    assert proven.identity == f"{NAME}@{weights_sha256(served)[:12]}:bfloat16"


def test_what_is_not_proven_says_so_and_is_known_by_the_names_it_is_served_under(
    serve, model_folder
):
    tokenizer = model_folder("tokenizer")
    identities = set()
    for name, root in (
        (NAME, "/in/one"),
        (NAME, "/in/two"),
        (NAME, None),
        ("gpt-other", "/in/one"),
    ):
        url, _ = serve(scores_labels=True, models=(name,), roots={name: root})
        unproven = card(url, tokenizer=tokenizer)
        assert not unproven.weights_proven
        assert "unproven-" in unproven.identity
        assert card(url, tokenizer=tokenizer).identity == unproven.identity
        identities.add(unproven.identity)
    assert len(identities) == 4
    vouched = card(url, tokenizer=tokenizer, weights="ab" * 32)
    assert vouched.weights_proven
    assert vouched.weights_sha256 == "ab" * 32


def test_a_quantised_or_adapted_model_is_another_one(serve, model_folder):
    folder = str(model_folder("here"))
    identities = []
    for models, parents, options in [
        ((NAME,), {}, {}),
        ((NAME, f"{NAME}+quantization=fp8"), {}, {}),  # as `llmrec vllm up --quantization` serves
        ((NAME,), {}, {"quantization": "fp8"}),
        ((NAME, "films"), {"films": NAME}, {"model": "films"}),
    ]:
        roots = {NAME: folder, "films": "/in/films"}
        url, _ = serve(scores_labels=True, models=models, parents=parents, roots=roots)
        identities.append(card(url, **options).identity)
    plain, told, said, adapted = identities
    assert told == said == f"{plain};quantization=fp8"
    assert adapted not in {plain, told}
    assert "unproven" in adapted


def ask(url, tokenizer, cache):
    config = EngineConfig(
        kind="server", url=url, options={"tokenizer": str(tokenizer)}, cache=cache
    )
    with contextlib.closing(open_engine(config)) as engine:
        (scores,) = engine.score_labels([(1, 2, 3)], [(4, 5)])
        return scores.tolist(), engine.stats.cache_hits


@pytest.mark.parametrize("root", ["/in/the/container", None])
def test_another_model_behind_the_same_url_gives_no_old_answers(
    root, serve, model_folder, tmp_path
):
    folder, cache = model_folder("here"), tmp_path / "answers.sqlite"
    url, handler = serve(scores_labels=True, models=(NAME,), roots={NAME: root or str(folder)})
    assert ask(url, folder, cache) == ([-4.0, -5.0], 0)
    handler.shift = 0.005  # as kernels differ from one asking to the next
    assert ask(url, folder, cache) == ([-4.0, -5.0], 1)
    handler.shift = -3.0
    assert ask(url, folder, cache) == ([-7.0, -8.0], 0)
    assert ask(url, folder, cache) == ([-7.0, -8.0], 1)
    handler.shift = 0.0
    assert ask(url, folder, cache) == ([-4.0, -5.0], 1)


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({}, ""),
        ({"tensor_parallel_size": 2, "max_num_seqs": 8, "quantization": None}, ""),
        ({"quantization": "fp8", "max_num_seqs": 8}, "quantization=fp8"),
        ({"quantization": "fp8", "kv_cache_dtype": "fp8"}, "kv_cache_dtype=fp8,quantization=fp8"),
    ],
)
def test_engine_arguments_that_change_answers_are_on_vllms_card(options, settings):
    assert answer_settings(options) == settings


@pytest.mark.parametrize("name", ["model", "dtype"])
def test_model_and_dtype_have_arguments_of_their_own(name):
    with pytest.raises(ConfigError, match=f"{name} 'x' a second time"):
        answer_settings({name: "x"})
