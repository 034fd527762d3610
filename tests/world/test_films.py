"""The catalogue: enough films, true where it can be checked, whole in every field."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from llmrec.errors import ConfigError
from llmrec.world.films import Film, catalogue, films

if TYPE_CHECKING:
    from pathlib import Path


def test_there_are_enough_films_of_every_kind():
    kinds = Counter(tag for film in films() for tag in film.tags)
    assert len(films()) >= 600
    for tag in ("Horror", "Family", "Romance", "Sci-Fi", "Christmas", "Western", "Animation"):
        assert kinds[tag] >= 12, tag
    assert len({film.year // 10 for film in films()}) == 9, "1930s to 2010s"


def test_ids_and_titles_are_unique():
    assert len({film.id for film in films()}) == len(films())
    assert len({film.title for film in films()}) == len(films()), "explanations cite titles"


def test_items_carry_typed_attributes():
    types = {
        "year": int,
        "genres": tuple,
        "director": str,
        "cast": tuple,
        "keywords": tuple,
        "description": str,
        "franchise": str,
    }
    for item in catalogue().values():
        assert {"year", "genres", "keywords", "description"} <= set(item.attributes)
        for name, value in item.attributes.items():
            assert isinstance(value, types[name]), (item.title, name)
            if isinstance(value, tuple):
                assert value, (item.title, name)
                assert all(isinstance(part, str) and part == part.strip() for part in value)


def test_a_fact_left_out_is_absent_and_not_empty():
    unknown = [film for film in films() if film.director is None]
    assert unknown, "some directors are left out"
    assert "director" not in catalogue()[unknown[0].id].attributes


def test_descriptions_are_one_sentence_each_and_all_different():
    texts = [film.description or "" for film in films()]
    assert len(set(texts)) == len(texts)
    assert all(30 <= len(text) <= 200 and text[-1] in ".?" for text in texts)


def test_franchises_are_numbered_without_gaps_in_order_of_years():
    series: dict[str, list[tuple[int, int]]] = {}
    for film in films():
        assert (film.franchise is None) == (film.franchise_order is None)
        if film.franchise is not None:
            series.setdefault(film.franchise, []).append((film.franchise_order or 0, film.year))
    assert len(series) >= 25
    for name, line in series.items():
        assert [order for order, _ in sorted(line)] == list(range(1, len(line) + 1)), name
        years = [year for _, year in sorted(line)]
        assert years == sorted(years), name
        assert 2 <= len(line) <= 8, name


def test_directors_are_told_apart():
    several = Film(id="f001", title="T", year=2000, genres=("Drama",), director="A B, C and D E")
    assert several.directors == ("A B", "C", "D E")
    assert Film(id="f001", title="T", year=2000, genres=("Drama",)).directors == ()


def test_a_wrong_line_is_refused_by_name():
    values = {"id": "f001", "title": "T", "year": "soon", "genres": ["Drama"], "studio": "S"}
    with pytest.raises(ConfigError, match=r"line 3.*year.*soon.*unknown key 'studio'"):
        Film.of(values, source="films.jsonl, line 3")


def test_the_catalogue_is_small_enough_for_the_wheel():
    assert len(resources.files("llmrec.world").joinpath("films.jsonl").read_bytes()) < 300_000


ARTICLES = re.compile(r"^(.*), (the|a|an|la|le|il|das|el)$")


def plain(title: str) -> str:
    """Fold accents, case, punctuation and the place of the article."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    folded = ARTICLES.sub(r"\2 \1", folded.strip()).replace("&", "and")
    return re.sub(r"^(the|a|an) ", "", re.sub(r"[^a-z0-9]+", " ", folded).strip())


def known_titles(path: Path) -> set[tuple[str, int]]:
    """Every title and alternative title of the reference list, with its year."""
    found = set()
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            match = re.match(r"^(.*)\((\d{4})\)\s*$", row["title"].strip())
            if match:
                full, year = match[1].strip(), int(match[2])
                others = [o.removeprefix("a.k.a. ") for o in re.findall(r"\(([^()]*)\)", full)]
                for name in (re.sub(r"\s*\(.*$", "", full), *others):
                    found.add((plain(name), year))
    return found


def test_titles_and_years_are_those_of_real_films(shared_data: Path):
    known = known_titles(shared_data / "ml-latest-small" / "movies.csv")
    wrong = [(f.title, f.year) for f in films() if (plain(f.title), f.year) not in known]
    assert not wrong
