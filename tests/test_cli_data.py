"""``llmrec data``: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
import sys

import pytest

from llmrec.cli import main
from llmrec.data import load, read_history, read_splits
from llmrec.errors import ArtifactError

LOG = """who,what,when,stars
0012,a,2024-05-01T18:30:00Z,4
0012,b,2024-05-01T18:30:00Z,5
7,a,2024-05-02T10:00:00Z,
"""
FILMS = "sku,name,genres\na,[rec],Horror|Drama\nb,Aliens,Action\n"
MAPPING = [
    *("--user", "who", "--item", "what", "--time", "when", "--rating", "stars"),
    *("--item-id", "sku", "--title", "name", "--list-separator", "|"),
]


@pytest.fixture
def llmrec(monkeypatch, capsys):
    """Run the command line; return exit code, standard output and standard error."""

    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["llmrec", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "films.csv").write_text(FILMS)
    return tmp_path


@pytest.fixture
def dataset(llmrec, logs):
    items = ["--items", logs / "films.csv"]
    assert llmrec("data", "import", logs / "log.csv", logs / "data", *MAPPING, *items)[0] == 0
    return logs / "data"


def test_import_writes_a_dataset_and_says_what_it_holds(llmrec, logs):
    items = ["--items", logs / "films.csv"]
    code, out, _ = llmrec("data", "import", logs / "log.csv", logs / "data", *MAPPING, *items)
    assert code == 0
    assert "3 events of 2 users on 2 items, 2024-05-01 to 2024-05-02" in out
    data = load(logs / "data")
    assert data.users == ("0012", "7")
    assert data.catalogue["a"].attributes == {"genres": ("Horror", "Drama")}


def test_import_as_json(llmrec, logs):
    code, out, _ = llmrec(
        "data", "import", logs / "log.csv", logs / "data", *MAPPING, "--json", "--format", "csv"
    )
    facts = json.loads(out)
    assert code == 0
    assert (facts["interactions"], facts["users"], facts["items"]) == (3, 2, 2)
    assert facts["sha256"] == load(logs / "data").sha256


def test_options_reach_the_reader(llmrec, logs):
    (logs / "odd.txt").write_bytes(b"u;i;t\nm\xe9;5;0900000001\nm\xe9;4;900000001\n")
    code, _, err = llmrec(
        *("data", "import", logs / "odd.txt", logs / "data", "--format", "csv"),
        *("--user", "u", "--item", "i", "--time", "t", "--separator", ";"),
        *("--encoding", "latin-1", "--time-unit", "s", "--ties", "item-id"),
    )
    assert code == 0, err
    assert [event.item_id for event in load(logs / "data").events("mé")] == ["4", "5"]


def test_show(llmrec, dataset):
    code, out, _ = llmrec("data", "show", dataset)
    assert code == 0
    for part in ("2024-05-01 18:30:00 UTC", "0012", "[rec]", "genres: Horror, Drama", "median"):
        assert part in out
    code, out, _ = llmrec("data", "show", dataset, "--json")
    facts = json.loads(out)
    assert facts["ties"] == {"events_share": 0.666667, "users_last_event_share": 0.5}
    assert facts["ratings"]["max"] == 5
    assert facts["events_per_user"]["max"] == 2
    assert facts["last"] == "2024-05-02T10:00:00Z"


def test_history(llmrec, dataset):
    code, out, _ = llmrec("data", "history", dataset, "--user", "0012")
    assert code == 0
    assert "2 of 2 events of user 0012 before 2024-05-02 10:00:01 UTC" in out
    assert out.index("[rec]") < out.index("Aliens")
    code, out, _ = llmrec("data", "history", dataset, "--user", "0012", "--last", "1", "--json")
    answer = json.loads(out)
    assert [event["title"] for event in answer["events"]] == ["Aliens"]
    assert answer["as_of"] == "2024-05-02T10:00:01Z"
    code, out, _ = llmrec(
        "data", "history", dataset, "--user", "7", "--as-of", "2024-05-02T12:00:00+02:00", "--json"
    )
    assert json.loads(out)["events"] == []


def test_a_history_written_to_a_file_can_be_read_as_ones_own(llmrec, dataset):
    file = dataset.parent / "me.jsonl"
    assert llmrec("data", "history", dataset, "--user", "0012", "--out", file)[0] == 0
    data = load(dataset)
    assert read_history(file, catalogue=data.catalogue).interactions == data.events("0012")


def test_sample(llmrec, tmp_path):
    code, out, _ = llmrec("data", "sample", tmp_path / "sample", "--json")
    assert code == 0
    facts = json.loads(out)
    assert facts["users"] >= 400
    assert facts["items"] >= 300
    assert facts["events_per_user"]["min"] >= 40
    assert facts["held_out_users"] >= 3


def test_split_saves_the_ids_of_every_part(llmrec, logs):
    assert llmrec("data", "sample", logs / "sample")[0] == 0
    folder = logs / "split"
    code, out, _ = llmrec(
        "data", "split", logs / "sample", folder, "--protocol", "three-periods.v1"
    )
    assert code == 0
    assert "three-periods.v1 of " in out
    code, out, _ = llmrec("data", "split", logs / "sample", folder, "--json")
    (facts,) = json.loads(out)["splits"]
    data = load(logs / "sample")
    (part,) = read_splits(folder, data)
    assert facts["test_queries"] == len(part.test) == len(data.users) - len(data.held_out_users)
    assert facts["test_from"] is None


def test_sample_of_another_world(llmrec, tmp_path):
    code, _, _ = llmrec("data", "sample", tmp_path / "kitchen", "--world", "kitchen.v1b")
    assert code == 0
    kitchen = load(tmp_path / "kitchen")
    assert kitchen.made_from["world"] == "kitchen"
    assert kitchen.made_from["parameter_set"] == "b"
    events = kitchen.interactions.select("event", "quantity").collect()
    assert set(events["event"]) == {"cooked", "ordered"}
    assert events["quantity"].min() >= 1
    code, _, err = llmrec("data", "sample", tmp_path / "none", "--world", "kichen.v1")
    assert code != 0
    assert "kitchen.v1" in err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["split", "data", "new", "--protocol", "leave-one"], 2, ["'leave-one'", "Did you mean"]),
        (["split", "data", "."], 5, ["not an llmrec artifact"]),
        (["show", "log.csv"], 5, ["log.csv holds no manifest.json", "right folder"]),
        (["split", "data", "new", "--protocol", "few-shot.v1"], 4, ["cannot cut 3 events"]),
        (["show", "nowhere"], 5, ["nowhere holds no manifest.json"]),
        (["history", "data", "--user", "012"], 4, ["user '012'", "fix: Did you mean '0012'?"]),
        (["history", "data", "--user", "7", "--as-of", "2024-05-02"], 4, ["--as-of", "time zone"]),
        (["history", "data", "--user", "7", "--out", "x.csv"], 2, ["'.csv'", ".jsonl"]),
        (["import", "log.csv", "new"], 4, ["column 'user_id'", "fix: ", "--user"]),
        (["import", "lag.csv", "new"], 4, ["lag.csv", "Did you mean 'log.csv'?"]),
        (["import", "log.csv", "new", *MAPPING[:6], "--rating", "what"], 4, ["row 1", "'a'"]),
        (["import", "log.csv", "new", *MAPPING, "--encoding", "none"], 2, ["'none'"]),
        (["import", "log.csv", ".", *MAPPING], 5, ["is not an llmrec artifact"]),
        (["import", "log.csv", "new", "--time-unit", "h"], 2, ["--time-unit"]),
        (["import", "log.csv"], 2, ["OUT"]),
    ],
)
def test_faults_have_their_exit_code_and_remedy(
    arguments, code, parts, llmrec, dataset, monkeypatch
):
    monkeypatch.chdir(dataset.parent)
    found, _, err = llmrec("data", *arguments)
    assert found == code, err
    assert not [part for part in parts if part not in err], err
    with pytest.raises(ArtifactError):
        load(dataset.parent / "new")


def test_help_names_every_command(llmrec):
    code, out, _ = llmrec("data", "--help")
    assert code == 0
    for name in ("import", "inspect", "show", "history", "split", "sample"):
        assert name in out


def test_import_tells_what_it_left_out_and_strict_refuses_it(llmrec, logs):
    (logs / "log.csv").write_text(LOG + "7,,2024-05-03T10:00:00Z,\n" * 2)
    command = ("data", "import", logs / "log.csv", logs / "data", *MAPPING[:8])
    code, out, _ = llmrec(*command)
    assert code == 0
    for part in ("left out of 5 events", "missing", "2 events", "row 4", "3 events of 2 users"):
        assert part in out
    assert "missing" in llmrec("data", "show", logs / "data")[1]
    code, _, err = llmrec(*command, "--strict")
    assert code == 4
    assert "row 4, column 'what'" in err
    code, _, err = llmrec(*command, "--strict", "--rule", "core=5")
    assert code == 2
    assert "--strict" in err


def test_rules_from_the_command_line(llmrec, logs):
    command = ("data", "import", logs / "log.csv", logs / "data", *MAPPING[:8], "--json")
    code, out, _ = llmrec(*command, "--rule", "min_history=2", "--rule", "min_rating=5")
    assert code == 4  # one event is left by the first rule, and its user has no two
    code, out, _ = llmrec(*command, "--rule", "min_history=2")
    assert code == 0
    assert json.loads(out)["cleaning"]["events_kept"] == 2
    code, _, err = llmrec(*command, "--rule", "history=2")
    assert (code, "min_history" in err) == (2, True)


def test_a_mapping_in_yaml_whose_options_the_command_line_overrides(llmrec, logs):
    (logs / "maps").mkdir()
    (logs / "maps" / "log.yaml").write_text(
        "user: who\nitem: what\ntime: none\nitems: ../films.csv\nitem_id: sku\ntitle: name\n"
    )
    command = ("data", "import", logs / "log.csv", logs / "data")
    code, _, err = llmrec(*command, "--mapping", logs / "maps" / "log.yaml", "--time", "when")
    assert code == 0, err
    assert load(logs / "data").catalogue["a"].title == "[rec]"
    (logs / "maps" / "log.yaml").write_text("usr: who\n")
    code, _, err = llmrec(*command, "--mapping", logs / "maps" / "log.yaml")
    assert code == 2
    assert "usr" in err
    assert "log.yaml" in err


def test_inspect_shows_a_guess_and_writes_it_as_a_mapping(llmrec, logs):
    code, out, _ = llmrec("data", "inspect", logs / "log.csv", "--out", logs / "guess.yaml")
    assert code == 0
    for part in ("3 rows", "guessed role", "stars", "0012", "66.7%", "llmrec data import"):
        assert part in out
    code, _, err = llmrec(
        *("data", "import", logs / "log.csv", logs / "data", "--mapping", logs / "guess.yaml")
    )
    assert code == 0, err
    code, out, _ = llmrec("data", "inspect", logs / "log.csv", "--json")
    assert json.loads(out)["mapping"]["user"] == "who"
    assert llmrec("data", "inspect", logs / "lag.csv")[0] == 4


@pytest.mark.usefixtures("dataset")
def test_append_adds_each_event_once(llmrec, logs):
    (logs / "more.csv").write_text(LOG + "8,b,2024-05-03T10:00:00Z,1\n")
    items = ["--items", logs / "films.csv"]
    line = ("data", "import", logs / "more.csv", logs / "data", *MAPPING, *items, "--append")
    code, out, err = llmrec(*line)
    assert code == 0, err
    assert "1 new events; 3 were there already" in out
    assert "4 events in" in out
    assert "nothing changed" in llmrec(*line)[1]
    (logs / "more.csv").write_text(LOG + "8,b,2024-05-03T10:00:00Z,1\n9,,2024-05-04T10:00:00Z,\n")
    code, out, _ = llmrec(*line)
    assert "missing" in out
    assert "0 new events; 4 were there already" in out
    (logs / "more.csv").write_text(LOG + "9,b,2024-05-04T10:00:00Z,1\n")
    told = json.loads(llmrec(*line, "--json")[1])
    assert told["events_added"] == told["additions"][0]["events_added"] == 1


def test_a_report_tells_before_and_after(llmrec, logs):
    (logs / "log.csv").write_text(LOG + "7,a,2024-05-02T10:00:00Z,\n")
    command = ("data", "import", logs / "log.csv", logs / "data", *MAPPING[:8])
    code, out, err = llmrec(*command, "--report", logs / "cleaning.html")
    assert code == 0, err
    assert [line for line in out.splitlines() if "events" in line and "4" in line and "3" in line]
    assert "exact_duplicates" in (logs / "cleaning.html").read_text()
    code, _, err = llmrec(*command, "--append", "--report", logs / "cleaning.html")
    assert code == 2
    assert "--append and --report" in err
