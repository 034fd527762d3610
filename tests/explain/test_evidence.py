"""Evidence: planted causes are found, decoys are not, noise gives none, and the cost is exact."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.explain import EvidenceConfig, find_evidence
from llmrec.types import Candidate, Catalogue, History, Interaction, Item, Ranking

NOW = datetime(2024, 6, 1, 20, tzinfo=UTC)
ITEMS = Catalogue([Item(item_id=f"i{n}", title=f"Film {n}") for n in range(60)])
CANDIDATES = tuple(
    Candidate(item=ITEMS[f"i{n}"], score=0.0, rank=n - 39, source="hand") for n in range(40, 50)
)


def history(*sessions, user="u"):
    """Sessions of item numbers, a day apart, the last one yesterday; hours apart inside."""
    events = []
    for n, session in enumerate(sessions):
        start = NOW - timedelta(days=len(sessions) - n)
        events += [
            Interaction(item_id=f"i{item}", timestamp=start + timedelta(hours=k))
            for k, item in enumerate(session)
        ]
    return History(user_id=user, as_of=NOW, interactions=tuple(events))


def search(histories, scorer, *, top_k=2, **config):
    rankings = scorer(histories, [CANDIDATES] * len(histories))
    scorer.calls.clear()
    config = EvidenceConfig(**config)
    return find_evidence(histories, rankings, scorer, top_k=top_k, catalogue=ITEMS, config=config)


def test_the_planted_cause_is_found_and_decoys_are_not(kit):
    scorer = kit.CausedScorer({("i3", "i40"): 1.5, ("i5", "i41"): 1.0})
    found = search([history([1], [2], [3], [4], [5], [6])], scorer)
    first, second = found[0]
    assert [e.interaction.item_id for e in first] == ["i3"]
    assert [e.interaction.item_id for e in second] == ["i5"]
    assert first[0].position == 2
    assert first[0].group == (2,)
    assert first[0].item == ITEMS["i3"]


def test_the_effect_is_the_fall_of_the_log_odds(kit):
    scorer = kit.CausedScorer({("i3", "i40"): 1.5})
    found = search([history([1], [3])], scorer, top_k=1)
    # Among ten equal candidates the log-odds fall from 1.5 - log 9 to -log 9.
    assert found[0][0][0].effect == pytest.approx(1.5)
    assert found[0][0][0].noise == 0.0


def test_what_pushes_an_item_down_is_no_evidence(kit):
    scorer = kit.CausedScorer({("i3", "i40"): -1.5, ("i1", "i40"): 4.0})
    found = search([history([1], [3])], scorer, top_k=1)
    assert [e.interaction.item_id for e in found[0][0]] == ["i1"]


def test_inside_a_deciding_session_the_event_is_singled_out(kit):
    scorer = kit.CausedScorer({("i7", "i40"): 2.0})
    found = search([history([1, 2], [6, 7, 8], [9])], scorer, top_k=1, level="session")
    assert [(e.position, e.group) for e in found[0][0]] == [(3, (3,))]


def test_a_session_that_decides_only_as_a_whole_is_cited_as_a_whole(kit):
    class Either(kit.CausedScorer):
        def _rank(self, history, candidates, order_seed):  # noqa: ARG002
            seen = {e.item_id for e in history.visible}
            lift = 2.0 if seen & {"i6", "i7"} else 0.0
            return Ranking.of(candidates, [lift, *[0.0] * (len(candidates) - 1)], "likelihood")

    found = search([history([1], [6, 7])], Either(), top_k=1, level="session")
    (evidence,) = found[0][0]
    assert evidence.group == (1, 2)
    assert evidence.position in evidence.group
    assert evidence.effect == pytest.approx(2.0)


def test_the_strongest_come_first_and_are_capped(kit):
    causes = {(f"i{n}", "i40"): lift for n, lift in ((1, 0.5), (2, 2.0), (3, 1.0), (4, 1.5))}
    found = search([history([1], [2], [3], [4])], kit.CausedScorer(causes), top_k=1, max_evidence=3)
    assert [e.interaction.item_id for e in found[0][0]] == ["i2", "i4", "i3"]


def test_a_small_effect_is_no_evidence(kit):
    causes = {("i1", "i40"): 0.3}
    weak = search([history([1], [2])], kit.CausedScorer(causes), top_k=1, min_effect=0.5)
    assert weak == [[()]]
    assert search([history([1], [2])], kit.CausedScorer(causes), top_k=1, min_effect=0.2)[0][0]


def test_noise_alone_gives_no_evidence(kit):
    scorer = kit.CausedScorer(noise=0.5)
    people = [history(*[[n] for n in range(k, k + 8)], user=f"u{k}") for k in range(20)]
    found = search(people, scorer, top_k=5)
    shown = sum(bool(evidence) for row in found for evidence in row)
    assert shown <= 2  # of 100 items


def test_a_strong_cause_stands_above_the_noise(kit):
    people = [history(*[[n] for n in range(8)], user=f"u{k}") for k in range(10)]
    scorer = kit.CausedScorer({("i5", "i40"): 3.0}, noise=0.2)
    for row in search(people, scorer, top_k=1):
        assert "i5" in [e.interaction.item_id for e in row[0]]
        assert row[0][0].noise > 0


def test_the_threshold_is_the_stated_function():
    config = EvidenceConfig(min_effect=0.2, noise_factor=2.0)
    assert config.threshold(0.05) == 0.2
    assert config.threshold(0.3) == pytest.approx(0.6)


def test_cost_without_order_one_call_and_one_history_more_than_groups(kit):
    scorer = kit.CausedScorer()
    people = [history([1], [2], [3], user="a"), history([4], user="b")]
    search(people, scorer)
    assert scorer.calls == [(0, (1 + 3) + (1 + 1))]


def test_cost_of_singling_out_is_one_more_call(kit):
    scorer = kit.CausedScorer({("i2", "i40"): 1.0})
    search([history([1, 2, 3], [4])], scorer, level="session")
    assert scorer.calls == [(0, 1 + 2), (0, 3)]


def test_cost_with_orders_counts_promising_groups_only(kit):
    scorer = kit.CausedScorer({("i2", "i40"): 5.0}, noise=1e-6)
    search([history([1], [2, 3], [4])], scorer, level="session", n_orders=2, top_k=1)
    groups = [(0, 1 + 3), (1, 1 + 1), (2, 1 + 1)]
    singles = [(0, 2), (1, 1), (2, 1)]  # the whole history is remembered under every order
    assert scorer.calls == groups + singles


def test_no_more_groups_than_allowed_the_newest_first(kit):
    scorer = kit.CausedScorer({("i0", "i40"): 9.0, ("i9", "i41"): 1.0})
    found = search([history(*[[n] for n in range(10)])], scorer, max_groups=3)
    assert scorer.calls == [(0, 1 + 3)]
    assert found[0][0] == ()  # the old cause was not looked at
    assert [e.interaction.item_id for e in found[0][1]] == ["i9"]


def test_a_session_ends_where_it_is_told_to(kit):
    scorer = kit.CausedScorer({("i7", "i40"): 2.0})
    person = history([6, 7, 8])  # an hour apart
    rankings = scorer([person], [CANDIDATES])
    for gap_s, n_groups in ((3600, 1), (3599, 3)):
        scorer.calls.clear()
        config = EvidenceConfig(level="session")
        found = find_evidence(
            [person], rankings, scorer, top_k=1, catalogue=ITEMS, config=config, session_gap_s=gap_s
        )
        assert scorer.calls[0] == (0, 1 + n_groups)
        assert found[0][0][0].interaction.item_id == "i7"


def test_a_long_session_is_cut_into_runs_by_default(kit):
    scorer = kit.CausedScorer({("i19", "i40"): 1.0})
    found = search([history(list(range(20)))], scorer, max_events=4, max_groups=5)
    assert [e.interaction.item_id for e in found[0][0]] == ["i19"]
    assert scorer.calls == [(0, 1 + 5), (0, 4)]


def test_level_event_leaves_out_single_events(kit):
    scorer = kit.CausedScorer({("i2", "i40"): 1.0})
    found = search([history([1, 2, 3])], scorer, level="event")
    assert scorer.calls == [(0, 1 + 3)]
    assert found[0][0][0].group == (1,)


def test_nothing_is_asked_where_nothing_can_be_left_out(kit):
    scorer = kit.CausedScorer()
    empty = History(user_id="u", as_of=NOW)
    assert search([empty], scorer) == [[(), ()]]
    assert scorer.calls == []
    assert find_evidence([], [], scorer, top_k=3, catalogue=ITEMS) == []


def test_one_candidate_has_no_odds_and_no_evidence(kit):
    scorer = kit.CausedScorer({("i1", "i40"): 1.0})
    ranking = Ranking.of(CANDIDATES[:1], [1.0], "likelihood")
    assert find_evidence([history([1])], [ranking], scorer, top_k=3, catalogue=ITEMS) == [[()]]
    assert scorer.calls == []


def test_events_omitted_already_stay_out(kit):
    scorer = kit.CausedScorer({("i2", "i40"): 1.0})
    cut = dataclasses.replace(history([1], [2], [3]), omitted=frozenset([1]))
    assert search([cut], scorer, top_k=1) == [[()]]
    assert scorer.calls == [(0, 1 + 2)]


def test_batch_equals_single_and_repeats(kit):
    scorer = kit.CausedScorer({("i3", "i40"): 1.5, ("i5", "i41"): 1.0}, noise=0.05)
    people = [history([1], [k], [3, 5], user=f"u{k}") for k in range(6, 10)]
    together = search(people, scorer)
    assert together == search(people, scorer)
    assert together == [search([one], scorer)[0] for one in people]


def test_an_item_that_left_the_catalogue_is_cited_by_its_id(kit):
    scorer = kit.CausedScorer({("gone", "i40"): 1.5})
    event = Interaction(item_id="gone", timestamp=NOW - timedelta(days=1))
    person = History(user_id="u", as_of=NOW, interactions=(event,))
    (evidence,) = search([person], scorer, top_k=1)[0][0]
    assert evidence.item.title == "gone"


def test_top_k_beyond_the_candidates_is_capped(kit):
    assert len(search([history([1])], kit.CausedScorer(), top_k=99)[0]) == len(CANDIDATES)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"top_k": 0}, "at least 1"), ({"rankings": []}, "1 histories but 0 rankings")],
)
def test_wrong_questions_are_refused(kit, options, message):
    scorer = kit.CausedScorer()
    ranking = Ranking.of(CANDIDATES, np.zeros(10), "likelihood")
    given = {"top_k": 1, "rankings": [ranking], **options}
    with pytest.raises(ConfigError, match=message):
        find_evidence(
            [history([1])], given["rankings"], scorer, top_k=given["top_k"], catalogue=ITEMS
        )
