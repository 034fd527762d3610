"""What is ranked: seen items left out, among the others, or alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.evaluation.ranking import rank_queries
from llmrec.types import Catalogue, History, Interaction, Item, Query

CATALOGUE = Catalogue([Item(item_id=f"i{n}", title=f"Item {n}") for n in range(6)])
START = datetime(2024, 1, 1, tzinfo=UTC)


class Falling:
    """Scores fall from the first item of the catalogue to the last."""

    identity = "falling"

    def scores(self, histories):
        return np.tile(-np.arange(6.0), (len(histories), 1))


def query(past, target):
    events = tuple(
        Interaction(item_id=f"i{n}", timestamp=START + timedelta(hours=hour))
        for hour, n in enumerate(past)
    )
    moment = START + timedelta(days=1)
    history = History(user_id="u", as_of=moment, interactions=events)
    return Query(history=history, target=Interaction(item_id=f"i{target}", timestamp=moment))


def ranked(seen, *queries):
    return rank_queries(Falling(), queries, CATALOGUE, seen=seen, list_length=4)


@pytest.mark.parametrize(
    ("seen", "target", "ahead", "n_ranked", "items"),
    [
        ("mask", 2, 0, 3, [2, 3, 5, -1]),
        ("allow", 2, 2, 6, [0, 1, 2, 3]),
        ("allow", 4, 4, 6, [0, 1, 2, 3]),
        ("only", 4, 2, 3, [0, 1, 4, -1]),
        ("only", 2, np.inf, 3, [0, 1, 4, -1]),  # never met, so not ranked
    ],
)
def test_the_setting_says_what_is_ranked(seen, target, ahead, n_ranked, items):
    row = ranked(seen, query([4, 1, 0, 1], target)).row(0, named=True)
    assert (row["ahead"], row["n_ranked"], row["items"]) == (ahead, n_ranked, items)


def test_who_has_met_nothing_has_nothing_ranked_where_seen_items_are_alone():
    one, other = ranked("only", query([], 3), query([3], 3)).iter_rows(named=True)
    assert (one["n_ranked"], one["items"], one["ahead"]) == (0, [-1] * 4, np.inf)
    assert (other["n_ranked"], other["items"], other["ahead"]) == (1, [3, -1, -1, -1], 0)


def test_another_setting_is_refused():
    with pytest.raises(ConfigError, match="seen is 'rank'"):
        ranked("rank", query([1], 2))
