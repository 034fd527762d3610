"""Markers are found as tokens behind every listed line, in any tokenizer and chat format."""

from __future__ import annotations

import pytest

from llmrec.errors import TemplateError
from llmrec.llm import ByteTokenizer
from llmrec.templates import MarkerFinder, load_template, render
from llmrec.templates.example import EXAMPLE_AS_OF, example_variables

LINES = ("“Alien” (1979) · Drama", "“千と千尋の神隠し”", "“M”", "“The Drama” (2019) · Action, …")


def prompt_of(tokenizer, template="rank/markers.v1", folder=None, **changes):
    template = load_template(template, folder=folder)
    values = {**example_variables(template.variables), "listed": LINES, **changes}
    if "candidates" in template.variables:
        values["candidates"] = ()
    return render(template, values, tokenizer=tokenizer, as_of=EXAMPLE_AS_OF)


@pytest.fixture
def own(tmp_path):
    """A template of one's own, by what it says behind the question."""

    def make(tail):
        (tmp_path / "rank").mkdir(exist_ok=True)
        (tmp_path / "rank" / "mine.v1.jinja").write_text(
            "{% block user %}{{ history }}\nWhich?\n" + tail + "{% endblock %}", "utf-8"
        )
        return tmp_path

    return make


def found(tokenizer, prompt, count=4):
    return MarkerFinder(tokenizer, "[").places(prompt, as_of=EXAMPLE_AS_OF, count=count)


def check(tokenizer):
    prompt = prompt_of(tokenizer)
    places = found(tokenizer, prompt)
    assert len({prompt.token_ids[place] for place in places}) == 1
    for place, line in zip(places, LINES, strict=True):
        assert tokenizer.decode(prompt.token_ids[: place + 1]).endswith(f"{line} [")
    finder = MarkerFinder(tokenizer, "[")
    yes, no = finder.openings(prompt, ("Yes", "No"), as_of=EXAMPLE_AS_OF)
    text = tokenizer.decode(prompt.token_ids[: places[0] + 1])
    assert tokenizer.encode(text + "Yes")[places[0] + 1] == yes
    assert tokenizer.encode(text + "No")[places[0] + 1] == no


def test_every_line_has_its_marker(tokenizer):
    check(tokenizer)


def test_bytes_have_markers_too():
    check(ByteTokenizer())


def test_brackets_of_the_chat_format_are_not_taken_for_markers(marked_spaces):
    tokenizer = marked_spaces("first")  # its turns begin in [INST], as plain text
    prompt = prompt_of(tokenizer)
    places = found(tokenizer, prompt)
    assert len(places) == len(LINES)
    assert tokenizer.decode(prompt.token_ids[: places[-1] + 1]).endswith("Action, … [")


@pytest.mark.parametrize(
    ("tail", "fault"),
    [
        ("{% for line in listed %}{{ line }}\n{% endfor %}", "shows 0 markers '\\['"),
        ("In [brackets]:\n{% for line in listed %}{{ line }} [ ]\n{% endfor %}", "shows 5 markers"),
        ("{% for line in listed[1:] %}{{ line }} [ ]\n{% endfor %}", "shows 3 markers"),
    ],
)
def test_a_template_without_one_marker_a_line_is_refused(own, tail, fault):
    prompt = prompt_of(ByteTokenizer(), "rank/mine.v1", own(tail))
    with pytest.raises(TemplateError, match=fault):
        found(ByteTokenizer(), prompt)


def test_no_lines_have_no_markers():
    with pytest.raises(TemplateError, match="shows 0 markers"):
        found(ByteTokenizer(), prompt_of(ByteTokenizer(), listed=()), count=0)


class Merging(ByteTokenizer):
    """Bytes, but a digit and a bracket behind it are one token."""

    def encode(self, text):
        return super().encode(text.replace("9) [", "\x01"))


def test_a_marker_that_merges_with_a_line_is_refused():
    tokenizer = Merging()
    prompt = prompt_of(tokenizer, listed=("“Alien” (1979)", "“Up” (2009)", "“M”"))
    with pytest.raises(TemplateError, match="not the same single token behind every listed line"):
        found(tokenizer, prompt, count=3)


def test_answers_that_begin_alike_are_refused():
    finder = MarkerFinder(ByteTokenizer(), "[")
    with pytest.raises(TemplateError, match="the answers Yes, Yo begin with the same token"):
        finder.openings(prompt_of(ByteTokenizer()), ("Yes", "Yo"), as_of=EXAMPLE_AS_OF)
