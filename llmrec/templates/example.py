"""Authored variables, enough to render any released template without a dataset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

EXAMPLE_AS_OF = datetime(2024, 3, 9, 20, 15, tzinfo=UTC)

EXAMPLE: dict[str, Any] = {
    "history": (
        "Today is Saturday 2024-03-09, 20:15, spring.\n"
        "-- 2023-11-18\n"
        "20:05 “Seven Samurai” (1954) · Action, Drama · rated 5 of 5\n"
        "-- 49 days later, new session, 2024-01-06\n"
        "21:30 “Yojimbo” (1961) · Action, Adventure · rated 4 of 5\n"
        "-- 55 days later, new session, 2024-03-02\n"
        "19:45 “Rashomon” (1950) · Crime, Drama"
    ),
    "candidates": (
        {"label": "A", "line": "“Paddington” (2014) · Comedy, Family"},
        {"label": "B", "line": "“Throne of Blood” (1957) · Drama, History"},
        {"label": "C", "line": "“Alien” (1979) · Horror, Sci-Fi"},
    ),
    "listed": (
        "“Paddington” (2014) · Comedy, Family",
        "“Throne of Blood” (1957) · Drama, History",
        "“Alien” (1979) · Horror, Sci-Fi",
    ),
    "item": "“Throne of Blood” (1957) · Drama, History",
    "evidence": (
        {"number": 1, "line": "“Seven Samurai” (1954) · 2023-11-18 · rated 5 of 5"},
        {"number": 2, "line": "“Rashomon” (1950) · 2024-03-02"},
    ),
    "language": "English",
    "draft": "You loved all twelve samurai films of the 1980s.",
    "faults": ("It names a decade that is not shown.", "It cites no event."),
    "first": "You loved all twelve samurai films of the 1980s.",
    "second": "You rated “Seven Samurai” 5 of 5 in November, and this is a samurai drama too.",
    "title": "Throne of Blood",
    "attributes": {
        "year": 1957,
        "genres": ("Drama", "History"),
        "director": "Akira Kurosawa",
        "cast": ("Toshiro Mifune", "Isuzu Yamada"),
        "keywords": ("samurai", "ambition"),
        "description": "A general and his wife scheme for a castle, and lose themselves.",
        "country": "Japan",
    },
}
"""A value for every variable that a released template takes."""


def example_variables(names: frozenset[str]) -> dict[str, Any]:
    """Return the authored values of those variables that are known here."""
    return {name: EXAMPLE[name] for name in sorted(names) if name in EXAMPLE}
