"""Evidence, explanations and the recommendations that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Schemas of what is answered are read off these classes, so their types are there at run time.
from llmrec.types.catalogue import Item  # noqa: TC001
from llmrec.types.history import Interaction  # noqa: TC001
from llmrec.types.ranking import Candidate  # noqa: TC001


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A past event, and how much the item's log-odds fall without it (natural log)."""

    position: int
    """Index into ``History.interactions``."""
    interaction: Interaction
    item: Item
    effect: float
    noise: float
    """The spread of the same figure under other candidate orders."""
    group: tuple[int, ...]
    """The positions that were left out together."""


Author = Literal["llm", "llm-rewritten", "template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check said of one claim or sentence."""

    category: str
    sentence: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A reason in words, the events it rests on, and what the checks found."""

    text: str
    evidence: tuple[Evidence, ...]
    """In the order of their citations: ``evidence[0]`` is ``[1]``."""
    author: Author
    language: str
    findings: tuple[Finding, ...] = ()
    """The findings on ``text``; those on drafts that failed stand in ``rejected``."""
    rejected: tuple[Finding, ...] = ()
    """What was wrong with earlier drafts; category ``writer`` where there was none to check."""


MovedBy = Literal["cap", "diversity"]
"""``cap``: an item ranked better was one too many. ``diversity``: it is less, or more, like the
items above it than another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One place of the list that a user sees."""

    rank: int
    item: Item
    score: float
    candidate: Candidate
    explanation: Explanation | None = None
    moved_from: int | None = None
    """Its place in the ranking, from 1, where caps or diversity moved it; scores are the
    ranking's, so they may rise down a list of moved items."""
    moved_by: tuple[MovedBy, ...] = ()
    """What moved it."""
