"""The nouns: frozen, slotted, keyword-only; their constructors refuse what cannot be true."""

from __future__ import annotations

from llmrec.types.catalogue import AttributeValue, Catalogue, Item
from llmrec.types.explanation import (
    Author,
    Evidence,
    Explanation,
    Finding,
    MovedBy,
    Recommendation,
)
from llmrec.types.history import SESSION_GAP_S, History, Interaction, Query, as_utc
from llmrec.types.prompt import Message, Prompt, TokenIds, Tokenizer
from llmrec.types.ranking import Candidate, Ranking, ScoreKind, Scorer, Scores, Seen

__all__ = [
    "SESSION_GAP_S",
    "AttributeValue",
    "Author",
    "Candidate",
    "Catalogue",
    "Evidence",
    "Explanation",
    "Finding",
    "History",
    "Interaction",
    "Item",
    "Message",
    "MovedBy",
    "Prompt",
    "Query",
    "Ranking",
    "Recommendation",
    "ScoreKind",
    "Scorer",
    "Scores",
    "Seen",
    "TokenIds",
    "Tokenizer",
    "as_utc",
]
