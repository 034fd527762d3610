"""The order of training, by the properties that resuming and padding rely on."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from llmrec.training.batches import training_order

lengths = st.lists(st.integers(1, 500), min_size=1, max_size=80)


@given(lengths, st.integers(1, 7), st.integers(1, 3), st.integers(0, 5))
def test_every_example_is_shown_once_an_epoch(some, batch_size, epochs, seed):
    order = training_order(some, batch_size, epochs, seed)
    for epoch in range(epochs):
        part = order[epoch * len(some) : (epoch + 1) * len(some)]
        assert Counter(part) == Counter(range(len(some)))


def test_batches_hold_examples_of_like_length_in_an_order_that_tells_nothing_of_it():
    some = [(n * 37) % 101 + 1 for n in range(400)]
    order = training_order(some, 4, 1, 0)
    batches = [[some[n] for n in order[k : k + 4]] for k in range(0, 400, 4)]
    padded = sum(4 * max(batch) - sum(batch) for batch in batches)
    plain = sum(4 * max(some[k : k + 4]) - sum(some[k : k + 4]) for k in range(0, 400, 4))
    assert padded < plain / 5
    firsts = [batch[0] for batch in batches]
    assert sorted(firsts) != firsts != sorted(firsts, reverse=True)
    assert order == training_order(some, 4, 1, 0) != training_order(some, 4, 1, 1)
