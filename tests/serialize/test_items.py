"""One-liners of items and of evidence."""

from __future__ import annotations

import pytest

from llmrec.serialize import (
    HistorySerializer,
    SerializerConfig,
    candidate_lines,
    evidence_line,
    item_line,
    title_text,
)
from llmrec.types import Item
from tests.serialize.conftest import AS_OF, count_words, event


def film(title, **attributes):
    return Item(item_id="77", title=title, attributes=attributes)


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (film("Alien", year=1979, genres=("Horror", "Sci-Fi")), "“Alien” (1979) · Horror, Sci-Fi"),
        (film("Alien (1979)"), "“Alien” (1979)"),
        (film("Alien (1979)", year=1979), "“Alien” (1979)"),
        (film("Alien (1979)", year=2003), "“Alien (1979)” (2003)"),
        (film("2012 (2009)"), "“2012” (2009)"),
        (film("(1979)"), "“(1979)”"),
        (film("Alien", year=1979.0), "“Alien” (1979)"),
        (film("Shiraz", type="Red", year="2014 or [so]"), "“Shiraz” (2014 or (so)) · Red"),
        (film("Tea", category="Food", brand="Bø", price=3.5), "“Tea” · Food · Bø"),
        (film("Many", genres=tuple("abcdef")), "“Many” · a, b, c, d"),
        (film("Empty", genres=()), "“Empty”"),
        (film("Blank", genres=("", "\u200b")), "“Blank”"),
        (film("\u200b"), "“77”"),
        (film("8½"), "“8½”"),
        (film("العربية", year=2001), "“العربية” (2001)"),
        (film("x" * 500), "“" + "x" * 119 + "…”"),
        (film("A”\nB) C", genres="y" * 99), '“A" B C” · ' + "y" * 39 + "…"),
    ],
)
def test_item_line(item, line):
    assert item_line(item) == line


def test_lines_are_those_of_histories(catalogue):
    items = list(catalogue.values())
    serializer = HistorySerializer(SerializerConfig(), catalogue, count_words)
    assert serializer.candidate_lines(items) == candidate_lines(items)
    assert serializer.candidate_lines(items) == [item_line(item) for item in items]
    assert serializer.candidate_lines([]) == []


def test_an_item_of_the_same_id_but_other_text_is_written_afresh(catalogue):
    serializer = HistorySerializer(SerializerConfig(), catalogue, count_words)
    assert serializer.item_line(film("One")) == "“One”"
    assert serializer.item_line(film("Two")) == "“Two”"


def test_title_is_without_quotes_and_year():
    assert title_text(film("Alien (1979)")) == "Alien"
    assert title_text(film("[REC]² (2009)")) == "(REC)²"


def test_config_chooses_fields_and_control_strings_are_broken():
    config = SerializerConfig(fields=("director",), year_field=None, quotes=False, separator=", ")
    item = film("Alien (1979)", year=1979, director="Ridley Scott")
    assert item_line(item, config=config) == "Alien (1979), Ridley Scott"
    assert "sop" not in item_line(film("Aesop", genres="sop"), control_strings={"sop"})


@pytest.mark.parametrize(
    ("style", "line"),
    [
        ("absolute", "“Alien” (1979) · 2026-02-10 · bought · quantity 2 · rated 4 of 5"),
        ("relative", "“Alien” (1979) · 19 days ago · bought · quantity 2 · rated 4 of 5"),
        (
            "both",
            "“Alien” (1979) · 2026-02-10 (19 days ago) · bought · quantity 2 · rated 4 of 5",
        ),
        ("none", "“Alien” (1979) · bought · quantity 2 · rated 4 of 5"),
    ],
)
def test_evidence_line(catalogue, style, line):
    done = event("1", rating=4, event="purchase", quantity=2)
    config = SerializerConfig(rating_scale=5)
    written = evidence_line(done, catalogue["1"], as_of=AS_OF, style=style, config=config)
    serializer = HistorySerializer(
        config.model_copy(update={"time_style": style}), catalogue, count_words
    )
    assert written == line
    assert serializer.evidence_line(done, catalogue["1"], as_of=AS_OF) == line
