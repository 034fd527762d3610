"""``llmrec fusion fit``: refused before work where it cannot end well; its own YAML serves it."""

from __future__ import annotations

import json
import sys

import pytest

from llmrec.cli import main
from llmrec.data import write_sample


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "films"
    write_sample(path)
    return path


@pytest.fixture
def fit(world, tmp_path, monkeypatch, capsys):
    """Fit for popularity, which needs no index, with a YAML that names the fitted weight."""
    config = tmp_path / "mine.yaml"
    config.write_text(
        f"dataset: {world}\nretriever: popularity\ncandidates: 40\nfusion: fitted\n"
        "engine: {kind: scripted}\n"
    )

    def run(*words):
        monkeypatch.setattr(sys, "argv", [str(w) for w in ["llmrec", *words, "--config", config]])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return run


def test_a_yaml_that_names_the_weight_serves_its_fit_and_its_use(fit, tmp_path):
    code, out, err = fit("fusion", "fit", tmp_path / "fitted", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["made_from"]["candidates"], told["made_from"]["seen"]) == (40, "mask")
    code, _, err = fit("recommend", "--user", "p0017", "--no-explain")
    assert code == 0, err
    code, _, err = fit("recommend", "--user", "p0017", "--no-explain", "--candidates", "30")
    assert code == 5
    assert "candidates 40, but 30 is in use" in err


def test_a_weight_is_fitted_under_a_card_that_treats_seen_items_alike(fit, tmp_path):
    code, _, err = fit("fusion", "fit", tmp_path / "fitted", "--seen", "allow")
    assert code == 2
    assert "seen is 'allow', but leave-one-out.v1 asks with 'mask'" in err
    allowed = ("--seen", "allow", "--protocol", "repeats.v1")
    code, _, err = fit("fusion", "fit", tmp_path / "fitted", *allowed, "--queries", "600")
    assert code == 0, err
    code, _, err = fit("recommend", "--user", "p0017", "--no-explain", "--seen", "allow")
    assert code == 0, err
    code, _, err = fit("recommend", "--user", "p0017", "--no-explain")
    assert code == 5
    assert "seen 'allow', but 'mask' is in use" in err


def test_too_few_queries_and_a_place_that_is_taken_are_refused_at_once(fit, tmp_path):
    code, _, err = fit("fusion", "fit", tmp_path / "fitted", "--queries", "5")
    assert code == 2
    assert "100 are needed" in err
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "years.txt").write_text("of work")
    assert fit("fusion", "fit", tmp_path / "thesis")[0] == 5
    assert not (tmp_path / "fitted").exists()
