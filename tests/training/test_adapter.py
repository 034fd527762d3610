"""An adapter is used with exactly what it was trained for, or refused by name."""

from __future__ import annotations

import json
import shutil

import pytest

from llmrec.artifacts import seal_folder
from llmrec.errors import ArtifactError, EngineError
from llmrec.llm import TransformersEngine
from llmrec.llm.adapter import Adapter, merged, with_adapter
from llmrec.llm.causal_model import load_model
from llmrec.llm.models import weights_sha256
from llmrec.recommender import ScorerSettings, build_scorer
from llmrec.serialize import SerializerConfig
from llmrec.templates import load_template
from llmrec.training import LoraSettings
from llmrec.training.estimate import Estimate, check_memory
from llmrec.training.stages import lora_config
from llmrec.training.workplace import out_of_memory

torch = pytest.importorskip("torch")

pytest.importorskip("peft")
SERIALIZER = SerializerConfig(header=False)


def adapter_of(base, folder, **settings):
    """Write an adapter whose weights are drawn, not trained."""
    import peft

    model = load_model(base, dtype="float32", device="cpu")
    model = peft.get_peft_model(model, lora_config(LoraSettings(r=2, **settings)))
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(str(folder))
    template = load_template("rank/likelihood.v1")
    made_from = {
        "base": str(base),
        "base_sha256": weights_sha256(base),
        "template": template.template_id,
        "template_sha256": template.sha256,
        "serializer_sha256": SERIALIZER.sha256,
    }
    seal_folder(folder, "adapter", made_from=made_from)
    return model.eval()


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora"])
def test_merged_weights_give_what_the_unmerged_give(kind, base, tmp_path):
    unmerged = adapter_of(base, tmp_path / "a", kind=kind)
    plain = merged(load_model(base, dtype="float32", device="cpu"), tmp_path / "a")
    before = load_model(base, dtype="float32", device="cpu")
    ids = torch.arange(5, 45)[None]
    with torch.inference_mode():
        one, other, without = (m(input_ids=ids).logits for m in (unmerged, plain, before))
    torch.testing.assert_close(one, other, atol=2e-3, rtol=1e-3)
    assert (one - without).abs().max() > 0.1
    assert type(plain) is type(before)


def test_an_adapter_of_another_base_is_refused_by_both_names(base, tiny, tmp_path):
    adapter_of(base, tmp_path / "a")
    other = tiny(hidden_size=16)
    with pytest.raises(ArtifactError, match=r"is an adapter of .* but the model is"):
        TransformersEngine(other, adapter=tmp_path / "a", dtype="float32", device="cpu")


def test_keys_or_shapes_that_do_not_match_are_an_error(base, tiny, tmp_path):
    from safetensors.torch import load_file, save_file

    adapter_of(base, tmp_path / "a")
    adapter_of(base, tmp_path / "b")
    weights = load_file(tmp_path / "b" / "adapter_model.safetensors")
    weights.pop(sorted(weights)[3])
    save_file(weights, tmp_path / "b" / "adapter_model.safetensors")
    with pytest.raises(ArtifactError, match="lacks 1 weights"):
        with_adapter(load_model(base, dtype="float32", device="cpu"), tmp_path / "b")
    for other, said in (
        (tiny(num_hidden_layers=1), "holds unknown 14 weights"),
        (tiny(intermediate_size=48), "has shape"),
    ):
        with pytest.raises(ArtifactError, match=said):
            with_adapter(load_model(other, dtype="float32", device="cpu"), tmp_path / "a")


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "adapter_config.json"])
def test_a_tampered_file_is_refused(file, base, tmp_path):
    adapter_of(base, tmp_path / "a")
    raw = bytearray((tmp_path / "a" / file).read_bytes())
    raw[-9] ^= 1
    (tmp_path / "a" / file).write_bytes(raw)
    with pytest.raises(ArtifactError, match=f"{file} is damaged"):
        Adapter.read(tmp_path / "a")


def test_an_adapter_that_does_not_say_its_base_is_refused(base, tmp_path):
    adapter_of(base, tmp_path / "a")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    del manifest["made_from"]["base_sha256"]
    (tmp_path / "a" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="does not name its base_sha256"):
        Adapter.read(tmp_path / "a")


def test_other_prompts_than_those_trained_on_are_refused(base, tmp_path, walkers):
    adapter_of(base, tmp_path / "a")
    engine = TransformersEngine(base, adapter=tmp_path / "a", dtype="float32", device="cpu")
    right = ScorerSettings(scorer="likelihood", serializer=SERIALIZER)
    assert build_scorer(engine, walkers.catalogue, right).kind == "likelihood"
    for wrong in (
        ScorerSettings(scorer="labels", serializer=SERIALIZER),
        ScorerSettings(scorer="likelihood"),
    ):
        with pytest.raises(ArtifactError, match="was trained on rank/likelihood"):
            build_scorer(engine, walkers.catalogue, wrong)


def test_too_little_memory_is_refused_with_what_would_help(make_recipe):
    needed = Estimate(weights=10**9, trained=2**30, activations=3 * 2**30)
    check_memory(needed, 5 * 2**30, make_recipe())
    with pytest.raises(EngineError, match=r"needs about 4\.0 GiB .* 3\.0 GiB are free") as caught:
        check_memory(needed, 3 * 2**30, make_recipe())
    assert "gradient_checkpointing" in caught.value.remedy


def test_memory_that_runs_out_offers_a_smaller_batch(tmp_path):
    with pytest.raises(EngineError, match="memory ran out") as caught, out_of_memory(8, tmp_path):
        raise torch.OutOfMemoryError("CUDA out of memory")
    assert "batch_size: 4" in caught.value.remedy
    with pytest.raises(RuntimeError, match="shapes"), out_of_memory(8, tmp_path):
        raise RuntimeError("shapes differ")


def test_a_copied_folder_is_the_same_adapter(base, tmp_path):
    adapter_of(base, tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert Adapter.read(tmp_path / "a").sha256 == Adapter.read(tmp_path / "b").sha256
