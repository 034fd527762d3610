"""Pieces of an answer: nothing given out is ever taken back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from llmrec.llm import ByteTokenizer
from llmrec.llm.answers import AnswerText, control_ids

TOKENIZER = ByteTokenizer()


def pieces_of(text, stop=(), *, step=1):
    answer = AnswerText(TOKENIZER, control_ids(TOKENIZER), stop)
    ids = TOKENIZER.encode(text)
    pieces = [answer.add(ids[n : n + step]) for n in range(0, len(ids), step)]
    return [*pieces, answer.end()], answer.stopped


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 5))
def test_pieces_joined_are_the_text(text, step):
    assume(not any(control in text for control in TOKENIZER.control_strings))
    assert "".join(pieces_of(text, step=step)[0]) == text


@given(
    st.text("abcé<", max_size=30),
    st.lists(st.text("abcé<", min_size=1, max_size=4), max_size=3),
    st.integers(1, 4),
)
def test_pieces_joined_end_before_the_first_stop_string(text, stop, step):
    """The first is the one that is complete first, however many tokens come at once."""
    ends = [(text.find(s) + len(s), text.find(s)) for s in stop if s in text]
    pieces, stopped = pieces_of(text, stop, step=step)
    assert "".join(pieces) == (text[: min(ends)[1]] if ends else text)
    assert stopped == bool(ends)


def test_half_a_character_is_held_back():
    assert pieces_of("aé!")[0] == ["a", "", "é", "!", ""]


def test_the_beginning_of_a_stop_string_is_held_back():
    assert pieces_of("a##b##", ["###"])[0] == ["a", "", "", "##b", "", "", "##"]


@pytest.mark.parametrize("control", sorted(TOKENIZER.control_strings))
def test_control_tokens_are_no_text(control):
    assert "".join(pieces_of(f"one{control} two")[0]) == "one two"
