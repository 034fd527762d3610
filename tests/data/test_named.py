"""Published data sets: real ones where they are here, authored ones of the same form elsewhere."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from datetime import UTC, datetime

import pytest

from llmrec.data import CleaningRules, ImportOptions, import_dataset
from llmrec.errors import DataError

COUNTS = {
    # folder: format, users, items with events, events, events read
    "ml-100k": ("movielens", 943, 1_682, 100_000, 100_000),
    "ml-latest-small": ("movielens", 610, 9_724, 100_836, 100_836),
    "movietweetings": ("movietweetings", 16_554, 10_506, 100_000, 100_000),
    "x-wines-slim": ("x-wines", 10_561, 1_007, 150_000, 150_000),
    "online-retail": ("online-retail", 4_339, 3_665, None, 541_909),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_published_folder_has_the_published_counts(name, shared_data, tmp_path):
    reader, users, items, events, read = COUNTS[name]
    data = import_dataset(shared_data / name, tmp_path / "data", rules=CleaningRules())
    assert data.made_from["reader"] == reader
    assert len(data.users) == users
    assert data.interactions.collect()["item_id"].n_unique() == items
    assert data.cleaning["events_read"] == read
    if events is None:
        return
    assert len(data) == events
    assert data.cleaning["steps"] == []


def test_online_retail_is_cleaned_in_the_open(shared_data, tmp_path):
    data = import_dataset(shared_data / "online-retail", tmp_path / "data", rules=CleaningRules())
    dropped = {(s["rule"], s["what"]): s["dropped"] for s in data.cleaning["steps"]}
    assert dropped[("missing", "events")] == 135_080
    assert dropped[("cancellations", "events")] == 8_905
    kept = data.cleaning["events_kept"]
    assert kept + sum(n for (_, what), n in dropped.items() if what == "events") == 541_909
    table = data.interactions.collect()
    assert table["quantity"].min() > 0
    assert table["price"].null_count() == 0
    with gzip.open(shared_data / "online-retail" / "online_retail.csv.gz", "rt") as log:
        lines = log.readlines()
    for step in data.cleaning["steps"]:
        for example in step["examples"]:
            code = example.get("item_id") or example["StockCode"].strip("'")
            assert f",{code}," in lines[example["row"]]
    assert data.catalogue["85123A"].title == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert data.events("17850")[0].timestamp == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_wines_have_their_lists(shared_data, tmp_path):
    data = import_dataset(shared_data / "x-wines-slim", tmp_path / "data")
    wine = data.catalogue["100002"]
    assert wine.title == "Ancellotta"
    assert wine.attributes["food_pairings"] == (
        *("Beef", "Barbecue", "Codfish", "Pasta", "Pizza", "Cheese"),
    )
    assert wine.attributes["abv"] == 12.0


def test_movietweetings_ids_keep_their_zeros_and_titles_their_accents(shared_data, tmp_path):
    film = import_dataset(shared_data / "movietweetings", tmp_path / "data").catalogue["0002844"]
    assert film.title == "Fantômas - À l'ombre de la guillotine"
    assert film.attributes == {"year": 1913, "genres": ("Crime", "Drama")}


def packed(path, content):
    text = content if isinstance(content, str) else "".join(json.dumps(r) + "\n" for r in content)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def as_python(records):
    return "".join(f"{record!r}\n" for record in records)


@pytest.mark.parametrize(("name", "encoding"), [("ml-1m", "latin-1"), ("ml-10M100K", "utf-8")])
def test_movielens_of_dat_files_in_its_encoding(name, encoding, write, tmp_path):
    write(f"{name}/ratings.dat", "1::122::5::838985046\n1::73::3.5::838985047\n")
    write(
        f"{name}/movies.dat",
        "122::Amélie: It's (2001)::Comedy|Romance\n73::Matrix, The (1999)::Action\n".encode(
            encoding
        ),
    )
    data = import_dataset(tmp_path / name, tmp_path / "data")
    assert data.made_from["reader"] == "movielens"
    assert data.catalogue["122"].title == "Amélie: It's"
    assert [event.rating for event in data.events("1")] == [5, 3.5]


OLD_REVIEWS = [
    {"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 1382659200,
     "reviewText": "Fine", "helpful": [1, 2], "style": {"Size:": " L"}},
    {"reviewerID": "A2", "asin": "B2", "overall": 1, "unixReviewTime": 1382745600, "style": "x"},
]  # fmt: skip


def test_amazon_2014_whose_metadata_are_python(tmp_path):
    packed(tmp_path / "a/reviews_Beauty_5.json.gz", OLD_REVIEWS)
    metadata = [
        {"asin": "B1", "title": "It's soap", "price": 12.99, "brand": "S",
         "categories": [["Beauty", "Soap"], ["Beauty", "Bath"]], "salesRank": {"Beauty": 3}},
        {"asin": "B2", "title": "Brush", "categories": [["Beauty"]], "description": "Soft"},
    ]  # fmt: skip
    packed(tmp_path / "a/meta_Beauty.json.gz", as_python(metadata))
    data = import_dataset(tmp_path / "a", tmp_path / "data")
    assert data.made_from["reader"] == "amazon-2014"
    assert data.catalogue["B1"].title == "It's soap"
    assert data.catalogue["B1"].attributes == {
        "brand": "S",
        "price": 12.99,
        "categories": ("Beauty", "Soap", "Bath"),
    }
    assert data.interactions.collect()["text"].to_list() == ["Fine", None]


def test_amazon_2018_in_json_with_repeated_metadata(tmp_path):
    packed(tmp_path / "a/All_Beauty_5.json.gz", OLD_REVIEWS)
    item = {"asin": "B1", "title": "Soap", "price": "$1,012.50", "category": [], "brand": ""}
    other = {"asin": "B2", "title": "Brush", "category": ["X"], "description": ["Soft.", "Red."]}
    packed(tmp_path / "a/meta_All_Beauty.json.gz", [item, item, other])
    data = import_dataset(tmp_path / "a", tmp_path / "data")
    assert data.made_from["reader"] == "amazon-2018"
    assert data.catalogue["B1"].attributes == {"price": 1012.5}
    assert data.catalogue["B2"].attributes == {"category": ("X",), "description": "Soft. Red."}


def test_amazon_2023_by_parent_asin_and_without_what_was_counted_later(tmp_path):
    reviews = [
        {"user_id": "u", "parent_asin": "P", "asin": "Q", "rating": 4.0, "text": "ok",
         "timestamp": 1588687728923, "images": []},
        {"user_id": "u", "parent_asin": "X", "rating": 2.0, "timestamp": 1588687728924},
    ]  # fmt: skip
    packed(tmp_path / "a/All_Beauty.jsonl.gz", reviews)
    metadata = {"parent_asin": "P", "title": "Comb", "price": 3.5, "average_rating": 4.8,
                "rating_number": 10, "categories": ["Hair"], "description": [], "store": "C",
                "details": {"a": 1}}  # fmt: skip
    packed(tmp_path / "a/meta_All_Beauty.jsonl.gz", [metadata])
    data = import_dataset(tmp_path / "a", tmp_path / "data", rules=CleaningRules())
    assert data.made_from["reader"] == "amazon-2023"
    attributes = {"store": "C", "price": 3.5, "categories": ("Hair",), "description": ""}
    assert {**attributes, **data.catalogue["P"].attributes} == attributes
    assert [(s["rule"], s["dropped"]) for s in data.cleaning["steps"]] == [("unknown_items", 1)]
    assert data.events("u")[0].timestamp == datetime(2020, 5, 5, 14, 8, 48, tzinfo=UTC)


def test_steam_whose_files_are_python(tmp_path):
    reviews = [
        {"username": "Ann", "product_id": "10", "date": "2017-12-31", "text": "gg", "hours": 1.5},
        {"username": "Ann", "product_id": "20", "date": "2017-12-31", "text": "", "page": 2},
    ]
    games = [
        {"id": "10", "app_name": "Counter", "genres": ["Action"], "price": "Free to Play"},
        {"id": "20", "app_name": "Portal 'n' more", "price": 9.99, "metascore": 90},
        {"app_name": "No id"},
    ]
    packed(tmp_path / "s/steam_reviews.json.gz", as_python(reviews))
    packed(tmp_path / "s/steam_games.json.gz", as_python(games))
    data = import_dataset(tmp_path / "s", tmp_path / "data")
    assert data.made_from["reader"] == "steam"
    assert [event.item_id for event in data.events("Ann")] == ["10", "20"]
    assert data.catalogue["20"].attributes == {"price": 9.99}


def test_yelp_from_its_archive(tmp_path):
    review = {"review_id": "r", "user_id": "u", "business_id": "b", "stars": 3.0, "useful": 0,
              "text": "Hm", "date": "2018-07-07 22:09:11"}  # fmt: skip
    business = {"business_id": "b", "name": "Abby's", "city": "Rome", "state": "PA", "stars": 4.5,
                "review_count": 7, "categories": "Food, Tea Rooms", "hours": None}  # fmt: skip
    files = [
        packed(tmp_path / "yelp_academic_dataset_review.json", [review]),
        packed(tmp_path / "yelp_academic_dataset_business.json", [business]),
    ]
    with tarfile.open(tmp_path / "yelp_dataset.tar", "w") as archive:
        for path in files:
            archive.add(path, arcname=path.name)
    data = import_dataset(tmp_path / "yelp_dataset.tar", tmp_path / "data")
    assert data.made_from["reader"] == "yelp"
    assert data.catalogue["b"].attributes == {
        "city": "Rome",
        "state": "PA",
        "categories": ("Food", "Tea Rooms"),
    }
    options = ImportOptions(time_zone="America/New_York")
    moved = import_dataset(tmp_path / "yelp_dataset.tar", tmp_path / "moved", options=options)
    hours = (moved.last_moment - data.last_moment).total_seconds() / 3600
    assert hours == 4


def test_a_line_that_is_no_record_is_placed(tmp_path):
    packed(tmp_path / "s/steam_reviews.json.gz", "{'username': 'a'}\n{'username': open('x')}\n")
    packed(tmp_path / "s/steam_games.json.gz", "{'id': '1'}\n")
    with pytest.raises(DataError, match=r"steam_reviews.json.gz, row 2: the line is no record"):
        import_dataset(tmp_path / "s", tmp_path / "data")


def small_movielens(folder):
    packed(folder / "ratings.csv", "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n")
    packed(folder / "movies.csv", "movieId,title,genres\n1,Toy Story (1995),A|B\n")
    return folder


def test_an_archive_and_its_folder_give_the_same_dataset(tmp_path):
    folder = small_movielens(tmp_path / "published" / "ml-small")
    archive = shutil.make_archive(str(tmp_path / "ml-small"), "zip", tmp_path / "published")
    plain = import_dataset(folder, tmp_path / "plain")
    assert import_dataset(archive, tmp_path / "zipped").sha256 == plain.sha256


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"../outside.csv": "x"}, "written outside the folder"),
        ({"/etc/outside.csv": "x"}, "written outside the folder"),
        ({"a\\..\\..\\outside.csv": "x"}, "written outside the folder"),
        ({"big.csv": b"\0" * 20_000_000}, "over 100 times"),
        ({"notes.txt": "x"}, "no published data set"),
    ],
)
def test_a_harmful_or_foreign_archive_is_refused_and_leaves_nothing(
    members, fault, tmp_path, monkeypatch
):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    archive = zipped(tmp_path / "log.zip", members)
    with pytest.raises(DataError, match=fault):
        import_dataset(archive, tmp_path / "data")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["log.zip", "tmp"]


def test_a_link_in_an_archive_is_refused(tmp_path):
    with tarfile.open(tmp_path / "log.tar", "w") as archive:
        member = tarfile.TarInfo("ratings.csv")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(DataError, match="is a link"):
        import_dataset(tmp_path / "log.tar", tmp_path / "data")


@pytest.mark.parametrize("name", ["log.zip", "log.tar"])
def test_a_damaged_archive_is_refused(name, tmp_path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.csv", "x" * 1000)
    (tmp_path / name).write_bytes(whole.getvalue()[:300])
    with pytest.raises(DataError, match="cannot be unpacked"):
        import_dataset(tmp_path / name, tmp_path / "data")
    with pytest.raises(DataError, match="does not exist"):
        import_dataset(tmp_path / f"no-{name}", tmp_path / "data")


def test_the_spreadsheet_of_the_gift_shop_is_told_how_to_become_readable(tmp_path):
    archive = zipped(tmp_path / "online+retail.zip", {"Online Retail.xlsx": b"PK"})
    with pytest.raises(DataError, match="spreadsheet") as caught:
        import_dataset(archive, tmp_path / "data", format="online-retail")
    assert "online_retail.csv" in str(caught.value)
