"""``llmrec retriever``: trained, shown, and used by every command that retrieves."""

from __future__ import annotations

import json
import sys

import pytest

from llmrec.cli import main
from llmrec.data import SplitProtocol, load, split, write_sample
from llmrec.errors import ConfigError, LeakageError
from llmrec.evaluation.retrievers import KINDS, fit_again, train_retriever, training_of
from llmrec.retrieval import fit_ease, load_retriever

CLOSED = [kind for kind in KINDS if "sequence" not in kind]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "films"
    write_sample(path)
    return load(path)


@pytest.fixture
def llmrec(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["llmrec", *map(str, words)])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return run


def test_reasons_are_found_for_what_a_hybrid_recommends(world, tmp_path, llmrec):
    train_retriever(world, "hybrid", SplitProtocol.named("leave-one-out.v1")).save(tmp_path / "it")
    words = ("--dataset", world.path, "--retriever", tmp_path / "it", "--model", "none")
    code, out, err = llmrec("recommend", *words, "--user", "p0017", "-k", "2", "--json")
    assert code == 0, err
    for item in json.loads(out)[0]["recommendations"]:
        assert item["explanation"]["text"]


@pytest.mark.parametrize("kind", CLOSED)
def test_every_kind_is_trained_loaded_and_recommends(kind, world, tmp_path, llmrec):
    out = tmp_path / "it"
    code, told, err = llmrec("retriever", "train", world.path, out, "--kind", kind, "--json")
    assert code == 0, err
    told = json.loads(told)
    assert told["kind"] == kind
    assert told["value"] == max(t["value"] for t in told["trials"] if t["value"] is not None)
    retriever = load_retriever(out, catalogue=world.catalogue, interactions=world.interactions)
    assert len(retriever.retrieve([world.history("p0017")], 5)[0]) == 5
    code, shown, _ = llmrec("retriever", "show", out, "--json")
    assert (code, json.loads(shown)) == (0, told)
    words = ("--dataset", world.path, "--retriever", out, "--model", "none", "--user", "p0017")
    code, out, err = llmrec("recommend", *words, "-k", "2", "--no-explain", "--json")
    assert code == 0, err
    for item in json.loads(out)[0]["recommendations"]:
        assert bool(item["sources"]) == (kind == "hybrid")
        assert all(said["rank"] >= 1 for said in item["sources"].values())


def test_a_table_shows_trials_and_what_each_source_is_worth(world, tmp_path, llmrec):
    code, out, err = llmrec("retriever", "train", world.path, tmp_path / "it")
    assert code == 0, err
    assert "fused-by" in out
    assert "chosen: sources (" in out
    assert "fitted on all events" in out


def test_settings_that_are_given_are_not_chosen(world, tmp_path, llmrec):
    (tmp_path / "mine.yaml").write_text("decay: 0.5\nregularisation: 99\n")
    words = ("retriever", "train", world.path, tmp_path / "it", "--kind", "ease", "--json")
    code, out, err = llmrec(*words, "--config", tmp_path / "mine.yaml", "--set", "decay=0.6")
    assert code == 0, err
    told = json.loads(out)
    assert told["settings"] == {"decay": 0.6, "regularisation": 99}
    assert len(told["trials"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--kind", "eese"), 2, "Did you mean 'ease'?"),
        (("--kind", "ease", "--set", "dekay=1"), 2, "unknown key 'dekay'. Did you mean 'decay'?"),
        (("--kind", "popularity", "--set", "window=1"), 2, "unknown key 'window'"),
        (("--kind", "ease", "--set", "decay=much"), 2, "decay: "),
        (("--kind", "ease", "--set", "decay"), 2, "a setting is KEY=VALUE"),
        (("--set", "decay=1"), 2, "chosen source by source"),
        (("--protocol", "no-card.v1"), 2, "there is no split protocol"),
    ],
)
def test_what_cannot_be_trained_is_named(words, code, said, world, tmp_path, llmrec):
    found, _, err = llmrec("retriever", "train", world.path, tmp_path / "it", *words)
    assert found == code
    assert said in err
    assert not (tmp_path / "it").exists()


def test_a_place_that_is_taken_is_refused_before_any_work(world, tmp_path, llmrec):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "years.txt").write_text("of work")
    code, _, err = llmrec("retriever", "train", world.path, tmp_path / "thesis")
    assert code == 5
    assert "not an llmrec artifact" in err


def test_what_has_learnt_from_all_events_refuses_histories_from_before_their_end(world):
    card = SplitProtocol.named("leave-one-out.v1")
    everything = train_retriever(world, "transitions", card).retriever
    past = split(world, card).test[0].history
    with pytest.raises(LeakageError, match="transitions counts events up to"):
        everything.retrieve([past], 3)
    before = train_retriever(world, "transitions", card, learn_from="before-test").retriever
    assert len(before.retrieve([past], 3)[0]) == 3


def test_a_fusion_weight_is_fitted_beside_the_same_settings_and_serves_the_folder(
    world, tmp_path, llmrec
):
    out = tmp_path / "it"
    llmrec("retriever", "train", world.path, out, "--kind", "transitions")
    config = tmp_path / "mine.yaml"
    config.write_text(
        f"dataset: {world.path}\nretriever: it\nfusion: fitted\nengine: {{kind: scripted}}\n"
    )
    code, _, err = llmrec("fusion", "fit", tmp_path / "fitted", "--config", config)
    assert code == 0, err
    words = ("recommend", "--config", config, "--user", "p0017", "--no-explain")
    code, _, err = llmrec(*words)
    assert code == 0, err
    part = split(world, SplitProtocol.named("leave-one-out.v1"))
    again = fit_again(out, world, part.train)
    assert again.identity != load_retriever(out, catalogue=world.catalogue).identity
    assert len(again.retrieve([part.validation[0].history], 3)[0]) == 3


def test_a_retriever_that_was_saved_by_hand_does_not_say_how_it_was_trained(world, tmp_path):
    fit_ease(world.catalogue, world.interactions).save(tmp_path / "it")
    with pytest.raises(ConfigError, match="does not say how it was trained"):
        training_of(tmp_path / "it")
