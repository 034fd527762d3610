"""What is known of users: read where it is named, kept beside the events, in no prompt."""

from __future__ import annotations

import polars as pl
import pytest
from typer.testing import CliRunner

from llmrec.cli.app import app
from llmrec.data import ImportOptions, SplitProtocol, import_dataset, load, prepare, write_dataset
from llmrec.errors import ArtifactError, ConfigError, DataError
from llmrec.types import Item

LOG = "user_id,item_id,timestamp\nann,i1,1700000000\nbob,i1,1700000001\nann,i2,1700000002\n"
PEOPLE = "name,age,sex,mail\nbob,41,zq-male,b@x.org\nann,,zq-female,a@x.org\neve,19,zq-female,e@x\n"
OPTIONS = {"time_unit": "s", "user_id": "name", "user_attributes": ("age", "sex")}
ITEMS = [Item(item_id="i1", title="One"), Item(item_id="i2", title="Two")]


@pytest.fixture
def people(write):
    return write("people.csv", PEOPLE)


def imported(write, out, users, **changes):
    options = ImportOptions.of({**OPTIONS, "users": users, **changes})
    return import_dataset(write("log.csv", LOG), out, options=options)


def test_only_the_named_attributes_of_users_with_events_are_kept(write, people, tmp_path):
    data = imported(write, tmp_path / "data", people)
    assert data.users_table.rows(named=True) == [
        {"user_id": "ann", "age": None, "sex": "zq-female"},
        {"user_id": "bob", "age": 41, "sex": "zq-male"},
    ]
    assert data.made_from["options"]["users"] == "people.csv"
    plain = imported(write, tmp_path / "plain", None, user_attributes=())
    assert plain.users_table is None
    assert plain.sha256 != data.sha256
    assert plain.catalogue.sha256 == data.catalogue.sha256


def test_a_filter_keeps_what_is_known_of_users(write, people, tmp_path):
    data = imported(write, tmp_path / "data", people)
    card = SplitProtocol.named("leave-one-out.v1").model_copy(update={"min_user_events": 2})
    assert prepare(data, card).users_table.equals(data.users_table)


def test_no_history_and_no_prompt_tells_it(write, people, tmp_path):
    data = imported(write, tmp_path / "data", people)
    plain = imported(write, tmp_path / "plain", None, user_attributes=())
    assert data.history("bob") == plain.history("bob")
    shown = [
        CliRunner().invoke(
            app,
            ["prompt", "show", "rank/likelihood.v1", "--dataset", str(path), "--user", "bob"],
        )
        for path in (data.path, plain.path)
    ]
    assert shown[0].exit_code == 0, shown[0].output
    assert "i1" in shown[0].output
    assert "zq-" not in shown[0].output
    assert shown[0].output == shown[1].output


def test_the_command_takes_the_file_and_shows_what_is_known(write, people, tmp_path):
    words = ["data", "import", str(write("log.csv", LOG)), str(tmp_path / "data")]
    words += ["--time-unit", "s", "--users", str(people), "--user-id", "name"]
    done = CliRunner().invoke(app, [*words, "--user-attribute", "sex", "--user-attribute", "age"])
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(app, ["data", "show", str(tmp_path / "data")])
    assert "sex 2, age 1" in shown.output


@pytest.mark.parametrize(
    ("changes", "text", "error", "message"),
    [
        ({"user_attributes": ()}, PEOPLE, ConfigError, "go together"),
        ({"user_attributes": ("agee",)}, PEOPLE, DataError, "Did you mean 'age'"),
        ({}, PEOPLE + "bob,1,m,x\n", DataError, "row 4, column 'name': user id 'bob' stands in"),
        ({}, PEOPLE + ",1,m,x\n", DataError, "row 4, column 'name': the id is empty"),
        ({"user_id": "id"}, PEOPLE, DataError, "--user-id"),
    ],
)
def test_faults_in_the_users_file_are_placed(changes, text, error, message, write, tmp_path):
    with pytest.raises(error, match=message):
        imported(write, tmp_path / "data", write("people.csv", text), **changes)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ({"id": ["ann"]}, "needs a column of text"),
        ({"user_id": ["ann", "ann"]}, "'ann' stands in an earlier row too"),
        ({"user_id": ["ann"], "tags": [["a"]]}, "no attribute of a user"),
    ],
)
def test_a_table_that_is_none_of_users_is_refused(users, message, tmp_path):
    events = pl.DataFrame({"user_id": ["ann"], "item_id": ["i1"], "timestamp_s": [5]})
    with pytest.raises(DataError, match=message):
        write_dataset(
            tmp_path / "data",
            items=ITEMS,
            interactions=events,
            made_from={},
            users=pl.DataFrame(users),
        )


def test_a_damaged_users_file_is_refused(write, people, tmp_path):
    data = imported(write, tmp_path / "data", people)
    (data.path / "users.parquet").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"users\.parquet is damaged"):
        load(data.path)


def test_ml_100k_knows_age_gender_and_occupation_but_no_zip_code(ml_100k):
    table = ml_100k.users_table
    assert table.columns == ["user_id", "age", "gender", "occupation"]
    assert table.height == 943
    assert table.row(by_predicate=pl.col("user_id") == "1") == ("1", 24, "M", "technician")


def one_million(write, age="25", row="1::F::{}::10::48067\n"):
    write("ml/ratings.dat", "1::1193::5::978300760\n1::661::3::978302109\n")
    titles = (
        "661::James and the Giant Peach (1996)::Animation|Musical\n1193::Cité, La (1975)::Drama\n"
    )
    write("ml/movies.dat", titles.encode("latin-1"))
    return write("ml/users.dat", row.format(age)).parent


def test_ml_1m_knows_ages_in_bands_gender_and_occupation(write, tmp_path):
    data = import_dataset(one_million(write), tmp_path / "data", format="movielens")
    assert data.catalogue["1193"].title == "La Cité"
    assert data.users_table.rows() == [("1", "25-34", "F", 10)]
    with pytest.raises(
        DataError, match=r"users\.dat, row 1, column 'age': '26' begins no published"
    ):
        import_dataset(one_million(write, age="26"), tmp_path / "other", format="movielens")


def test_a_users_file_of_other_fields_is_left_alone(write, tmp_path):
    folder = one_million(write, row="1::12345\n")
    assert import_dataset(folder, tmp_path / "data", format="movielens").users_table is None
