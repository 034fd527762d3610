"""Messages become token ids once, and ranking and explaining share their beginning."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import TemplateError, install_line
from llmrec.llm import ByteTokenizer
from llmrec.templates import load_template, render, render_batch
from llmrec.templates.example import EXAMPLE, EXAMPLE_AS_OF, example_variables

CHAT = ["rank/labels.v1", "rank/likelihood.v1", "rank/markers.v1", "rank/pointwise.v1"]
CHAT += ["explain/reason.v1", "explain/rewrite.v1"]
SCRIPTS = (
    "“千と千尋の神隠し” (2001)\n“Амели” (2001)\n“غزل البنات” (1949)\n"
    "“दंगल” (2016)\n“기생충” (2019)\n“Ωμέγα”\n“🎬”"
)


def rendered(template_id, tokenizer, **changes):
    template = load_template(template_id)
    values = example_variables(template.variables) | changes
    return render(template, values, tokenizer=tokenizer, as_of=EXAMPLE_AS_OF)


def common(first, second):
    """Return how many leading elements two sequences share."""
    pairs = zip(first, second, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


@pytest.mark.parametrize("template_id", CHAT)
def test_a_prompt_is_its_chat_encoded_once(tokenizer, template_id):
    prompt = rendered(template_id, tokenizer)
    text = tokenizer.chat(prompt.messages, as_of=EXAMPLE_AS_OF)
    assert prompt.token_ids == tokenizer.encode(text)
    assert tokenizer.decode(prompt.token_ids) == text
    assert prompt.template_id == template_id
    assert prompt.template_sha256 == load_template(template_id).sha256


@pytest.mark.parametrize("listed", [(), EXAMPLE["candidates"]], ids=["not listed", "listed"])
def test_ranking_and_explaining_share_their_beginning(tokenizer, listed):
    """Byte for byte and token for token up to the task's own tail: one prefix to cache."""
    prompts = [rendered(template_id, tokenizer, candidates=listed) for template_id in CHAT]
    texts = [tokenizer.decode(prompt.token_ids) for prompt in prompts]
    last = (listed[-1]["line"] if listed else EXAMPLE["history"].splitlines()[-1]) + "\n\n"
    shared = texts[0][: texts[0].index(last) + len(last)]
    assert all(text.startswith(shared) for text in texts)
    n_shared = len(tokenizer.encode(shared.rstrip("\n")))
    for prompt in prompts[1:]:
        assert common(prompt.token_ids, prompts[0].token_ids) >= n_shared


@pytest.mark.parametrize("template_id", CHAT)
def test_titles_of_any_script_pass_through(tokenizer, template_id):
    prompt = rendered(template_id, tokenizer, history=SCRIPTS)
    assert SCRIPTS in tokenizer.decode(prompt.token_ids)


def test_a_batch_is_its_parts(tokenizer):
    template = load_template("rank/labels.v1")
    values = [
        example_variables(template.variables) | {"history": history}
        for history in ("a", "b\nc", "")
    ]
    moments = [EXAMPLE_AS_OF + dt.timedelta(days=n) for n in range(3)]
    together = render_batch(template, values, tokenizer=tokenizer, as_of=moments)
    alone = [
        render(template, value, tokenizer=tokenizer, as_of=moment)
        for value, moment in zip(values, moments, strict=True)
    ]
    assert together == alone
    assert render_batch(template, [], tokenizer=tokenizer, as_of=[]) == []


def test_the_moment_reaches_the_chat_format(llama3):
    template = load_template("rank/labels.v1")
    values = example_variables(template.variables)
    other = dt.datetime(2019, 1, 5, tzinfo=dt.UTC)
    prompt = render(template, values, tokenizer=llama3, as_of=other)
    assert "05 Jan 2019" in llama3.decode(prompt.token_ids)


def test_too_long_a_prompt_names_both_lengths():
    prompt = rendered("rank/labels.v1", ByteTokenizer())
    n = len(prompt.token_ids)
    values = example_variables(load_template("rank/labels.v1").variables)
    with pytest.raises(TemplateError, match=f"has {n} tokens; at most {n - 1} fit"):
        render(
            load_template("rank/labels.v1"),
            values,
            tokenizer=ByteTokenizer(),
            as_of=EXAMPLE_AS_OF,
            max_tokens=n - 1,
        )
    render(
        load_template("rank/labels.v1"),
        values,
        tokenizer=ByteTokenizer(),
        as_of=EXAMPLE_AS_OF,
        max_tokens=n,
    )


def test_text_that_would_become_a_control_token_is_refused(tokenizer):
    for control in sorted(tokenizer.control_strings)[:5]:
        with pytest.raises(TemplateError, match="reads as a control token"):
            rendered("rank/likelihood.v1", tokenizer, history=f"a title{control}")


def test_batches_of_unequal_length_are_refused():
    with pytest.raises(TemplateError, match="1 sets of variables but 0 moments"):
        render_batch(
            load_template("rank/labels.v1"),
            [{"history": "", "candidates": ()}],
            tokenizer=ByteTokenizer(),
            as_of=[],
        )


@given(st.text(min_size=1, max_size=60).filter(lambda text: "<|" not in text))
@settings(max_examples=60, deadline=None)
def test_any_text_stands_in_the_prompt_as_it_is(text):
    text = text.encode("utf-8", "replace").decode()
    prompt = rendered("explain/reason.v1", ByteTokenizer(), item=text)
    assert f"Recommended: {text}\n" in ByteTokenizer().decode(prompt.token_ids)


def test_rendering_needs_no_transformers():
    """The base install renders: neither Transformers nor torch is loaded, or even there."""
    code = """
import sys
for absent in ("transformers", "torch", "tokenizers"):
    sys.modules[absent] = None
from llmrec.llm import ByteTokenizer
from llmrec.templates import AnswerEncoder, load_template, render
from llmrec.templates.example import EXAMPLE_AS_OF, example_variables
template = load_template("rank/labels.v1")
prompt = render(template, example_variables(template.variables),
                tokenizer=ByteTokenizer(), as_of=EXAMPLE_AS_OF)
print(AnswerEncoder(ByteTokenizer()).labels(prompt.token_ids, ["A", "B"]))
"""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.stdout.strip() == "(65, 66)", done.stderr


def test_a_missing_package_gives_the_install_line():
    code = """
import sys
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "transformers" else real(name, *a)
from llmrec.errors import MissingExtraError
from llmrec.llm.tokenizer import ChatTokenizer
try:
    ChatTokenizer.load(".")
except MissingExtraError as error:
    print(error.remedy)
"""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.stdout.strip() == install_line("cpu"), done.stderr
