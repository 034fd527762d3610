"""The recommender as people use it: from keywords or YAML, one by one, in batches, streamed."""

from __future__ import annotations

import asyncio
import itertools
from threading import Thread

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from llmrec.data import SplitProtocol, split
from llmrec.errors import ArtifactError, ConfigError, UnknownUserError
from llmrec.evaluation.fusion import fit_fusion, sample_queries
from llmrec.recommender import Recommender, RecommenderConfig, build_pipeline
from llmrec.retrieval import ItemIndex
from llmrec.types import History


@pytest.fixture(scope="session")
def index_path(film_index, tmp_path_factory):
    path = tmp_path_factory.mktemp("index") / "films.index"
    film_index.save(path)
    return path


@pytest.fixture(scope="session")
def options(film_world, index_path):
    return {
        "dataset": film_world.path,
        "index": index_path,
        "engine": {"kind": "scripted"},
        "weight": 0.3,
        "candidates": 8,
        "k": 3,
        "explain": {"evidence": {"max_groups": 2}},
    }


@pytest.fixture(scope="session")
def recommender(options):
    return Recommender.open(**options)


def told(rows):
    return [(row.rank, row.item.item_id, row.explanation and row.explanation.text) for row in rows]


def test_an_answer_is_ranked_scored_and_explained(recommender, film_world):
    user = film_world.users[0]
    rows = recommender.invoke(user)
    seen = {event.item_id for event in film_world.history(user).interactions}
    assert [row.rank for row in rows] == [1, 2, 3]
    assert all(a.score >= b.score for a, b in itertools.pairwise(rows))
    for row in rows:
        assert row.item.item_id not in seen
        assert row.explanation.text
        assert {cited.item.item_id for cited in row.explanation.evidence} <= seen


def test_batch_stream_and_async_agree_with_invoke(recommender, film_world):
    users = list(film_world.users[:3])
    alone = [told(recommender.invoke(user)) for user in users]
    assert [told(rows) for rows in recommender.batch(users)] == alone
    assert [told([r for piece in recommender.stream(u) for r in piece]) for u in users] == alone

    async def both():
        answers = await recommender.abatch(users)
        pieces = [piece async for piece in recommender.astream(users[0])]
        return answers, await recommender.ainvoke(users[0]), pieces

    answers, single, pieces = asyncio.run(both())
    assert [told(rows) for rows in answers] == alone
    assert told(single) == alone[0]
    assert told([row for piece in pieces for row in piece]) == alone[0]


def test_requests_of_different_shapes_keep_their_places(recommender, film_world):
    one, other = film_world.users[:2]
    asked = [{"user_id": one, "k": 1}, {"user_id": other, "k": 2, "explain": False}, one]
    rows = recommender.batch(asked)
    assert [len(row) for row in rows] == [1, 2, 3]
    assert rows[1][0].explanation is None
    assert rows[0][0].item == rows[2][0].item


def test_an_unknown_user_fails_alone_where_errors_are_kept(recommender, film_world):
    asked = ["nobody", film_world.users[0]]
    with pytest.raises(UnknownUserError, match="nobody"):
        recommender.batch(asked)
    failed, answer = recommender.batch(asked, return_exceptions=True)
    assert isinstance(failed, UnknownUserError)
    assert len(answer) == 3


def test_it_composes_as_a_runnable(recommender, film_world):
    chain = recommender | RunnableLambda(lambda rows: [row.item.title for row in rows])
    assert len(chain.invoke(film_world.users[0])) == 3


def test_its_answers_have_a_schema(recommender):
    schema = recommender.get_output_jsonschema()
    assert schema["type"] == "array"
    assert {"rank", "item", "score", "explanation"} <= set(
        schema["$defs"]["Recommendation"]["properties"]
    )


def test_someone_without_a_past_is_answered(recommender, film_world):
    history = History(user_id="new", as_of=film_world.last_moment)
    rows = recommender.invoke(history)
    assert len(rows) == 3
    assert all(not row.explanation.evidence for row in rows)


def test_yaml_and_keywords_give_the_same(options, recommender, film_world, tmp_path):
    path = tmp_path / "llmrec.yaml"
    path.write_text(
        f"dataset: {film_world.path}\nindex: {options['index']}\nengine: {{kind: scripted}}\n"
        "weight: 0.3\ncandidates: 8\nk: 3\nexplain: {evidence: {max_groups: 2}}\n"
    )
    user = film_world.users[1]
    assert told(Recommender.from_yaml(path).invoke(user)) == told(recommender.invoke(user))


def test_relative_paths_in_a_yaml_start_at_its_folder(tmp_path):
    (tmp_path / "llmrec.yaml").write_text("dataset: logs\nfusion: sample\n")
    config = RecommenderConfig.read(tmp_path / "llmrec.yaml")
    assert config.dataset == tmp_path / "logs"
    assert config.index_path == tmp_path / "logs.index"
    assert config.fusion == "sample"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"retreiver": "mean"}, "Did you mean 'retriever'"),
        ({"candidates": 0}, "candidates"),
        ({"weight": 2.0}, "weight"),
        ({"scorer": "magic"}, "scorer"),
        ({"fusion": "somewhere"}, "weight and fusion are both given"),
    ],
)
def test_a_wrong_key_or_value_is_named(options, change, message):
    with pytest.raises(ConfigError, match=message):
        Recommender.open(**{**options, **change})


def test_a_missing_index_says_how_to_build_it(options, tmp_path):
    with pytest.raises(ArtifactError, match="llmrec index build"):
        Recommender.open(**{**options, "index": tmp_path / "none"})


def test_without_a_model_reasons_come_from_the_retriever_and_templates(options, film_world):
    recommender = Recommender.open(**{**options, "engine": None, "weight": None})
    rows = recommender.invoke(film_world.users[0])
    assert len(rows) == 3
    assert all(row.explanation.author == "template" for row in rows)


def test_an_unfitted_weight_is_small_and_warned_about(options, caplog):
    opened = Recommender.open(**{**options, "weight": None})
    assert opened.pipeline.decision.weight == 0.1
    assert "unproven" in caplog.text


def test_a_fitted_weight_serves_the_parts_it_was_fitted_for(
    options, recommender, film_world, tmp_path
):
    parts = split(film_world, SplitProtocol.named("leave-one-out.v1"))
    asked = {query.history.user_id for query in parts.validation}
    assert not asked & film_world.held_out_users
    artifact = fit_fusion(recommender.pipeline, sample_queries(parts.validation, 900))
    artifact.save(tmp_path / "fusion")
    fitted = {**options, "weight": None, "fusion": tmp_path / "fusion"}
    assert Recommender.open(**fitted).pipeline.decision.weight == artifact.weight
    for change in ({"retriever": "popularity"}, {"candidates": 9}, {"seen": "only"}):
        (name,) = change
        with pytest.raises(ArtifactError, match=name):
            Recommender.open(**{**fitted, **change})


def test_a_weight_is_not_fitted_on_too_little(recommender, film_world):
    parts = split(film_world, SplitProtocol.named("leave-one-out.v1"))
    with pytest.raises(ConfigError, match=r"20 validation queries .* 100 are needed"):
        sample_queries(parts.validation, 20)
    with pytest.raises(ConfigError, match=r"40 validation queries .* the data has 40"):
        sample_queries(parts.validation[:40], 300)
    unfound = [q for q in parts.validation if not found(recommender, q)][:100]
    lucky = next(q for q in parts.validation if found(recommender, q))
    with pytest.raises(ConfigError, match=r"only 0 of 100 .* 20 are needed"):
        fit_fusion(recommender.pipeline, unfound)
    with pytest.raises(ConfigError, match="Ask about 2424 queries"):
        fit_fusion(recommender.pipeline, [*unfound, lucky])


def found(recommender, query):
    row = recommender.pipeline.retrieve([query.history])[0]
    return any(c.item.item_id == query.target.item_id for c in row)


def test_a_weight_fitted_for_popularity_serves_popularity(options, film_world, tmp_path):
    chosen = {**options, "retriever": "popularity", "candidates": 40, "weight": None}
    parts = split(film_world, SplitProtocol.named("leave-one-out.v1"))
    fitting = RecommenderConfig.of({**chosen, "weight": 0.0})
    pipeline, _ = build_pipeline(fitting, dataset=film_world, train=parts.train)
    fit_fusion(pipeline, sample_queries(parts.validation, 900)).save(tmp_path / "fusion")
    opened = Recommender.open(**{**chosen, "fusion": tmp_path / "fusion"})
    assert opened.invoke({"user_id": film_world.users[0], "explain": False})


def test_fitting_asks_the_model_only_where_the_target_was_found(recommender, film_world):
    parts = split(film_world, SplitProtocol.named("leave-one-out.v1"))
    queries = sample_queries(parts.validation, 900)
    engine = recommender.pipeline.decision.reranker.engine
    before = engine.stats.prompts
    artifact = fit_fusion(recommender.pipeline, queries)
    assert artifact.fit.n_queries == 900
    assert 0 < artifact.fit.n_with_target < 900
    assert engine.stats.prompts - before <= artifact.fit.n_with_target * 2


def test_leaving_the_recommender_lets_go_of_its_model(options, tmp_path):
    engine = {**options["engine"], "cache": tmp_path / "answers.sqlite"}
    with Recommender.open(**{**options, "engine": engine}) as recommender:
        user = recommender.dataset.users[0]
        assert recommender.invoke({"user_id": user, "explain": False})
    with pytest.raises(Exception, match="closed"):
        recommender.invoke({"user_id": user, "explain": False})


def test_more_streams_than_threads_finish_together(recommender, film_world):
    asked = [{"user_id": user, "k": 2, "explain": False} for user in film_world.users[:40]]

    async def streamed(request):
        return [piece[0].item async for piece in recommender.astream(request)]

    async def everybody():
        streams = asyncio.gather(*(streamed(request) for request in asked))
        single = asyncio.gather(*(recommender.ainvoke(request) for request in asked[:20]))
        return await asyncio.wait_for(asyncio.gather(streams, single), timeout=120)

    streams, single = asyncio.run(everybody())
    assert all(len(items) == 2 for items in streams)
    assert [[row.item for row in rows] for rows in single] == streams[:20]


def test_an_open_stream_keeps_nobody_waiting(recommender, film_world):
    one, other = film_world.users[:2]
    whole = told(recommender.invoke(one))
    stream = recommender.stream(one)
    first = next(stream)
    done = Thread(target=recommender.invoke, args=(other,), daemon=True)
    done.start()
    done.join(timeout=60)
    assert not done.is_alive()
    for_other = told(recommender.invoke(other))
    assert told([*first, *(row for piece in stream for row in piece)]) == whole
    assert told(recommender.invoke(other)) == for_other


def test_a_stream_that_is_left_can_be_asked_again(recommender, film_world):
    user = film_world.users[0]

    async def leave_then_ask():
        async for _ in recommender.astream(user):
            break
        return await asyncio.wait_for(recommender.ainvoke(user), timeout=60)

    assert told(asyncio.run(leave_then_ask())) == told(recommender.invoke(user))


SCORERS = ["labels", "markers", "likelihood", "pointwise"]


@pytest.mark.parametrize(("scorer", "k"), [*((kind, 30) for kind in SCORERS), ("likelihood", 9)])
def test_more_items_than_candidates_are_found_and_explained(options, film_world, scorer, k):
    opened = Recommender.open(**{**options, "scorer": scorer})
    user = film_world.users[0]
    rows = opened.invoke({"user_id": user, "k": k})
    assert [row.rank for row in rows] == list(range(1, k + 1))
    assert all(a.score >= b.score for a, b in itertools.pairwise(rows))
    assert all(row.explanation.text for row in rows)
    few = opened.invoke({"user_id": user, "k": 3})
    assert [row.item for row in rows[:3]] == [row.item for row in few]
    if not opened.pipeline.decision.order_matters:  # its noise is pooled over the list explained
        assert told(rows[:3]) == told(few)


@pytest.mark.parametrize("scorer", SCORERS)
def test_any_scorer_takes_more_candidates_than_there_are_letters(options, film_world, scorer):
    opened = Recommender.open(**{**options, "scorer": scorer, "candidates": 40})
    rows = opened.invoke({"user_id": film_world.users[0], "k": 40, "explain": False})
    assert len({row.item.item_id for row in rows}) == 40
    assert opened.pipeline.decision.reranker.kind == scorer


def test_windows_and_averaged_orders_are_chosen_by_name(options):
    for scorer in ("labels", "markers"):
        chosen = {**options, "scorer": scorer, "window": 12, "n_orders": 3}
        made_of = Recommender.open(**chosen).pipeline.decision.reranker.made_of["scorer"]
        assert "n_orders=3" in made_of
        assert "window=12" in made_of
    with pytest.raises(ConfigError, match="27 labels asked for; there are 26 letters"):
        Recommender.open(**{**options, "scorer": "labels", "window": 27})
    with pytest.raises(ConfigError, match="marker"):
        Recommender.open(**{**options, "scorer": "marker"})


class Storyteller:
    def write(self, requests):
        return ["Because of [1]."] * len(requests)


@pytest.mark.parametrize("engine", [{"kind": "scripted"}, None])
def test_a_chat_model_or_any_writer_may_write(options, film_world, engine):
    asked = []

    def answer(messages):
        asked.append(messages[-1].content)
        return AIMessage("Because of [1].")

    chosen = {**options, "engine": engine, "weight": engine and 0.3, "k": 1}
    user = film_world.users[0]
    told_by = FakeListChatModel(responses=["Because of [1]."])
    for writer in (RunnableLambda(answer), told_by, Storyteller()):
        (row,) = Recommender.open(**chosen, writer=writer).invoke(user)
        assert row.explanation.author == "llm", row.explanation
        assert row.explanation.evidence[0].item.title in row.explanation.text
    newest = film_world.history(user).interactions[-1]
    assert film_world.catalogue[newest.item_id].title in asked[0]
    assert user not in asked[0]


def test_what_cannot_write_is_refused(options):
    with pytest.raises(ConfigError, match="a str cannot write"):
        Recommender.open(**options, writer="gpt")
    with pytest.raises(ConfigError, match=r"explain\.writer is 'template'"):
        Recommender.open(**{**options, "explain": {"writer": "template"}}, writer=object())


def test_sessions_are_those_of_the_prompt(options):
    opened = Recommender.open(**{**options, "serializer": {"session_gap_s": 1234}})
    assert opened.pipeline.explainer.config.session_gap_s == 1234


def test_where_nothing_is_left_nothing_is_recommended(options, film_world, film_index, tmp_path):
    sold_out = ItemIndex(
        film_world.catalogue, film_index.item_ids, film_index.vectors(film_index.item_ids)
    )
    sold_out.remove(film_index.item_ids)
    sold_out.save(tmp_path / "empty.index")
    opened = Recommender.open(**{**options, "index": tmp_path / "empty.index"})
    assert opened.batch([film_world.users[0], {"user_id": film_world.users[1], "k": 30}]) == [
        [],
        [],
    ]
