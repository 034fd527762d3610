"""From a log to an adapter that serves, and what stops or survives on the way."""

from __future__ import annotations

import json
import resource
import shutil

import numpy as np
import pytest

from llmrec.errors import ArtifactError, EngineError, TemplateError
from llmrec.llm import TransformersEngine
from llmrec.llm.adapter import Adapter
from llmrec.recommender import build_scorer
from llmrec.training.run import finetune
from llmrec.training.stages import Student
from llmrec.training.validation import conditional_ndcg, halves, llm_scores
from llmrec.training.workplace import Workplace

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def trained(walkers, make_recipe, tmp_path_factory):
    """An adapter of two stages on the tiny Llama, and its recipe."""
    recipe = make_recipe("dense", "listwise", stage={"max_steps": 4, "learning_rate": 2e-2})
    out = tmp_path_factory.mktemp("adapters") / "tiny"
    finetune(walkers, recipe, out)
    return out, recipe


def weights_of(folder):
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def test_an_adapters_folder_tells_what_it_is(trained, walkers, base):
    out, recipe = trained
    adapter = Adapter.read(out)
    assert adapter.made_from["base"] == str(base)
    assert adapter.made_from["dataset_sha256"] == walkers.sha256
    assert json.loads((out / "recipe.json").read_text()) == recipe.model_dump(mode="json")
    dense, listwise = json.loads((out / "data.json").read_text())
    assert (dense["objective"], listwise["objective"]) == ("dense", "listwise")
    assert listwise["injected"] == 0
    curve = [
        row["loss"] for row in json.loads((out / "curves.json").read_text())[0] if "loss" in row
    ]
    assert len(curve) == 4
    assert curve[-1] < curve[0]
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert adapter.made_from["template"] in (out / "README.md").read_text()
    assert not out.with_name("tiny.work").exists()
    for figure in adapter.metrics["conditional_ndcg@10"].values():
        assert figure["interval"][0] <= figure["value"] <= figure["interval"][1]


def test_the_merged_adapter_serves_what_training_measured(trained, base, folds):
    out, recipe = trained
    engine = TransformersEngine(base, adapter=out, dtype="float32", device="cpu")
    scorer = build_scorer(engine, folds.dataset.catalogue, recipe.serving)
    _, half, _ = halves(folds, recipe)
    served = conditional_ndcg(half, llm_scores(scorer, half)).mean()
    told = Adapter.read(out).metrics["conditional_ndcg@10"]
    assert served == pytest.approx(told["adapter"]["value"], abs=0.01)
    assert engine.card.adapter_sha256 == Adapter.read(out).sha256
    assert engine.card.identity.endswith(f"+{engine.card.adapter_sha256[:12]}")


def dense(make_recipe, **keys):
    return make_recipe("dense", validation={"queries": 80, "every_steps": 2}, **keys)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(walkers, make_recipe, tmp_path, monkeypatch):
    recipe = dense(make_recipe, stage={"max_steps": 4}, lora={"r": 2, "dropout": 0.1})
    finetune(walkers, recipe, tmp_path / "whole")
    looks = []

    def killed(self, half):
        looks.append(half)
        if len(looks) == 2:
            raise KeyboardInterrupt
        return ndcg(self, half)

    ndcg = Student.ndcg
    with monkeypatch.context() as patched:
        patched.setattr(Student, "ndcg", killed)
        with pytest.raises(KeyboardInterrupt):
            finetune(walkers, recipe, tmp_path / "killed")
    assert not (tmp_path / "killed").exists()
    stage = tmp_path / "killed.work" / "stage-0"
    assert (stage / "checkpoint-2").is_dir()
    shutil.copytree(stage / "checkpoint-2", stage / "checkpoint-4")
    (stage / "checkpoint-4" / "trainer_state.json").write_text("{ cut short")
    finetune(walkers, recipe, tmp_path / "killed")
    whole, resumed = weights_of(tmp_path / "whole"), weights_of(tmp_path / "killed")
    for name, weight in whole.items():
        np.testing.assert_array_equal(weight.numpy(), resumed[name].numpy())


def test_unfinished_work_of_another_recipe_is_not_gone_on_with(walkers, make_recipe, tmp_path):
    Workplace(tmp_path / "out", {"recipe": "tiny.v1", "seed": 1})
    Workplace(tmp_path / "out", {"recipe": "tiny.v1", "seed": 1})
    with pytest.raises(ArtifactError, match="unfinished training of seed 1, but 2"):
        Workplace(tmp_path / "out", {"recipe": "tiny.v1", "seed": 2})
    with pytest.raises(ArtifactError, match="holds unfinished training of"):
        finetune(walkers, dense(make_recipe), tmp_path / "out")


def test_a_loss_that_is_no_number_stops_training_and_keeps_what_was_good(
    walkers, make_recipe, tmp_path
):
    recipe = dense(make_recipe, stage={"learning_rate": 1e30})
    with pytest.raises(EngineError, match="loss is nan at step") as caught:
        finetune(walkers, recipe, tmp_path / "out")
    assert "learning_rate" in caught.value.remedy
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_named_and_leaves_no_half_adapter(walkers, make_recipe, tmp_path):
    recipe = dense(make_recipe, stage={"max_steps": 2}, lora={"r": 32})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ArtifactError, match="cannot be written"):
            finetune(walkers, recipe, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "out").exists()


def test_a_base_without_a_chat_template_is_refused_before_any_work(
    walkers, make_recipe, base, tmp_path
):
    bare = shutil.copytree(base, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(TemplateError, match="no chat template"):
        finetune(walkers, dense(make_recipe, base=str(bare)), tmp_path / "out")
    assert not (tmp_path / "out.work").exists()
