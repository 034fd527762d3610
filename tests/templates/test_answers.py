"""Answers are tokenized behind the prompt, which keeps its own tokens."""

from __future__ import annotations

import pytest

from llmrec.errors import TemplateError
from llmrec.llm import ByteTokenizer
from llmrec.llm.tokenizer import ChatTokenizer
from llmrec.templates import (
    AnswerEncoder,
    answer_frame,
    continuation_ids,
    load_template,
    render,
)
from llmrec.templates.example import EXAMPLE_AS_OF, example_variables

TITLES = [
    "Alien",
    "千と千尋の神隠し",
    "The Drama",
    "1984",
    "…And Justice for All",
    "Σ, π",
    " Alien",
]
LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def prompt_ids(tokenizer, template_id="rank/labels.v1"):
    template = load_template(template_id)
    values = example_variables(template.variables)
    return render(template, values, tokenizer=tokenizer, as_of=EXAMPLE_AS_OF).token_ids


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("llama3", "<|eot_id|>"),
        ("qwen3", "<|im_end|>"),
        ("gemma", "<end_of_turn>"),
        pytest.param("smollm2", "<|im_end|>", marks=pytest.mark.engine),
    ],
)
def test_the_end_of_a_turn_is_found_by_rendering(request, name, end):
    frame = answer_frame(request.getfixturevalue(name))
    assert (frame.lead, frame.end) == ("", end)


def test_the_byte_tokenizer_has_a_frame_too():
    assert answer_frame(ByteTokenizer()).end == "<|im_end|>"


def test_titles_are_what_the_whole_text_encodes_to(tokenizer):
    """The tail's shortcut agrees with encoding the whole prompt behind each title."""
    ids = prompt_ids(tokenizer, "rank/likelihood.v1")
    text = tokenizer.decode(ids)
    expected = [tokenizer.encode(text + title)[len(ids) :] for title in TITLES]
    encoder = AnswerEncoder(tokenizer)
    assert encoder.encode(ids, TITLES) == expected
    assert encoder.encode(ids, TITLES) == expected, "remembered ones are the same"
    assert expected == [continuation_ids(tokenizer, text, title) for title in TITLES]


def test_an_ended_title_closes_the_turn(tokenizer):
    ids = prompt_ids(tokenizer)
    encoder = AnswerEncoder(tokenizer)
    (open_,), (ended,) = encoder.encode(ids, ["Alien"]), encoder.encode(ids, ["Alien"], ended=True)
    assert ended[:-1] == open_
    assert tokenizer.decode(ended[-1:]) == encoder.frame.end


def test_letters_are_single_tokens_behind_the_prompt(tokenizer):
    ids = prompt_ids(tokenizer)
    labels = AnswerEncoder(tokenizer).labels(ids, LETTERS)
    assert len(set(labels)) == 26
    assert [tokenizer.decode([label]) for label in labels] == LETTERS


def test_a_long_label_is_refused():
    ids = prompt_ids(ByteTokenizer())
    with pytest.raises(TemplateError, match="label 'AB' is 2 tokens"):
        AnswerEncoder(ByteTokenizer()).labels(ids, ["A", "AB"])


def test_equal_labels_are_refused():
    ids = prompt_ids(ByteTokenizer())
    with pytest.raises(TemplateError, match="are the same token"):
        AnswerEncoder(ByteTokenizer()).labels(ids, ["A", "A"])


def test_an_empty_answer_is_refused(tokenizer):
    with pytest.raises(TemplateError, match="no token at all"):
        AnswerEncoder(tokenizer).encode(prompt_ids(tokenizer), [""])


SPACED = """
{%- for turn in messages -%}
    {%- if turn.role == "user" -%}{{ "<|start_header_id|>" ~ turn.content ~ "<|end_header_id|>" }}
    {%- else -%}{{ " " ~ turn.content ~ "<|eot_id|>" }}{%- endif -%}
{%- endfor -%}
"""


def test_the_space_before_an_answer_belongs_to_the_answer(make_hf):
    """Where a format sets a space before answers, the space is part of the answer's token."""
    hf = make_hf(SPACED)
    tokenizer = ChatTokenizer(hf)
    encoder = AnswerEncoder(tokenizer)
    assert encoder.frame.lead == " "
    ids = prompt_ids(tokenizer)
    assert tokenizer.decode(ids).endswith("<|end_header_id|>")
    assert encoder.encode(ids, ["Alien"]) == [(hf.convert_tokens_to_ids("\u0120Alien"),)]


@pytest.mark.parametrize("marks", ["normalizer", "first", "always", "never"])
def test_sentencepiece_spaces_are_kept_apart_from_the_answers(marked_spaces, marks):
    """Llama 2 and its kin: no control token near the answer, and a space that decoding adds."""
    tokenizer = marked_spaces(marks)
    encoder = AnswerEncoder(tokenizer)
    template = load_template("rank/labels.v1")
    for history in ("a", "b " * 100):
        values = {"history": history, "candidates": ()}
        prompt = render(template, values, tokenizer=tokenizer, as_of=EXAMPLE_AS_OF)
        text = tokenizer.chat(prompt.messages, as_of=EXAMPLE_AS_OF)
        assert tokenizer.encode(text) == prompt.token_ids
        for title in ("Alien", "The Zoo"):
            (ids,) = encoder.encode(prompt.token_ids, [title], ended=True)
            assert prompt.token_ids + ids == tokenizer.encode(f"{text} {title}</s>")


def test_an_answer_that_merges_with_the_prompt_is_refused(make_hf):
    """The prompt ends in a letter that the next one would be merged into."""
    template = """
    {%- for turn in messages -%}{{ turn.content ~ "<|eot_id|>" }}{%- endfor -%}
    {{- "Ali" if add_generation_prompt -}}
    """
    tokenizer = ChatTokenizer(make_hf(template))
    encoder = AnswerEncoder(tokenizer)
    ids = prompt_ids(tokenizer)
    with pytest.raises(TemplateError, match="changes the tokens of the prompt"):
        encoder.encode(ids, ["en"])
    with pytest.raises(TemplateError, match="changes the tokens of the prompt"):
        continuation_ids(tokenizer, tokenizer.decode(ids), "en")


def test_a_format_that_never_ends_a_turn_is_refused(make_hf):
    template = "{% for turn in messages %}{{ turn.role ~ ': ' ~ turn.content ~ '\n' }}{% endfor %}"
    with pytest.raises(TemplateError, match="no control token after an answer"):
        AnswerEncoder(ChatTokenizer(make_hf(template)))


def test_a_prompt_of_another_tokenizer_is_refused(llama3, gemma):
    ids = [n for n in prompt_ids(llama3) if n < len(gemma._hf)]
    with pytest.raises(TemplateError, match="not tokenized as it was rendered"):
        AnswerEncoder(gemma).encode(tuple(ids), ["Alien"])


class Counting(ByteTokenizer):
    """Counts the characters that are encoded."""

    n_characters = 0

    def encode_batch(self, texts):
        type(self).n_characters += sum(map(len, texts))
        return [ByteTokenizer.encode(self, text) for text in texts]


def test_the_cost_of_a_title_does_not_grow_with_the_history():
    tokenizer = Counting()
    encoder = AnswerEncoder(tokenizer)
    template = load_template("rank/likelihood.v1")
    values = {"history": "a long past\n" * 2000, "candidates": ()}
    ids = render(template, values, tokenizer=tokenizer, as_of=EXAMPLE_AS_OF).token_ids
    Counting.n_characters = 0
    encoder.encode(ids, ["Alien", "Alien"])
    assert Counting.n_characters < 100
    encoder.encode(ids, ["Alien"])
    assert Counting.n_characters < 100, "known titles are not encoded again"
