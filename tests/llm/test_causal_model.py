"""Reading scores out of models of several makes: always what the model itself would say."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.errors import EngineError
from llmrec.llm.causal_model import CausalModel, Decoding, PrefixReader, shared_length

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SMALL = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MAKES = {
    "llama": ("Llama", {}),
    "llama-tied": ("Llama", {"tie_word_embeddings": True}),
    "mistral-window": ("Mistral", {"sliding_window": 8}),
    "gemma2-softcap-window": ("Gemma2", {"final_logit_softcapping": 5.0, "sliding_window": 8}),
    "granite-scaled": ("Granite", {"logits_scaling": 3.0}),
    "cohere-scaled": ("Cohere", {"logit_scale": 0.25}),
    "phi-bias": ("Phi", {"num_key_value_heads": 4}),
}
PROMPT = tuple(range(5, 45))
OTHER = (*PROMPT[:30], 90, 91, 92)
TAILS = [(50,), (51, 52, 53), (51, 52, 60, 61, 62)]


@pytest.fixture(scope="module", params=MAKES)
def folder(request, tmp_path_factory):
    make, options = MAKES[request.param]
    torch.manual_seed(0)
    config = getattr(transformers, f"{make}Config")(**{**SMALL, **options})
    model = getattr(transformers, f"{make}ForCausalLM")(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    place = tmp_path_factory.mktemp(request.param)
    model.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def model(folder):
    return CausalModel.load(folder, dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def own(folder):
    """The model's own log-probabilities ``(n_tokens, vocabulary)`` of a row."""
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def log_probs(row):
        with torch.inference_mode():
            return loaded(torch.tensor([row])).logits[0].float().log_softmax(-1).numpy()

    return log_probs


def close(one, other):
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=2e-4)


def test_rows_of_different_lengths_are_read_at_their_ends(model, own):
    rows = [PROMPT, PROMPT[:7], OTHER]
    targets = [[3, 4, 96], [5], [0, 1]]
    read = model.head.log_probs(model.hidden_at(rows, [[len(row) - 1] for row in rows]), targets)
    for row, tokens, scores in zip(rows, targets, read, strict=True):
        close(scores, own(row)[-1][tokens])


def test_tails_are_run_after_a_prefix_that_stays_as_it_was(model, own):
    reader = PrefixReader(model)
    last, computed = reader.read(PROMPT)
    assert computed == len(PROMPT)
    close(model.head.log_probs(last, [[9]])[0], own(PROMPT)[-1][[9]])
    for _ in range(2):
        hidden = model.hidden_after(reader.cache, len(PROMPT), TAILS)
        read = model.head.log_probs(hidden, [[7]] * sum(map(len, TAILS)))
        expected = [own((*PROMPT, *tail))[len(PROMPT) :, 7] for tail in TAILS]
        close(np.concatenate(read), np.concatenate(expected))


def test_a_reader_keeps_what_the_next_prompt_shares(model, own):
    reader = PrefixReader(model)
    for prompt in (PROMPT, OTHER, OTHER[:10], PROMPT):
        last, _ = reader.read(prompt)
        close(model.head.log_probs(last, [[9, 10]])[0], own(prompt)[-1][[9, 10]])


def test_answers_are_decoded_together_from_what_they_share(model, own):
    prompts = [(*PROMPT, *tail) for tail in TAILS]
    decoding = Decoding(model, prompts)
    close(decoding.step().log_softmax(-1), [own(row)[-1] for row in prompts])
    decoding.feed([70, 71, 72])
    expected = [own((*row, 70 + n))[-1] for n, row in enumerate(prompts)]
    close(decoding.step().log_softmax(-1), expected)


def test_a_token_outside_the_vocabulary_is_refused(model):
    with pytest.raises(EngineError, match="97"):
        model.head.log_probs(model.hidden_at([PROMPT], [[3]]), [[97]])


def test_a_head_of_an_unknown_make_is_refused(tmp_path):
    """MiniCPM scales its hidden state before the head, which no option here tells."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**SMALL)
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path)

    class Scaled(transformers.LlamaForCausalLM):
        def forward(self, *arguments, **options):
            out = super().forward(*arguments, **options)
            out.logits = out.logits * 50
            return out

    from llmrec.llm.head import Head

    with pytest.raises(EngineError, match="not understood"):
        Head(Scaled.from_pretrained(tmp_path))


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"dtype": "int4"}, "dtype 'int4' is unknown"),
        ({"dtype": "float32", "device": "abacus"}, "device 'abacus' is unknown"),
    ],
)
def test_wrong_settings_are_refused_before_loading(tmp_path, settings, fault):
    with pytest.raises(EngineError, match=fault):
        CausalModel.load(tmp_path, **settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_said(tmp_path):
    with pytest.raises(EngineError, match="sees no CUDA GPU"):
        CausalModel.load(tmp_path, dtype="float32", device="cuda")


@pytest.mark.parametrize(
    ("one", "other", "shared"), [((), (1,), 0), ((1, 2), (1, 3), 1), ((1, 2), (1, 2, 3), 2)]
)
def test_shared_length(one, other, shared):
    assert shared_length(one, other) == shared
    assert shared_length(other, one) == shared
