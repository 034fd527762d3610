"""A sentence as nodes: titles, citations, attributes, times, numbers and words with classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import (
    DECADE,
    NUMBER,
    ORDINALS,
    PROPORTION,
    RATINGS,
    REPEATS,
    Span,
    decade,
    proportion,
)
from llmrec.explain.claims.gaps import GAPS
from llmrec.explain.claims.holidays import HOLIDAY
from llmrec.explain.claims.node import Node, Sentence
from llmrec.explain.claims.numbers import Range, parse_number, parse_ordinal
from llmrec.explain.claims.times import BARE_YEAR, TIMES, bare_year
from llmrec.explain.claims.titles import find_phrases
from llmrec.explain.claims.tokens import Token, is_picture, is_quote, sentence_spans, tokenize
from llmrec.explain.claims.weak import is_own, is_weak, tells_time

if TYPE_CHECKING:
    from collections.abc import Set

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.vocabulary import Found, Vocabulary

CITATION = re.compile(r"\[\s*\d+(?:\s*(?:,|;|&|and|-|\u2013)\s*\d+)*\s*\]")
_HELD = "\ue000"
_MARKS = {
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    "(": "open",
    ")": "close",
    "\u2014": "dash",
    "\u2013": "dash",
    "-": "hyphen",
    ".": "stop",
    "!": "stop",
    "?": "stop",
    "\u2026": "stop",
    "/": "slash",
    "&": "and",
}


def read_sentences(
    text: str,
    catalogue: Vocabulary,
    near: Vocabulary,
    known: Set[str],
    lexicon: Lexicon,
    own: Set[tuple[str, str]] = frozenset(),
) -> list[Sentence]:
    """Read a text into sentences of nodes.

    Args:
        text: An explanation.
        catalogue: Phrases of the whole catalogue.
        near: Full and short titles of the items in question.
        known: Ids of the items in question.
        lexicon: The words that can be read.
        own: The recommended item's attributes, as (field, folded value): a phrase of theirs is
            meant even where it is ordinary language.
    """
    tokens = tokenize(text)
    found = find_phrases(text, tokens, catalogue, near, known, lexicon)
    held = [(tokens[f.first].start, tokens[f.last - 1].end) for f in found]
    cites = [m.span() for m in CITATION.finditer(text) if not _inside(m.start(), held)]
    sentences = []
    for start, end in sentence_spans(text, [*held, *cites]):
        inner = [f for f in found if start <= tokens[f.first].start < end]
        sentences.append(_read(text, (start, end), tokens, inner, lexicon, own))
    return sentences


def _inside(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(a <= place < b for a, b in spans)


def _read(
    text: str,
    place: tuple[int, int],
    tokens: Sequence[Token],
    found: Sequence[Found],
    lexicon: Lexicon,
    own: Set[tuple[str, str]],
) -> Sentence:
    start, end = place
    masked = list(text[start:end])
    nodes: list[Node] = []

    def take(node: Node) -> None:
        nodes.append(node)
        masked[node.start - start : node.end - start] = _HELD * (node.end - node.start)

    weak: list[Found] = []
    days = [
        m.span()
        for m in HOLIDAY.finditer(text, start, end)
        if not re.search(r"(?:revolve[sd]?|turns?|cent(?:re|er)[sd]?|about) $", text[: m.start()])
    ]
    for item in found:
        if not item.quoted and _inside(tokens[item.first].start, days):
            continue
        if tells_time(item, tokens, lexicon):
            continue
        if is_weak(item, tokens, lexicon) and not is_own(item, own):
            weak.append(item)
        else:
            take(_found_node(item, tokens))
    for match in CITATION.finditer(text, start, end):
        if masked[match.start() - start] != _HELD:
            take(_cite_node(match))
    for span in _spans("".join(masked)):
        a, b = span.start + start, span.end + start
        take(Node(span.kind, text[a:b], a, b, value=span.value))
    free = [t for t in tokens if start <= t.start < end and masked[t.start - start] != _HELD]
    nodes += _words(free, {tokens[w.first].start: w for w in weak}, tokens, lexicon, start)
    nodes.sort(key=lambda node: node.start)
    kept = [node for node in nodes if node.kind != "quote"]
    return Sentence(text[start:end].strip(), kept)


def _found_node(found: Found, tokens: Sequence[Token]) -> Node:
    start, end = tokens[found.first].start, tokens[found.last - 1].end
    text = " ".join(token.text for token in tokens[found.first : found.last])
    if found.kind == "title":
        return Node("title", text, start, end, value=frozenset(found.phrase.titles))
    return Node("value", text, start, end, value=frozenset(found.phrase.values))


def _cite_node(match: re.Match[str]) -> Node:
    numbers: list[int] = []
    for part in re.finditer(r"(\d+)(?:\s*[-\u2013]\s*(\d+))?", match[0]):
        first, last = int(part[1]), int(part[2] or part[1])
        numbers.extend(range(first, min(last, first + 50) + 1))
    return Node("cite", match[0], match.start(), match.end(), value=tuple(numbers))


def _spans(masked: str) -> list[Span]:
    """Return the times, gaps, ratings and numbers of a sentence, none overlapping."""
    found: list[Span] = []
    for kind, patterns in _KINDS:
        for pattern, build in patterns:
            for match in pattern.finditer(masked):
                group = "number" if kind == "number" else 0
                start, end = match.span(group)
                start += len(match[group]) - len(match[group].lstrip())
                value = build(match)
                taken = any(s.start < end and start < s.end for s in found)
                if value is not None and not taken:
                    found.append(Span(start, end, kind, value))
    return found


def _ordinal(match: re.Match[str]) -> int | None:
    return None if match[0].lower() == "first" else parse_ordinal(match["ordinal"])


def _number(match: re.Match[str]) -> Range | None:
    text = match["number"]
    return None if text.lower() in {"one", "some"} else parse_number(text)


_Patterns = Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], object]]]
_KINDS: tuple[tuple[str, _Patterns], ...] = (
    ("gap", GAPS),
    ("time", TIMES),
    ("rating", RATINGS),
    ("repeats", REPEATS),
    ("decade", ((DECADE, lambda match: decade(match["decade"])),)),
    ("time", ((BARE_YEAR, bare_year),)),
    ("proportion", ((PROPORTION, proportion),)),
    ("ordinal", ((ORDINALS, _ordinal),)),
    ("number", ((NUMBER, _number),)),
)
"""What is read in a sentence, the earlier before the later."""


def _words(
    free: Sequence[Token],
    weak: dict[int, Found],
    tokens: Sequence[Token],
    lexicon: Lexicon,
    start: int,
) -> list[Node]:
    """Return a node for every remaining token or phrase of the lexicon."""
    nodes: list[Node] = []
    runs = _runs(free, tokens)
    for run in runs:
        place = 0
        while place < len(run):
            token = run[place]
            hit = weak.get(token.start)
            node, width = _word(run, place, lexicon)
            if hit is not None and hit.last - hit.first >= width:
                value_node = _found_node(hit, tokens)
                node.kind, node.text, node.end = "weak", value_node.text, value_node.end
                node.value, width = value_node.value, hit.last - hit.first
            opens = not any(char.isalnum() for char in _before(tokens, start, token))
            node.capital = token.is_word and token.capital and not opens and len(token.text) > 0
            node.capital = node.capital and not (token.text.isupper() and len(token.text) > 1)
            nodes.append(node)
            place += width
    return nodes


def _before(tokens: Sequence[Token], start: int, token: Token) -> str:
    return "".join(t.text for t in tokens if start <= t.start < token.start)


def _runs(free: Sequence[Token], tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the free tokens grouped where they follow each other directly."""
    order = {token.start: n for n, token in enumerate(tokens)}
    runs: list[list[Token]] = []
    last = -2
    for token in free:
        here = order[token.start]
        if here != last + 1:
            runs.append([])
        runs[-1].append(token)
        last = here
    return runs


def _word(run: Sequence[Token], place: int, lexicon: Lexicon) -> tuple[Node, int]:
    token = run[place]
    hit = lexicon.lookup(run, place)
    if hit is not None:
        end, lemma, classes = hit
        text = " ".join(t.text for t in run[place:end])
        return Node("word", text, token.start, run[end - 1].end, lemma, classes), end - place
    if token.text in _MARKS:
        kind = _MARKS[token.text]
        return Node("mark", token.text, token.start, token.end, classes=frozenset([kind])), 1
    if is_quote(token):
        return Node("quote", token.text, token.start, token.end), 1
    if is_picture(token):
        return Node("quote", token.text, token.start, token.end), 1
    return Node("unknown", token.text, token.start, token.end, lemma=token.fold), 1
