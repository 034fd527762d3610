"""``llmrec finetune`` and ``llmrec adapter``: one adapter, from the log to what others load."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from llmrec.cli import main
from llmrec.llm import TransformersEngine
from llmrec.llm.adapter import Adapter

pytest.importorskip("peft")


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", [str(word) for word in ["llmrec", *words]])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return call


def test_an_adapter_is_trained_and_passed_on(run, walkers, make_recipe, tmp_path):
    recipe = make_recipe(stage={"max_steps": 2}).model_dump(mode="json")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(recipe))
    home = tmp_path / "adapters"
    words = ("--recipe", tmp_path / "mine.yaml", "--out", home / "mine")
    code, out, err = run("finetune", walkers.path, *words, "--json")
    assert code == 0, err
    assert json.loads(out)["recipe"] == "tiny.v1"

    code, out, err = run("adapter", "list", home, "--json")
    assert code == 0, err
    (row,) = json.loads(out)
    adapter = Adapter.read(home / "mine")
    assert row["sha256"] == adapter.sha256[:12]
    code, out, _ = run("adapter", "show", home / "mine")
    assert "# Ranking adapter: tiny.v1" in out

    code, out, err = run("adapter", "export", home / "mine", tmp_path / "given")
    assert code == 0, err
    given = tmp_path / "given" / adapter.sha256[:12]
    assert sorted(file.name for file in given.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]

    code, _, err = run("adapter", "merge", home / "mine", tmp_path / "plain", "--dtype", "float32")
    assert code == 0, err
    plain = TransformersEngine(tmp_path / "plain", dtype="float32", device="cpu")
    added = TransformersEngine(recipe["base"], adapter=home / "mine", dtype="float32", device="cpu")
    prompt, labels = [tuple(range(5, 45))], [(65, 66, 67)]
    one, other = (e.score_labels(prompt, labels)[0] for e in (plain, added))
    assert one == pytest.approx(other, abs=1e-5)
    assert plain.tokenizer.sha256 == added.tokenizer.sha256


def test_a_list_of_adapters_names_a_damaged_one(run, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    code, out, _ = run("adapter", "list", tmp_path, "--json")
    assert code == 0
    assert "cannot be read" in json.loads(out)[0]["fault"]


def test_a_wrong_recipe_is_an_error_by_name(run, walkers, tmp_path):
    code, _, err = run("finetune", walkers.path, "--recipe", "smollm", "--out", tmp_path / "out")
    assert code == 2
    assert "no finetuning recipe 'smollm'" in err
