"""Facts that are told together: a natural join of the slots of single facts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from corpus_parts.false_base import Lie
    from corpus_parts.true_facts import Slots

# Kind -> (facts that its patterns tell, facts that only must hold).
COMBOS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "x_rate_dir": (("c_rating", "sh_director"), ("c_liked",)),
    "x_rate_genre": (("c_rating", "sh_genre"), ("c_liked",)),
    "x_loved_actor": (("c_loved", "sh_actor"), ()),
    "x_date_genre": (("c_date", "sh_genre"), ()),
    "x_month_dir": (("c_month", "sh_director"), ()),
    "x_month_kw": (("c_month", "sh_kw"), ()),
    "x_wd_dp_genre": (("c_wd_dp", "sh_genre"), ()),
    "x_ago_genre": (("c_ago", "sh_genre"), ()),
    "x_ago_actor": (("c_ago", "sh_actor"), ()),
    "x_last_genre": (("last_event", "sh_genre"), ()),
    "x_count_dir": (("cnt_director", "rec_director"), ()),
    "x_count_genre": (("cnt_genre", "rec_genre"), ()),
    "x_taste_genre": (("t_genre_watch", "rec_genre"), ()),
    "x_like_genre_cast": (("t_genre_like", "rec_genre", "rec_cast"), ()),
    "x_rec3": (("rec_year", "rec_genre", "rec_director"), ()),
    "x_rec_gck": (("rec_genre", "rec_cast", "rec_kw"), ()),
    "x_dir_actor": (("sh_director", "sh_actor"), ()),
    "x_two_genre": (("cc_genre", "rec_genre"), ()),
    "x_count_actor": (("cnt_actor", "rec_cast"), ()),
    "x_half_genre": (("t_half", "rec_genre"), ()),
    "x_liked_series": (("c_liked", "sh_franchise"), ()),
    "x_year_genre": (("year_after", "sh_genre"), ()),
    "x_order_genre": (("order2", "cc_genre"), ()),
    "x_gap_genre": (("gap", "cc_genre"), ()),
}
Fills = dict[str, list["Slots"]]


def by_kind(facts: list[tuple[str, Slots]]) -> Fills:
    """Group facts by kind."""
    fills: Fills = defaultdict(list)
    for kind, slots in facts:
        fills[kind].append(slots)
    return fills


def _joined(one: list[Slots], other: list[Slots]) -> list[Slots]:
    return [
        {**a, **b} for a in one for b in other if all(a[name] == b[name] for name in a if name in b)
    ]


def _join(parts: list[list[Slots]], rng: Random) -> list[Slots]:
    """Ways to fill all parts at once, at most a dozen after each step."""
    got: list[Slots] = [{}]
    for part in parts:
        got = _joined(got, part)
        got = rng.sample(got, min(12, len(got)))
    return got


def true_combos(fills: Fills, rng: Random) -> list[tuple[str, Slots]]:
    """Return what can be told together."""
    return [
        (kind, slots)
        for kind, (told, held) in COMBOS.items()
        for slots in _join([fills.get(name, []) for name in (*told, *held)], rng)
    ]


def false_combos(lies: list[Lie], fills: Fills, rng: Random) -> list[Lie]:
    """Return combos of one lie with true facts."""
    made: list[Lie] = []
    by_lie: dict[str, list[Lie]] = defaultdict(list)
    for lie in lies:
        if "c_text" not in lie[1]:
            by_lie[lie[0]].append(lie)
    for kind, (told, held) in COMBOS.items():
        for wrong in (name for name in told if name in by_lie):
            rest = [fills.get(name, []) for name in (*told, *held) if name != wrong]
            for lie in rng.sample(by_lie[wrong], min(6, len(by_lie[wrong]))):
                made += [
                    (kind, slots, f"{wrong}: {lie[2]}") for slots in _join([[lie[1]], *rest], rng)
                ]
    return made
