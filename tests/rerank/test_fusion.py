"""Fusion: z-scores, the mix, what follows unranked, and the fitted weight."""

from __future__ import annotations

import dataclasses
import json
import logging
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.artifacts import sha256_file
from llmrec.errors import ArtifactError, ConfigError
from llmrec.rerank.fit import GRID, FusionArtifact, fit_weight, fusion_key
from llmrec.rerank.fusion import DEFAULT_WEIGHT, default_weight, fuse, retriever_alone, zscore
from llmrec.types import Candidate, Item, Ranking

finite = st.floats(-1e6, 1e6)


def candidates_of(scores, *, start=1):
    return [
        Candidate(
            item=Item(item_id=f"i{start + n}", title="t"), score=s, rank=start + n, source="test"
        )
        for n, s in enumerate(scores)
    ]


def llm_ranking(retrieval, llm):
    return Ranking.of(candidates_of(retrieval), llm, "likelihood", notes={"label_mass": 0.5})


def ids_of(ranking):
    return [candidate.item.item_id for candidate in ranking.candidates]


def test_zscore_has_mean_0_and_spread_1():
    assert zscore([1.0, 2.0, 3.0]) == pytest.approx([-math.sqrt(1.5), 0, math.sqrt(1.5)])


@pytest.mark.parametrize("scores", [[], [3.0], [0.1] * 7, [0.0, -0.0], [0.1 + 0.2, 0.3]])
def test_scores_without_differences_say_nothing(scores):
    assert zscore(scores).tolist() == [0.0] * len(scores)


@settings(deadline=None)
@given(st.lists(finite, min_size=2, max_size=20), st.floats(0.01, 100), finite)
def test_zscore_does_not_depend_on_unit_or_zero_point(scores, unit, shift):
    # Differences far below the shift are lost in adding it, in any implementation.
    rounded = [round(score) for score in scores]
    moved = [score * unit + shift for score in rounded]
    assert zscore(moved) == pytest.approx(zscore(rounded), abs=1e-5)


def test_zscore_survives_figures_whose_square_overflows():
    assert zscore([1e300, -1e300]).tolist() == [1.0, -1.0]


def test_zscore_refuses_what_is_not_finite():
    with pytest.raises(ConfigError, match="not finite"):
        zscore([1.0, math.nan])


def test_the_mix_by_hand():
    ranking = llm_ranking([3.0, 2.0, 1.0], [-3.0, -1.0, -2.0])
    fused = fuse(ranking, 0.25)
    unit = math.sqrt(1.5)
    assert ids_of(fused) == ["i1", "i2", "i3"]
    assert fused.scores == pytest.approx([0.5 * unit, 0.25 * unit, -0.75 * unit])
    assert fused.kind == "fusion"
    assert fused.notes == {"label_mass": 0.5, "fusion_weight": 0.25}
    assert fused.parts["retrieval"] == (3.0, 2.0, 1.0)
    assert fused.parts["llm"] == (-3.0, -1.0, -2.0)
    assert fused.parts["retrieval_z"] == pytest.approx([unit, 0, -unit])
    assert fused.parts["llm_z"] == pytest.approx([-unit, unit, 0])


def test_weight_0_is_the_retriever_and_1_the_llm():
    ranking = llm_ranking([3.0, 2.0, 1.0], [-3.0, -1.0, -2.0])
    assert ids_of(fuse(ranking, 0.0)) == ["i1", "i2", "i3"]
    assert ids_of(fuse(ranking, 1.0)) == ids_of(ranking) == ["i2", "i3", "i1"]


def test_an_llm_that_says_nothing_leaves_the_retrievers_order():
    assert ids_of(fuse(llm_ranking([3.0, 2.0, 1.0], [-1.1] * 3), 0.95)) == ["i1", "i2", "i3"]
    assert ids_of(fuse(llm_ranking([2.0, 2.0, 2.0], [-3.0, -1.0, -2.0]), 0.05)) == [
        "i2",
        "i3",
        "i1",
    ]


def test_odds_are_against_those_whose_scores_compare():
    ranking = llm_ranking([3.0, 2.0, 1.0], [-3.0, -1.0, -2.0])
    alone = fuse(ranking, 0.5)
    followed = fuse(ranking, 0.5, rest=candidates_of([0.5, 0.1], start=9))
    assert followed.reranked == alone.candidates
    assert [followed.log_odds(i) for i in ids_of(alone)] == [
        alone.log_odds(i) for i in ids_of(alone)
    ]
    assert followed.log_odds("i9") == pytest.approx(-followed.log_odds("i10"))
    assert fuse(ranking, 0.5, rest=candidates_of([0.5], start=9)).log_odds("i9") == math.inf


def test_the_retriever_alone_is_weight_0():
    ranking = llm_ranking([3.0, 2.0, 2.0], [-3.0, -1.0, -2.0])
    scores, rest = {"i1": 1.0, "i2": 5.0, "i3": 4.0, "i9": 2.0}, candidates_of([9.0], start=9)
    fused = fuse(ranking, 0.0, retrieval=scores, rest=rest)
    alone = retriever_alone(candidates_of([3.0, 2.0, 2.0]), scores, rest=rest)
    assert (alone.kind, ids_of(alone), alone.scores) == ("retrieval", ids_of(fused), fused.scores)
    assert alone.parts["retrieval"] == (5.0, 4.0, 1.0, 2.0)


def test_fresh_retrieval_scores_are_matched_by_item_not_by_place():
    ranking = llm_ranking([3.0, 2.0, 1.0], [-3.0, -1.0, -2.0])
    fused = fuse(ranking, 0.0, retrieval={"i3": 9.0, "i1": 1.0, "i2": 5.0})
    assert ids_of(fused) == ["i3", "i2", "i1"]
    with pytest.raises(ConfigError, match="lack item 'i3'"):
        fuse(ranking, 0.0, retrieval={"i1": 9.0, "i2": 5.0})


@settings(deadline=None)
@given(
    head=st.lists(st.tuples(finite, st.floats(-50, 0)), max_size=8),
    rest=st.lists(finite, max_size=8),
    weight=st.floats(0, 1),
)
def test_fusion_is_a_permutation_with_the_rest_behind_in_retriever_order(head, rest, weight):
    ranking = llm_ranking([score for score, _ in head], [score for _, score in head])
    others = candidates_of(rest, start=100)
    fused = fuse(ranking, weight, rest=others)
    ids = ids_of(fused)
    assert sorted(ids[: len(head)]) == sorted(ids_of(ranking))
    expected = sorted(others, key=lambda c: (-c.score, c.rank))
    assert ids[len(head) :] == [candidate.item.item_id for candidate in expected]
    assert all(math.isnan(score) for score in fused.parts["llm"][len(head) :])
    assert not any(math.isnan(score) for score in fused.parts["llm"][: len(head)])
    alone = fuse(ranking, weight)
    assert fused.scores[: len(head)] == alone.scores


def test_the_rest_is_spaced_in_the_retrievers_unit():
    fused = fuse(
        llm_ranking([4.0, 2.0], [-1.0, -2.0]), 0.5, rest=candidates_of([1.0, 0.0], start=9)
    )
    spread = np.std([4.0, 2.0, 1.0, 0.0])
    assert fused.scores == pytest.approx([1.0, -1.0, -1.0, -1.0 - 0.5 / spread])
    assert fused.parts["retrieval"] == (4.0, 2.0, 1.0, 0.0)
    assert np.isnan(fused.parts["retrieval_z"]).tolist() == [False, False, True, True]


@pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan])
def test_a_weight_outside_0_to_1_is_refused(weight):
    with pytest.raises(ConfigError, match="outside 0 to 1"):
        fuse(llm_ranking([1.0], [0.0]), weight)


def test_an_item_among_the_reranked_and_the_rest_is_refused():
    with pytest.raises(ConfigError, match="occurs twice"):
        fuse(llm_ranking([1.0], [0.0]), 0.5, rest=candidates_of([0.5]))


def test_without_a_fitted_weight_a_warning_says_unproven(caplog):
    with caplog.at_level(logging.WARNING):
        assert default_weight() == DEFAULT_WEIGHT == 0.1
    assert "unproven" in caplog.text


def simulated(n_queries, *, llm_knows, seed=0, n_candidates=20):
    """Queries whose target is anywhere; the LLM's score of the target is raised by a figure."""
    rng = np.random.default_rng(seed)
    retrieval = [np.sort(rng.normal(size=n_candidates))[::-1] for _ in range(n_queries)]
    positions = [int(rng.integers(n_candidates)) for _ in range(n_queries)]
    llm = [rng.normal(size=n_candidates) for _ in range(n_queries)]
    for scores, position in zip(llm, positions, strict=True):
        scores[position] += llm_knows
    return retrieval, llm, positions


def test_a_good_llm_gets_the_weight_and_a_useless_one_none():
    good = fit_weight(*simulated(200, llm_knows=5.0))
    assert good.weight >= 0.7
    assert good.proven
    retrieval, llm, _ = simulated(200, llm_knows=0.0)
    useless = fit_weight(retrieval, llm, [0] * 200)
    assert useless.weight == 0.0
    assert (useless.gain, useless.gain_interval, useless.proven) == (0.0, (0.0, 0.0), False)


def test_the_curve_is_what_fusing_each_query_would_give():
    retrieval, llm, positions = simulated(30, llm_knows=1.0, n_candidates=12)
    fit = fit_weight(retrieval, llm, positions)
    assert tuple(weight for weight, _ in fit.curve) == GRID
    for weight, value in fit.curve[::5]:
        gains = []
        for before, after, position in zip(retrieval, llm, positions, strict=True):
            place = fuse(llm_ranking(before, after), weight).position(f"i{position + 1}")
            gains.append(1 / math.log2(place + 2) if place < 10 else 0.0)
        assert value == pytest.approx(np.mean(gains))
    assert fit.curve[GRID.index(fit.weight)][1] == max(value for _, value in fit.curve)
    assert fit.gain_interval[0] <= fit.gain <= fit.gain_interval[1]


def test_queries_of_unequal_length_and_targets_outside_count():
    fit = fit_weight(
        [np.array([2.0, 1.0]), np.array([3.0, 2.0, 1.0]), np.array([1.0])],
        [np.array([0.0, 9.0]), np.array([0.0, 1.0, 2.0]), np.array([0.0])],
        [1, None, None],
    )
    assert (fit.n_queries, fit.n_with_target) == (3, 1)
    assert dict(fit.curve)[0.0] == pytest.approx(1 / math.log2(3) / 3)
    assert dict(fit.curve)[1.0] == pytest.approx(1 / 3)
    # At .5 both z-scores cancel, and the tie goes to the retriever's order.
    assert fit.weight == 0.55


def test_no_target_anywhere_gives_weight_0():
    fit = fit_weight([np.array([2.0, 1.0])], [np.array([0.0, 9.0])], [None])
    assert (fit.weight, fit.gain) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("retrieval", "llm", "positions", "message"),
    [
        ([], [], [], "no validation queries"),
        ([np.ones(2)], [], [0], "do not belong together"),
        ([np.ones(2)], [np.ones(3)], [0], "query 0: 2 retriever scores, 3 LLM"),
        ([np.ones(2)], [np.ones(2)], [2], "query 0: target position 2 of 2"),
    ],
)
def test_batches_that_do_not_belong_together_are_refused(retrieval, llm, positions, message):
    with pytest.raises(ConfigError, match=message):
        fit_weight(retrieval, llm, positions)


class NamedReranker:
    """Only the part of a reranker that a fusion artifact is keyed by."""

    made_of = {"engine": "m@1:bf16", "template": "t@1", "scorer": "labels:1"}  # noqa: RUF012


def key():
    return fusion_key(retriever="text@1", reranker=NamedReranker(), candidates=20, seen="mask")


@pytest.mark.parametrize("proven", [True, False])
def test_using_a_weight_that_is_not_proven_warns(tmp_path, caplog, proven):
    fit = fit_weight(*simulated(20, llm_knows=2.0))
    low = 0.01 if proven else -0.01
    FusionArtifact.of(dataclasses.replace(fit, gain_interval=(low, 0.5)), key()).save(
        tmp_path / "f"
    )
    FusionArtifact.load(tmp_path / "f", key())
    assert ("is not proven" in caplog.text) is not proven


def test_an_artifact_comes_back_as_it_was_saved(tmp_path):
    fit = fit_weight(*simulated(20, llm_knows=2.0))
    saved = FusionArtifact.of(fit, key())
    saved.save(tmp_path / "fusion")
    loaded = FusionArtifact.load(tmp_path / "fusion", key())
    assert loaded == saved
    assert loaded.weight == fit.weight


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"retriever": "other"}, "made from retriever 'text@1', but 'other' is in use"),
        ({"engine": "m@2:fp32"}, "engine 'm@1:bf16', but 'm@2:fp32' is in use"),
        ({"template": "t@2"}, "template 't@1', but 't@2' is in use"),
        ({"scorer": "labels:2"}, "scorer 'labels:1', but 'labels:2' is in use"),
        ({"candidates": 40}, "candidates 20, but 40 is in use"),
        ({"seen": "allow"}, "seen 'mask', but 'allow' is in use"),
    ],
)
def test_a_weight_fitted_for_something_else_is_refused_by_name(tmp_path, changed, message):
    fit = fit_weight(*simulated(5, llm_knows=2.0))
    FusionArtifact.of(fit, key()).save(tmp_path / "fusion")
    with pytest.raises(ArtifactError, match=message):
        FusionArtifact.load(tmp_path / "fusion", {**key(), **changed})
    # To look at, it can still be read.
    assert FusionArtifact.read(tmp_path / "fusion").fit == fit


def test_a_damaged_or_foreign_file_is_refused(tmp_path):
    from llmrec.artifacts import write_artifact

    with write_artifact(tmp_path / "fusion", "fusion", made_from={}) as draft:
        (draft / "fusion.json").write_text('{"weight": 0.3}')
    with pytest.raises(ArtifactError, match="not a fitted weight"):
        FusionArtifact.read(tmp_path / "fusion")
    with pytest.raises(ArtifactError, match="holds no manifest"):
        FusionArtifact.read(tmp_path / "absent")


@pytest.mark.parametrize(
    "change", [{"curve": []}, {"curve": [[0.0, 0.1], [1.0, 0.1]]}, {"gain": None}, {"weight": "x"}]
)
def test_a_file_of_wrong_values_is_refused_though_its_hash_is_right(change, tmp_path):
    fit = fit_weight([np.arange(3.0)], [np.arange(3.0)], [2])
    made_from = {"retriever": "r", "engine": "e", "template": "t", "scorer": "s"}
    folder = tmp_path / "fusion"
    FusionArtifact(fit=dataclasses.replace(fit, weight=0.3), made_from=made_from).save(folder)
    file, manifest = folder / "fusion.json", folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    raw = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**raw, "files": {"fusion.json": sha256_file(file)}}))
    with pytest.raises(ArtifactError, match="is not a fitted weight") as caught:
        FusionArtifact.read(folder)
    assert "fusion fit" in caught.value.remedy
