"""MovieLens folders as published: 100K, 1M and 10M, and those of ratings.csv and movies.csv.

Titles are made readable: the year moves into the attribute ``year``, an article at the end moves
to the front ("Matrix, The (1999)" becomes "The Matrix"). The placeholders for "no genre"
("(no genres listed)", "unknown") leave an item without genres. Of users, age, gender and occupation
are kept where they are published, the zip code is not. Nothing else is changed.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.cells import ids, titles
from llmrec.data.csv_files import read_csv
from llmrec.data.items import refuse_repeated
from llmrec.data.options import ImportOptions
from llmrec.data.raw import RawTable
from llmrec.data.tables import RawLog, hashed
from llmrec.data.users import AGE_BANDS, users_of
from llmrec.errors import DataError
from llmrec.types import Item

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.types import AttributeValue

_100K_EVENTS = ("user id", "item id", "rating", "timestamp")
_100K_USERS = ("user id", "age", "gender", "occupation", "zip code")
_100K_ITEMS = ("movie id", "movie title", "release date", "video release date", "IMDb URL")

_DAT_EVENTS = ("userId", "movieId", "rating", "timestamp")
_DAT_ITEMS = ("movieId", "title", "genres")
_DAT_USERS = ("userId", "gender", "age", "occupation", "zip code")
_OF_USERS = ("age", "gender", "occupation")

_YEAR = re.compile(r"\s*\((\d{4})(?:\s*[-\N{EN DASH}]\s*(?:\d{4})?)?\)(?:\s*\(T?V\))?$")
_FIRST = r"The|A|An|La|Le|Les|L'|Il|Lo|Gli|El|Los|Las|Der|Die|Das|Den|Det|Ein|Eine|Un|Une|Una|Het"
_ARTICLE = re.compile(rf"^(?P<before>)(?P<name>.+), (?P<article>{_FIRST})$")
# Within brackets stand foreign titles, where these short words are articles too.
_ALIAS = re.compile(
    rf"(?P<before>\((?:a\.k\.a\. )?)(?P<name>[^()]+), (?P<article>{_FIRST}|I|De|En|O|Os|As)(?=\))"
)
_FILES = (("u.data", "u.item"), ("ratings.dat", "movies.dat"), ("ratings.csv", "movies.csv"))
_NO_GENRE = ("(no genres listed)", "unknown", "")


def is_movielens(folder: Path) -> bool:
    """Return whether a folder holds the files that one of the published data sets has."""
    return any(all((folder / name).is_file() for name in names) for names in _FILES)


def read_movielens(source: Path, options: ImportOptions) -> RawLog:
    """Read a MovieLens folder.

    Args:
        source: The unpacked folder.
        options: Only ``ties`` counts: ``file`` keeps the published order of events of one second,
            ``item-id`` takes the numeric order of item ids. Both are in use in the literature, and
            they move the test item of one user in seven on ml-100k.

    Raises:
        DataError: Not such a folder, or a fault in a file.
    """
    if not source.is_dir():
        raise DataError(
            "is not a folder", path=source, remedy="Name the folder that the archive unpacks to."
        )
    if not is_movielens(source):
        raise DataError(
            "holds neither u.data and u.item nor ratings and movies (.dat or .csv)",
            path=source,
            remedy="Name the folder that the archive unpacks to.",
        )
    if (source / "u.data").is_file():
        return _read_100k(source, options.ties)
    if (source / "ratings.dat").is_file():
        return read_dat(source, options.ties, encoding=_encoding_of(source / "movies.dat"))
    beside = read_but_ratings(source, options.ties)
    return dataclasses.replace(beside, events=read_csv(source / "ratings.csv", beside.options))


def read_dat(source: Path, ties: str, *, encoding: str) -> RawLog:
    """Read ratings.dat, movies.dat and 1M's users.dat, whose fields are separated by ``::``.

    Args:
        source: The folder.
        ties: ``file`` or ``item-id``, as in ``ImportOptions``.
        encoding: Of the files.

    Raises:
        DataError: A fault in a file.
    """
    options = ImportOptions.of(
        {
            "user": "userId",
            "item": "movieId",
            "time": "timestamp",
            "rating": "rating",
            "time_unit": "s",
            "ties": ties,
            "item_id": "movieId",
            "title": "title",
            "user_id": "userId",
            "user_attributes": _OF_USERS,
            "separator": "::",
            "encoding": encoding,
        }
    )
    movies = read_csv(source / "movies.dat", options, names=_DAT_ITEMS, quote=None)
    genres = movies.frame["genres"].fill_null("").str.split("|")
    items = _items(movies, options, genres)
    files, people = ("ratings.dat", "movies.dat"), source / "users.dat"
    if not _tells_age(people):
        return _log(source, files, options, items)
    return _log(source, (*files, people.name), options, items, _users_of_1m(people, options))


def _tells_age(people: Path) -> bool:
    """Return whether users.dat is 1M's; others have files of this name with other fields."""
    if not people.is_file():
        return False
    with people.open("rb") as stream:
        return stream.readline().count(b"::") == len(_DAT_USERS) - 1


def _users_of_1m(people: Path, options: ImportOptions) -> pl.DataFrame:
    """Return what users.dat tells; its ages are the first years of bands."""
    raw = read_csv(people, options, names=_DAT_USERS, quote=None)
    bands = {str(first): band for first, band in AGE_BANDS.items()}
    age = raw.frame["age"]
    raw.refuse(~age.is_in(list(bands)), "{value} begins no published age band", column="age")
    banded = age.replace_strict(bands, default=None, return_dtype=pl.String)
    return users_of(raw, options).with_columns(age=banded)


def _encoding_of(path: Path) -> str:
    """Return the encoding of an old release: 10M is in UTF-8, 1M in Latin-1."""
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def is_csv_folder(source: Path) -> bool:
    """Return whether a folder is a release of CSV files: latest-small, and 20M to 32M."""
    return is_movielens(source) and (source / "ratings.csv").is_file()


def read_but_ratings(source: Path, ties: str) -> RawLog:
    """Read a folder of CSV files but for its ratings, of which the result has the path alone.

    Raises:
        DataError: A fault in a file.
    """
    options = ImportOptions.of(
        {
            "user": "userId",
            "item": "movieId",
            "time": "timestamp",
            "rating": "rating",
            "time_unit": "s",
            "ties": ties,
            "item_id": "movieId",
            "title": "title",
        }
    )
    movies = read_csv(source / "movies.csv", options)
    genres = movies.require("genres", option="attributes").fill_null("")
    ratings = source / "ratings.csv"
    return RawLog(
        events=RawTable(path=ratings, frame=pl.DataFrame()),
        items=_items(movies, options, genres.str.split("|")),
        options=options,
        items_path=source / "movies.csv",
        sources=hashed(ratings, source / "movies.csv"),
    )


def _read_100k(source: Path, ties: str) -> RawLog:
    options = ImportOptions.of(
        {
            "user": "user id",
            "item": "item id",
            "time": "timestamp",
            "rating": "rating",
            "time_unit": "s",
            "ties": ties,
            "item_id": "movie id",
            "title": "movie title",
            "user_id": "user id",
            "user_attributes": _OF_USERS,
            "encoding": "latin-1",
        }
    )
    names = _genre_names(source / "u.genre")
    columns = [*_100K_ITEMS, *names]
    bar = options.model_copy(update={"separator": "|"})
    movies = read_csv(source / "u.item", bar, names=columns, quote=None)
    for name in names:
        movies.refuse(
            ~movies.frame[name].is_in(["0", "1"]), "{value} is neither 0 nor 1", column=name
        )
    chosen = pl.concat_list(pl.when(pl.col(n) == "1").then(pl.lit(n)) for n in names)
    genres = movies.frame.select(chosen.list.drop_nulls().alias("genres")).to_series()
    items = _items(movies, options, genres)
    files = ("u.data", "u.item", "u.genre")
    people = source / "u.user"
    if not people.is_file():
        return _log(source, files, options, items)
    users = users_of(read_csv(people, bar, names=_100K_USERS, quote=None), options)
    return _log(source, (*files, people.name), options, items, users)


def _genre_names(path: Path) -> list[str]:
    options = ImportOptions(separator="|", encoding="latin-1")
    genres = read_csv(path, options, names=("genre", "number"), quote=None)
    return ids(genres, "genre", option="genre").to_list()


def _log(
    source: Path,
    files: tuple[str, ...],
    options: ImportOptions,
    items: tuple[Item, ...],
    users: pl.DataFrame | None = None,
) -> RawLog:
    events, movies = source / files[0], source / files[1]
    if events.name == "u.data":
        tab = options.model_copy(update={"separator": "\t"})
        raw = read_csv(events, tab, names=_100K_EVENTS, quote=None)
    else:
        raw = read_csv(events, options, names=_DAT_EVENTS, quote=None)
    return RawLog(
        events=raw,
        items=items,
        users=users,
        options=options,
        items_path=movies,
        sources=hashed(*(source / name for name in files)),
    )


def _items(movies: RawTable, options: ImportOptions, genres: pl.Series) -> tuple[Item, ...]:
    item_id = ids(movies, options.item_id, option="item_id")
    refuse_repeated(movies, options.item_id, item_id)
    readable = [readable_title(title) for title in titles(movies, options.title).to_list()]
    items = []
    for known, (title, year), listed in zip(item_id, readable, genres, strict=True):
        attributes: dict[str, AttributeValue] = {} if year is None else {"year": year}
        if named := tuple(genre for genre in listed if genre not in _NO_GENRE):
            attributes["genres"] = named
        items.append(Item(item_id=known, title=title, attributes=attributes))
    return tuple(items)


def readable_title(published: str) -> tuple[str, int | None]:
    """Return title and year: ``"Matrix, The (1999)"`` gives ``("The Matrix", 1999)``.

    Foreign titles in brackets are treated alike; a range of years gives its first.
    """
    name = published.strip()
    found = _YEAR.search(name)
    if found:
        name = name[: found.start()]
    main, opening, rest = name.partition(" (")
    main = _ARTICLE.sub(_article_first, main)
    rest = _ALIAS.sub(_article_first, opening + rest)
    return (main + rest).strip() or published.strip(), int(found[1]) if found else None


def _article_first(found: re.Match[str]) -> str:
    before, name, article = found["before"], found["name"], found["article"]
    space = "" if article == "L'" else " "
    return f"{before}{article}{space}{name}"
