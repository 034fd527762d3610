"""What reasons look like: length, repetition, variety, and who wrote them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from llmrec.evaluation.reasons.intervals import figure
from llmrec.explain.claims.tokens import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

GRAM_WORDS = 4
"""Words of the runs whose repetition is counted."""
_WORD = re.compile(r"\w+(?:['\u2019.-]\w+)*")
_AUTHORS = ("llm", "llm-rewritten", "template")

Gram = tuple[str, ...]


def form_figures(table: pl.DataFrame, *, seed: int, resamples: int) -> dict[str, Any]:
    """Return the form of the shipped texts.

    ``repeated_within`` is the share of a text's runs of four words that stood in it before;
    ``repeated_between`` the share that another text of the run has too. ``distinct_1`` and
    ``distinct_2`` (Li et al., "A Diversity-Promoting Objective Function for Neural Conversation
    Models", NAACL 2016) are of all texts together, so they have no interval and fall as texts are
    added.

    Args:
        table: ``REASONS`` lines.
        seed: Of all draws.
        resamples: Of the intervals.
    """
    texts, users = table["text"].to_list(), table["user_id"].to_list()
    words = [words_of(text) for text in texts]
    values = {
        "words": [float(len(row)) for row in words],
        "sentences": [float(len(sentence_spans(text, []))) for text in texts],
        "repeated_within": [_repeated(row) for row in words],
        "repeated_between": _shared(words),
        **{
            name: [float(author == name) for author in table["author"].to_list()]
            for name in _AUTHORS
        },
    }
    figures = {
        name: figure(row, users, seed=seed, resamples=resamples) for name, row in values.items()
    }
    return {
        "authors": {name: figures.pop(name) for name in _AUTHORS},
        **figures,
        "distinct_1": _distinct(words, 1),
        "distinct_2": _distinct(words, 2),
    }


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded to lower case; punctuation is no word."""
    return [found.casefold() for found in _WORD.findall(text)]


def _grams(words: Sequence[str], size: int) -> list[Gram]:
    return [tuple(words[n : n + size]) for n in range(len(words) - size + 1)]


def _repeated(words: Sequence[str]) -> float:
    """Return the share of a text's runs that stood in it before; 0 of none."""
    grams = _grams(words, GRAM_WORDS)
    return 1.0 - len(set(grams)) / len(grams) if grams else 0.0


def _shared(texts: Sequence[Sequence[str]]) -> list[float]:
    """Return for each text the share of its distinct runs that another text has too."""
    distinct = [set(_grams(words, GRAM_WORDS)) for words in texts]
    counts = Counter(gram for row in distinct for gram in row)
    return [sum(counts[g] > 1 for g in row) / len(row) if row else 0.0 for row in distinct]


def _distinct(texts: Sequence[Sequence[str]], size: int) -> float | None:
    """Return distinct runs over all runs of all texts; null of none."""
    grams = [gram for words in texts for gram in _grams(words, size)]
    return len(set(grams)) / len(grams) if grams else None
