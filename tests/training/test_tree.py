"""A tree of questions asks exactly what its prompts ask, one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmrec.training.tree import Question, build_tree

ids = st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple)
options = st.lists(st.tuples(ids, ids), min_size=1, max_size=4)


@st.composite
def some_questions(draw):
    return [
        Question(options=tuple(some), target=draw(st.integers(0, len(some) - 1)))
        for some in draw(st.lists(options, min_size=1, max_size=4))
    ]


@given(some_questions())
def test_every_read_stands_behind_exactly_its_own_prompt(asked):
    tree = build_tree(asked)
    sees = tree.ancestors()
    rows = [option for question in asked for option in question.options]
    wanted = [
        (number, (*prompt, *answer[:k]), token)
        for number, (prompt, answer) in enumerate(rows)
        for k, token in enumerate(answer)
    ]
    got = []
    for place, token, option in tree.reads.tolist():
        seen = sorted((tree.depths[n], tree.tokens[n]) for n in sees[place].nonzero()[0])
        assert [depth for depth, _ in seen] == list(range(len(seen)))
        got.append((option, tuple(int(t) for _, t in seen), token))
    assert sorted(got) == sorted(wanted)


@given(some_questions())
def test_no_beginning_is_held_twice_and_the_right_options_stay_right(asked):
    tree = build_tree(asked)
    beginnings = {
        (*prompt, *answer[:-1])[: k + 1]
        for question in asked
        for prompt, answer in question.options
        for k in range(len(prompt) + len(answer) - 1)
    }
    assert len(tree) == len(beginnings)
    starts, options_before = [], 0
    for question in asked:
        starts.append(options_before + question.target)
        options_before += len(question.options)
    assert tree.targets.tolist() == starts
    assert [tree.questions[option] for option in starts] == list(range(len(asked)))
