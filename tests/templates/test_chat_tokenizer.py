"""What a chat format shows: one date, no thought, every instruction, one beginning."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from llmrec.errors import EngineError, ModelNotFoundError, TemplateError
from llmrec.llm.tokenizer import ChatTokenizer, english_date
from llmrec.types import Message

AS_OF = dt.datetime(2021, 2, 3, 21, 30, tzinfo=dt.UTC)
SYSTEM = Message(role="system", content="Be brief and kind.")
USER = Message(role="user", content="What comes next?")
ANSWER = Message(role="assistant", content="Alien")


@pytest.mark.parametrize("style", ["llama3", "clock"])
def test_as_of_is_the_only_date(make_hf, chat_templates, style):
    hf = make_hf(chat_templates[style])
    today = hf.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
    year = str(dt.datetime.now(dt.UTC).year)
    assert year in today, "the authored template was meant to insert today by itself"

    text = ChatTokenizer(hf).chat([SYSTEM, USER], as_of=AS_OF)

    assert year not in text
    assert "03 Feb 2021" in text or "Wednesday, 03 February 2021, 9 PM" in text


def test_as_of_is_shown_in_utc(llama3):
    tokyo = dt.timezone(dt.timedelta(hours=9))
    text = llama3.chat([USER], as_of=dt.datetime(2021, 2, 4, 6, 30, tzinfo=tokyo))
    assert text == llama3.chat([USER], as_of=AS_OF)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("%d %b %Y", "03 Feb 2021"),
        ("%Y-%m-%d", "2021-02-03"),
        ("%A, %B %-d", "Wednesday, February 3"),
        ("%a %h %I %p 100%%", "Wed Feb 09 PM 100%"),
    ],
)
def test_dates_are_english_under_any_locale(form, expected):
    assert english_date(AS_OF, form) == expected


def test_every_month_and_weekday_is_named_as_python_names_it():
    for n in range(366):
        day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=n)
        assert english_date(day, "%a %A %b %B") == day.strftime("%a %A %b %B")


def test_thinking_is_off(qwen3):
    assert qwen3.chat([USER], as_of=AS_OF).endswith("<think>\n\n</think>\n\n")


ALWAYS_THINKS = """
{%- for turn in messages -%}{{ "<|im_start|>" ~ turn.role ~ "\n" ~ turn.content }}{%- endfor -%}
{{- "<|im_start|>assistant\nOPEN\n" if add_generation_prompt -}}
"""


@pytest.mark.parametrize(
    "mark", ["<think>", "<thinking>", "<|START_THINKING|>", "<|begin_of_thought|>", "[THINK]"]
)
def test_a_format_that_always_thinks_is_refused(make_hf, mark):
    with pytest.raises(TemplateError, match=re.escape(f"leaves a thought open ({mark})")):
        ChatTokenizer(make_hf(ALWAYS_THINKS.replace("OPEN", mark)))


def test_talk_about_thinking_is_no_thought(qwen3):
    about = Message(role="user", content="Is <think> a tag, and [THINK] too?")
    assert qwen3.chat([about], as_of=AS_OF).endswith("</think>\n\n")


def test_a_thought_that_the_own_format_closes_before_an_answer_is_closed(make_hf):
    """The open prompt begins a thought; an answered chat shows how the model gets past it."""
    template = """
    {%- for turn in messages -%}
        {{- "<|im_start|>" ~ turn.role ~ "\n" -}}
        {{- "<think>\n\n</think>\n\n" if turn.role == "assistant" -}}
        {{- turn.content ~ "<|im_end|>\n" -}}
    {%- endfor -%}
    {{- "<|im_start|>assistant\n<think>\n" if add_generation_prompt -}}
    """
    text = ChatTokenizer(make_hf(template)).chat([USER], as_of=AS_OF)
    assert text.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


def test_a_format_without_a_generation_prompt_is_opened_as_its_answers_are(make_hf):
    template = """
    {%- for turn in messages -%}
        {{- "[" ~ turn.role ~ "] " ~ turn.content ~ "<|eot_id|>" -}}
    {%- endfor -%}
    """
    text = ChatTokenizer(make_hf(template)).chat([USER], as_of=AS_OF)
    assert text == "[user] What comes next?<|eot_id|>[assistant] "


def test_system_text_survives_where_there_is_no_system_role(gemma):
    assert not gemma.has_system_role
    text = gemma.chat([SYSTEM, USER], as_of=AS_OF)
    merged = "Be brief and kind.\n\nWhat comes next?"
    assert text == f"<bos><start_of_turn>user\n{merged}<end_of_turn>\n<start_of_turn>model\n"


def test_a_format_that_drops_system_text_silently_is_found_out(make_hf):
    template = """
    {%- for turn in messages if turn.role != "system" -%}
        {{- turn.role ~ ": " ~ turn.content ~ "<|eot_id|>" -}}
    {%- endfor -%}
    {{- "assistant: " if add_generation_prompt -}}
    """
    tokenizer = ChatTokenizer(make_hf(template))
    assert tokenizer.chat([SYSTEM, USER], as_of=AS_OF).startswith("user: Be brief and kind.\n\n")


def test_turns_after_a_merged_system_text_stay(gemma):
    text = gemma.chat([SYSTEM, USER, ANSWER, USER], as_of=AS_OF)
    assert text.count("Be brief") == 1
    assert "<start_of_turn>model\nAlien<end_of_turn>" in text


def test_system_text_without_a_user_turn_is_refused_where_there_is_no_system_role(gemma):
    with pytest.raises(TemplateError, match="no user turn follows"):
        gemma.chat([SYSTEM], as_of=AS_OF)


def test_instructions_stand_before_the_question(tokenizer):
    text = tokenizer.chat([SYSTEM, USER], as_of=AS_OF)
    assert 0 < text.index(SYSTEM.content) < text.index(USER.content)


@pytest.mark.parametrize("name", ["llama3", "gemma"])
def test_a_prompt_begins_once(request, name):
    tokenizer = request.getfixturevalue(name)
    hf = tokenizer._hf
    text = tokenizer.chat([SYSTEM, USER], as_of=AS_OF)
    assert hf(text)["input_ids"].count(hf.bos_token_id) == 2, "the trap that is avoided"

    assert tokenizer.encode(text).count(hf.bos_token_id) == 1
    assert tokenizer.encode(text)[0] == hf.bos_token_id


def test_a_template_that_begins_twice_is_refused(make_hf):
    template = "{{ bos_token ~ bos_token }}{% for t in messages %}{{ t.content }}{% endfor %}"
    with pytest.raises(TemplateError, match="begins with two"):
        ChatTokenizer(make_hf(template))


def test_nothing_is_added_to_a_text(tokenizer):
    assert tokenizer.encode("") == ()
    assert tokenizer.encode_batch([]) == []
    assert len(tokenizer.encode("A")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Alien (1979), rated 4 of 5",
        "千と千尋の神隠し · Амели · العربية · हिन्दी · 기생충",
        "emoji 🎬👩‍🚀 and combining é",
        "tabs\tand\nlines\n\n  and  runs of spaces ",
    ],
)
def test_text_of_any_script_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_batch_is_its_parts(tokenizer):
    texts = ["a", "", "Alien and Aliens", "a" * 5000]
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]


def test_long_texts_are_not_cut(tokenizer):
    text = "word " * 20_000
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_control_strings_are_those_that_become_one_token(tokenizer):
    assert tokenizer.control_strings
    for string in tokenizer.control_strings:
        assert len(tokenizer.encode(string)) == 1, string


def test_thought_marks_are_control_strings_though_not_special(qwen3):
    assert {"<think>", "</think>", "<|im_end|>"} <= qwen3.control_strings


def test_plain_added_words_and_spaces_are_no_control_strings(make_hf, chat_templates):
    hf = make_hf(chat_templates["llama3"])
    hf.add_tokens(["Godzilla", "   ", "\n\n", "<tool>"])
    assert ChatTokenizer(hf).control_strings & {"Godzilla", "   ", "\n\n", "<tool>"} == {"<tool>"}


def test_sha_covers_vocabulary_and_chat_template(make_hf, chat_templates):
    plain = ChatTokenizer(make_hf(chat_templates["llama3"]))
    again = ChatTokenizer(make_hf(chat_templates["llama3"]))
    other_format = ChatTokenizer(make_hf(chat_templates["clock"]))
    hf = make_hf(chat_templates["llama3"])
    hf.add_tokens(["<new>"])
    assert plain.sha256 == again.sha256
    assert len({plain.sha256, other_format.sha256, ChatTokenizer(hf).sha256}) == 3


def test_sha_does_not_depend_on_what_was_encoded_before(make_hf, chat_templates):
    used = make_hf(chat_templates["llama3"])
    used(["a", "a longer text"], padding=False, truncation=True, max_length=3)
    fresh = ChatTokenizer(make_hf(chat_templates["llama3"]))
    assert ChatTokenizer(used).sha256 == fresh.sha256


def test_encoding_is_whole_after_someone_else_truncated(make_hf, chat_templates):
    hf = make_hf(chat_templates["llama3"])
    hf("a longer text than that", truncation=True, max_length=3)
    tokenizer = ChatTokenizer(hf)
    assert tokenizer.decode(tokenizer.encode("a b c d e f g")) == "a b c d e f g"


def test_a_model_without_a_chat_template_is_refused_with_a_remedy(make_hf):
    with pytest.raises(TemplateError, match="has no chat template") as caught:
        ChatTokenizer(make_hf(None))
    assert "instruct" in caught.value.remedy


def test_a_template_that_fails_names_the_turns(gemma):
    with pytest.raises(TemplateError, match="fails on the turns user, user: user and assistant"):
        gemma.chat([USER, USER], as_of=AS_OF)


def test_load_reads_what_was_saved(make_hf, chat_templates, tmp_path):
    hf = make_hf(chat_templates["qwen3"])
    hf.save_pretrained(tmp_path)
    loaded = ChatTokenizer.load(tmp_path)
    direct = ChatTokenizer(hf)
    text = direct.chat([SYSTEM, USER], as_of=AS_OF)
    assert loaded.chat([SYSTEM, USER], as_of=AS_OF) == text
    assert loaded.encode(text) == direct.encode(text)
    assert loaded.control_strings == direct.control_strings


def test_load_names_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotFoundError, match="does not exist"):
        ChatTokenizer.load(tmp_path / "nowhere")


def test_load_names_a_folder_that_holds_no_tokenizer(tmp_path):
    with pytest.raises(EngineError, match="holds no readable tokenizer"):
        ChatTokenizer.load(tmp_path)


@pytest.mark.engine
def test_smollm2_speaks_with_our_instructions_only(smollm2):
    text = smollm2.chat([SYSTEM, USER], as_of=AS_OF)
    assert text == (
        "<|im_start|>system\nBe brief and kind.<|im_end|>\n"
        "<|im_start|>user\nWhat comes next?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert {"<|im_start|>", "<|im_end|>", "<|endoftext|>"} <= smollm2.control_strings
