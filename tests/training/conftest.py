"""A tiny Llama with a real tokenizer, and a log in which what follows an item can be learnt."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from llmrec.data import SplitProtocol, load, split, write_dataset
from llmrec.training import Recipe
from llmrec.types import Item

N_ITEMS, N_USERS, N_EVENTS = 40, 120, 12
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 4096,
}


@pytest.fixture(scope="session")
def walkers(tmp_path_factory):
    """People who walk along the items, so that a retriever finds most of what comes next."""
    rng = np.random.default_rng(5)
    items = [Item(item_id=f"{n}", title=f"Film {n}") for n in range(N_ITEMS)]
    rows = [
        (f"u{user:03}", f"{(start + step) % N_ITEMS}", 86_400 * step + user)
        for user in range(N_USERS)
        for start in [int(rng.integers(N_ITEMS))]
        for step in range(N_EVENTS)
    ]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp_s"], orient="row")
    folder = tmp_path_factory.mktemp("training") / "walkers"
    write_dataset(folder, items=items, interactions=frame, made_from={})
    return load(folder)


@pytest.fixture(scope="session")
def folds(walkers):
    """The log under leave-one-out, users dealt into two folds."""
    card = SplitProtocol.named("leave-one-out.v1")
    return split(walkers, card.model_copy(update={"folds": 2}))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Make a folder of a tiny model by architecture: its weights are random, its tokenizer real."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tests.templates.conftest import QWEN3_STYLE, QWEN_CONTROLS, _byte_level, _wrapped

    def make(make_name="Llama", **options):
        folder = tmp_path_factory.mktemp(make_name)
        hf = _wrapped(_byte_level(), QWEN_CONTROLS, QWEN3_STYLE, eos="<|im_end|>")
        hf.save_pretrained(str(folder))
        torch.manual_seed(0)
        config = getattr(transformers, f"{make_name}Config")(
            **{**SIZES, "vocab_size": len(hf), **options}
        )
        model = getattr(transformers, f"{make_name}ForCausalLM")(config)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        model.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def base(tiny):
    """The tiny Llama's folder."""
    return tiny()


@pytest.fixture(scope="session")
def make_recipe(base):
    """A small recipe on the tiny Llama; keywords replace its keys."""

    def make(*objectives, scorer="likelihood", stage=None, **keys):
        objectives = objectives or ("dense",)
        stages = [
            {
                "objective": objective,
                "learning_rate": 5e-3,
                "batch_size": 4,
                "accumulation": 1,
                "max_steps": 6,
                "max_examples": 60,
                **(stage or {}),
            }
            for objective in objectives
        ]
        serving = {"scorer": scorer, "serializer": {"header": False}, "history_tokens": 128}
        if scorer == "likelihood":
            serving["normalise"] = "mean"
        values = {
            "name": "tiny",
            "version": 1,
            "base": str(base),
            "dtype": "float32",
            "device": "cpu",
            "stages": stages,
            "serving": serving,
            "lora": {"r": 2},
            "candidates": {"most": 6, "least": 3, "positions_per_user": 3},
            "validation": {"queries": 80, "every_steps": 6, "patience": 10},
            **keys,
        }
        return Recipe.of(values)

    return make
