"""The MovieLens folders as published."""

from __future__ import annotations

import time

import pytest

from llmrec.data import ImportOptions, SplitProtocol, import_dataset, load, split
from llmrec.data.movielens import readable_title
from llmrec.errors import DataError


@pytest.mark.parametrize(
    ("published", "title", "year"),
    [
        ("Alien (1979)", "Alien", 1979),
        ("Matrix, The (1999)", "The Matrix", 1999),
        ("Red Balloon, The (Ballon rouge, Le) (1956)", "The Red Balloon (Le Ballon rouge)", 1956),
        ("Embalmer, The (Imbalsamatore, L') (2002)", "The Embalmer (L'Imbalsamatore)", 2002),
        ("Postino, Il (1994)", "Il Postino", 1994),
        ("Bicycle Thieves (a.k.a. The Bicycle Thief) (a.k.a. The Bicycle Thieves) (Ladri di "
         "biciclette) (1948)", "Bicycle Thieves (a.k.a. The Bicycle Thief) (a.k.a. The Bicycle "
         "Thieves) (Ladri di biciclette)", 1948),
        ("Besieged (a.k.a. Assedio, L') (1998)", "Besieged (a.k.a. L'Assedio)", 1998),
        ("Children Are Watching Us, The (Bambini ci guardano, I) (1944)",
         "The Children Are Watching Us (I Bambini ci guardano)", 1944),
        ("Paris, Texas (1984)", "Paris, Texas", 1984),
        ("I, Robot (2004)", "I, Robot", 2004),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", 2009),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Runaway Brain (1995) ", "Runaway Brain", 1995),
        ("Land Before Time III (1995) (V)", "Land Before Time III", 1995),
        ("Death Note: Desu nôto (2006–2007)", "Death Note: Desu nôto", 2006),  # noqa: RUF001
        ("Nocturnal Animals", "Nocturnal Animals", None),
        ("(1999)", "(1999)", 1999),
    ],
)  # fmt: skip
def test_titles_become_readable(published, title, year):
    assert readable_title(published) == (title, year)


def test_ml_100k(ml_100k):
    assert (len(ml_100k.users), len(ml_100k.catalogue), len(ml_100k)) == (943, 1682, 100_000)
    star_wars = ml_100k.catalogue["50"]
    assert star_wars.title == "Star Wars"
    assert star_wars.attributes == {
        "year": 1977,
        "genres": ("Action", "Adventure", "Romance", "Sci-Fi", "War"),
    }
    assert ml_100k.catalogue["1623"].title == "La Cérémonie"
    assert ml_100k.catalogue["267"].attributes == {}
    assert [e.rating for e in ml_100k.events("196") if e.item_id == "242"] == [3.0]


def test_ml_latest_small(ml_small):
    assert (len(ml_small.users), len(ml_small.catalogue), len(ml_small)) == (610, 9742, 100_836)
    assert ml_small.catalogue["2571"].title == "The Matrix"
    assert ml_small.catalogue["2571"].attributes == {
        "year": 1999,
        "genres": ("Action", "Sci-Fi", "Thriller"),
    }
    assert "genres" not in ml_small.catalogue["143410"].attributes
    assert ml_small.interactions.select("rating").collect()["rating"].min() == 0.5


def test_the_last_event_ties_as_often_as_published(ml_100k, ml_small):
    card = SplitProtocol.named("leave-one-out.v1")
    for data, share in ((ml_100k, 0.44), (ml_small, 0.154)):
        tests = split(data, card).test
        assert sum(query.target.sequence > 0 for query in tests) / len(tests) == pytest.approx(
            share, abs=0.001
        )


def test_ties_by_item_number(shared_data, ml_100k, tmp_path):
    options = ImportOptions(ties="item-id")
    by_id = import_dataset(shared_data / "ml-100k", tmp_path / "data", options=options)
    in_file = [event.item_id for event in ml_100k.events("1")]
    numbered = by_id.events("1")
    assert [event.item_id for event in numbered] != in_file
    moments = [(event.timestamp, int(event.item_id)) for event in numbered]
    assert moments == sorted(moments)
    assert by_id.sha256 != ml_100k.sha256


def test_a_thousand_histories_take_well_under_a_second(ml_100k):
    fresh = load(ml_100k.path)
    start = time.process_time()
    histories = fresh.histories(fresh.users)
    assert time.process_time() - start < 1
    assert sum(len(history.interactions) for history in histories) == 100_000


def small_folder(write, **changes):
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,2,x5,964981247\n",
        "movies.csv": 'movieId,title,genres\n1,Toy Story (1995),A|B\n2,"Net, The (1995)",\n',
        **changes,
    }
    for name, text in files.items():
        path = write(f"ml/{name}", text)
    return path.parent


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({}, ["ratings.csv, row 2, column 'rating'", "'x5' is not a number"]),
        ({"movies.csv": "movieId,title\n1,A\n"}, ["movies.csv, column 'genres'", "no such column"]),
        (
            {"movies.csv": "movieId,title,genres\n1,A,\n"},
            ["ratings.csv, row 2, column 'movieId'", "'2' is not in", "movies.csv"],
        ),
    ],
)
def test_faults_in_the_folder_are_placed(changes, parts, write, tmp_path):
    with pytest.raises(DataError) as caught:
        import_dataset(small_folder(write, **changes), tmp_path / "data")
    assert not [part for part in parts if part not in str(caught.value)], caught.value


def hundred_k(write, item="1|A (1995)|||u|1|0", genres="unknown|0\nDrama|1\n", log="1\t1\t3\t8\n"):
    write("ml/u.genre", genres)
    write("ml/u.item", item + "\n")
    return write("ml/u.data", log).parent


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"item": "1|A (1995)|||u|1"}, ["u.item, row 1", "6 fields, not the 7 of the published"]),
        ({"item": "1|A (1995)|||u|1|2"}, ["u.item, row 1, column 'Drama'", "'2' is neither"]),
        ({"log": "1\t1\t3\n"}, ["u.data, row 1", "3 fields, not the 4 of the published"]),
        ({"log": "1\t1\t3\t8\t9\n"}, ["u.data", "5 fields", "not the 4 of the published"]),
        ({"log": "1\t2\t3\t8\n"}, ["u.data, row 1, column 'item id'", "'2' is not in", "u.item"]),
    ],
)
def test_faults_in_the_old_folder_are_placed(changes, parts, write, tmp_path):
    assert len(import_dataset(hundred_k(write), tmp_path / "sound")) == 1
    with pytest.raises(DataError) as caught:
        import_dataset(hundred_k(write, **changes), tmp_path / "data")
    assert not [part for part in parts if part not in str(caught.value)], caught.value


def test_another_folder_or_a_file_is_refused(write, tmp_path):
    file = write("other/notes.txt", "x")
    for source, fault in ((file.parent, "neither u.data and u.item"), (file, "is not a folder")):
        with pytest.raises(DataError, match=fault):
            import_dataset(source, tmp_path / "data", format="movielens")
