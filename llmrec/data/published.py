"""Where published data sets lie, under which terms, and by what name they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from llmrec.errors import ConfigError, did_you_mean

_GROUPLENS = (
    "GroupLens, University of Minnesota: for research; no redistribution and no commercial use "
    "without permission; cite Harper and Konstan 2015."
)
_UNSTATED = "The publisher states terms on the page; ask for the citation there, use for research."


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One data set as its publisher offers it."""

    format: str
    """A key of ``NAMED``."""
    page: str
    """Where people read about it, and about its terms."""
    licence: str
    """Its terms, in short."""
    urls: tuple[str, ...] = ()
    """Its files; empty where the publisher gives them only to people with a browser."""
    checksum_ending: str | None = None
    """What the address of the publisher's MD5 file adds to that of a file; None where none is."""


def _movielens(name: str) -> Published:
    return Published(
        format="movielens",
        page="https://grouplens.org/datasets/movielens/",
        licence=_GROUPLENS,
        urls=(f"https://files.grouplens.org/datasets/movielens/{name}.zip",),
        checksum_ending=".md5",
    )


_MOVIETWEETINGS = "https://raw.githubusercontent.com/sidooms/MovieTweetings/master/latest"
_STEAM = "https://cseweb.ucsd.edu/~wckang"

PUBLISHED: dict[str, Published] = {
    **{
        name: _movielens(name)
        for name in (
            *("ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small"),
        )
    },
    "movietweetings": Published(
        format="movietweetings",
        page="https://github.com/sidooms/MovieTweetings",
        licence="MIT, (c) 2013 Simon Dooms.",
        urls=(f"{_MOVIETWEETINGS}/ratings.dat", f"{_MOVIETWEETINGS}/movies.dat"),
    ),
    "steam": Published(
        format="steam",
        page="https://cseweb.ucsd.edu/~jmcauley/datasets.html#steam_data",
        licence=_UNSTATED,
        urls=(f"{_STEAM}/steam_reviews.json.gz", f"{_STEAM}/steam_games.json.gz"),
    ),
    "x-wines": Published(
        format="x-wines",
        page="https://github.com/rogerioxavier/X-Wines",
        licence="CC0 1.0; cite de Azambuja, Morais and Filipe 2023.",
    ),
    "online-retail": Published(
        format="online-retail",
        page="https://archive.ics.uci.edu/dataset/352/online+retail",
        licence="By permission of the donor, Daqing Chen; the page states the terms.",
    ),
    "yelp": Published(
        format="yelp",
        page="https://business.yelp.com/data/resources/open-dataset/",
        licence="Yelp Dataset Terms of Use, which Yelp asks people to accept on the page.",
    ),
}
"""Name -> data set; those of Amazon are named with their category, see ``published``."""

# year -> (page, addresses of reviews and of metadata)
_AMAZON = {
    "2014": (
        "https://snap.stanford.edu/data/amazon/productGraph/",
        "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/reviews_{}_5.json.gz",
        "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/meta_{}.json.gz",
    ),
    "2018": (
        "https://nijianmo.github.io/amazon/",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/categoryFilesSmall/{}_5.json.gz",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/metaFiles2/meta_{}.json.gz",
    ),
    "2023": (
        "https://amazon-reviews-2023.github.io/",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/raw/review_categories/{}.jsonl.gz",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/raw/meta_categories/meta_{}.jsonl.gz",
    ),
}


def published(name: str) -> Published:
    """Return a data set by its name, e.g. ``ml-1m`` or ``amazon-2023:All_Beauty``.

    Raises:
        ConfigError: No data set of this name is known.
    """
    if name in PUBLISHED:
        return PUBLISHED[name]
    kind, _, category = name.partition(":")
    year = kind.removeprefix("amazon-")
    if year in _AMAZON and category.replace("_", "").isalnum():
        page, *urls = _AMAZON[year]
        addresses = tuple(url.format(category) for url in urls)
        return Published(format=kind, page=page, licence=_UNSTATED, urls=addresses)
    known = [*PUBLISHED, *(f"amazon-{one}:CATEGORY" for one in _AMAZON)]
    raise ConfigError(
        f"no published data set {name!r} is known",
        remedy=f"{did_you_mean(name, known)} All: {', '.join(known)}.",
    )
