"""Which prompts are run together: every one once, within the bound, and only what is alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmrec.llm.batching import SHORT_END, families

TOKEN = st.integers(0, 2)
BEGINNINGS = st.lists(st.lists(TOKEN, min_size=1, max_size=200).map(tuple), min_size=1, max_size=3)
ENDS = st.lists(TOKEN, min_size=1, max_size=160).map(tuple)


@given(data=st.data(), beginnings=BEGINNINGS, limit=st.integers(1, 400))
def test_a_family_shares_its_beginning_and_its_ends_are_short(data, beginnings, limit):
    rows = data.draw(
        st.lists(st.tuples(st.sampled_from(beginnings), ENDS).map(lambda two: two[0] + two[1]))
    )
    firsts = [data.draw(st.integers(0, len(row) - 1)) for row in rows]
    groups = families(rows, firsts, limit)
    assert sorted(n for members, _ in groups for n in members) == list(range(len(rows)))
    for members, shared in groups:
        if len(members) == 1:
            assert shared == 0
            continue
        assert 0 < shared <= min(firsts[n] for n in members)
        assert len({rows[n][:shared] for n in members}) == 1
        ends = [len(rows[n]) - shared for n in members]
        assert max(ends) <= SHORT_END
        assert sum(ends) <= limit
