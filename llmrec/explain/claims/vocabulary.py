"""What a catalogue can say: its titles and attribute values, found in a text as whole phrases."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from llmrec.explain.claims.lexicon import plural, singular
from llmrec.explain.claims.nicknames import nicknames
from llmrec.explain.claims.tokens import Token, fold, tokenize
from llmrec.neutralize import neutralize
from llmrec.serialize import title_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.types import Item

_YEAR_END = re.compile(r"\s*\((?:1[89]|20)\d\d\)\s*$")
_MOVED_ARTICLE = re.compile(
    r"^(?P<rest>.+), (?P<article>The|A|An|Les?|La|L'|Il|Der|Die|Das|El|Los|Las)\b(?P<more>.*)$"
)
_OTHER_NAMES = re.compile(r"\((?:a\.k\.a\.|aka)?\s*([^()]*[^()\d\s][^()]*)\)")
_ARTICLES = frozenset(["the", "a", "an"])
_PARTICLES = frozenset(["de", "di", "da", "del", "van", "von", "der", "le", "la", "du", "st", "mc"])
RUN_WORDS = 4
"""So many words in a row out of a description are a quotation of it."""
_LONG_TEXT_WORDS = 7
"""An attribute value of more words is a text: its words count, not the phrase."""


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute value as the catalogue writes it."""

    field: str
    value: str


@dataclass(slots=True)
class Phrase:
    """A phrase of the catalogue: what it may name."""

    words: tuple[str, ...]
    marks: frozenset[int]
    """After which words the catalogue writes punctuation; there a text may have it too."""
    capitals: tuple[bool, ...]
    end: str = ""
    """The punctuation that it ends in, e.g. ``!``."""
    titles: set[str] = field(default_factory=set)
    """Ids of the items so called."""
    values: set[Value] = field(default_factory=set)
    surname: bool = False
    """A part of a name, which counts only with a capital."""
    nickname: bool = False
    """A part of a title, which counts only where it is no attribute value."""


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase found in a text: the tokens from ``first`` to before ``last``."""

    phrase: Phrase
    first: int
    last: int
    kind: Literal["title", "value"]
    quoted: bool = False


class Vocabulary:
    """The phrases of a catalogue.

    Args:
        items: Whose titles and attributes.
        lexicon: Further words for genres, and which fields hold persons.
        short: Also take short forms of the titles ("Star Wars" for "Star Wars: Episode IV - ..."),
            which are clear only where few items are in question.
    """

    def __init__(self, items: Iterable[Item], lexicon: Lexicon, *, short: bool = False) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], Phrase]] = defaultdict(dict)
        self._lexicon = lexicon
        self.exact_titles: dict[str, set[str]] = defaultdict(set)
        """Folded titles, to the letter, to item ids: what a quotation may hold."""
        self.exact_values: dict[str, set[Value]] = defaultdict(set)
        self.runs: dict[tuple[str, ...], list[tuple[Value, tuple[str, ...], int]]] = defaultdict(
            list
        )
        """The first words of every place of a long text, to (text, its words, the place)."""
        self.series: dict[str, list[str]] = defaultdict(list)
        """Folded names of series to the ids of their items, in the catalogue's order."""
        if short:
            self._add_near(list(items))
        else:
            self._add_catalogue(items)

    def _add_near(self, items: Sequence[Item]) -> None:
        """Add the titles of the items in question, whole and in part, and what to quote."""
        for part, item_id in nicknames(items, self._lexicon):
            self._add(part, title_of=item_id, nickname=True)
        for item in items:
            self._add_exact(item)
            for title in [*title_forms(item.title), *_short_forms(item.title)]:
                self._add(title, title_of=item.item_id)

    def _add_catalogue(self, items: Iterable[Item]) -> None:
        """Add whole titles, attribute values and the genres that no item has."""
        seen: set[tuple[str, str]] = set()
        for item in items:
            for title in title_forms(item.title):
                self._add(title, title_of=item.item_id)
            for name, value in attribute_values(item.attributes):
                if self._lexicon.role(name) == "franchise":
                    self.series[fold(value)].append(item.item_id)
                if (name, value) not in seen:
                    seen.add((name, value))
                    self._add_value(Value(name, value))
        known = {(name, fold(value)) for name, value in seen}
        for name in sorted({name for name, _ in seen if self._lexicon.role(name) == "genre"}):
            for genre in self._lexicon.genres():
                if not self._lexicon.ordinary(genre) and (name, genre) not in known:
                    self._add_value(Value(name, genre))

    def _add_exact(self, item: Item) -> None:
        for title in [*title_forms(item.title), title_text(item)]:
            self.exact_titles[fold(title)].add(item.item_id)
        for name, value in attribute_values(item.attributes):
            for form in (value, neutralize(value)):
                self.exact_values[fold(form)].add(Value(name, value))
            words = tuple(t.fold for t in tokenize(value) if t.is_word)
            if len(words) > _LONG_TEXT_WORDS:
                for n in range(len(words) - RUN_WORDS + 1):
                    key = words[n : n + RUN_WORDS]
                    self.runs[key].append((Value(name, value), words, n))

    def _add_value(self, value: Value) -> None:
        if len(value.value.split()) > _LONG_TEXT_WORDS:
            return
        self._add(value.value, value=value)
        if value.field in self._lexicon.person_fields:
            parts = value.value.split()
            if len(parts) > 1:
                tail = parts[-2:] if fold(parts[-2]) in _PARTICLES else parts[-1:]
                self._add(" ".join(tail), value=value, surname=True)
            return
        for form in self._lexicon.other_names(value):
            self._add(form, value=value)
        self._add(plural(value.value), value=value)
        self._add(singular(value.value), value=value)

    def _add(
        self,
        text: str,
        *,
        title_of: str = "",
        value: Value | None = None,
        surname: bool = False,
        nickname: bool = False,
    ) -> None:
        tokens = tokenize(text)
        words = [token for token in tokens if token.is_word]
        if not words:
            words = tokens
        if not words:
            return
        places = {id(token): n for n, token in enumerate(words)}
        marks = frozenset(
            places[id(before)]
            for before, after in itertools.pairwise(tokens)
            if id(before) in places and id(after) not in places
        )
        key = tuple(token.fold for token in words)
        tail = "".join(t.text for t in tokens[tokens.index(words[-1]) + 1 :])
        phrase = self._by_first[key[0]].get(key)
        if phrase is None:
            capitals = tuple(token.capital for token in words)
            phrase = Phrase(key, marks, capitals, tail, surname=surname, nickname=nickname)
            self._by_first[key[0]][key] = phrase
        if title_of:
            phrase.titles.add(title_of)
            phrase.nickname = phrase.nickname and nickname
        if value is not None:
            phrase.values.add(value)
            phrase.surname = phrase.surname and surname

    def matches(self, tokens: Sequence[Token], start: int) -> Iterator[tuple[Phrase, int]]:
        """Yield the phrases that begin at a token and the token they end before, longest first."""
        phrases = self._by_first.get(tokens[start].fold)
        if not phrases:
            return
        for phrase in sorted(phrases.values(), key=lambda p: -len(p.words)):
            end = _match(phrase, tokens, start)
            if end:
                yield phrase, end


def _match(phrase: Phrase, tokens: Sequence[Token], start: int) -> int:
    """Return the token that a phrase ends before, or 0."""
    place = start
    for n, word in enumerate(phrase.words):
        if n:
            place = _skip(tokens, place, wide=n - 1 in phrase.marks)
        if place >= len(tokens) or tokens[place].fold != word:
            return 0
        place += 1
    for mark in phrase.end:
        if place < len(tokens) and tokens[place].text == mark:
            place += 1
    return place


def _skip(tokens: Sequence[Token], place: int, *, wide: bool) -> int:
    """Step over hyphens, and over any punctuation where the catalogue has some too."""
    while place < len(tokens) and not tokens[place].is_word:
        mark = tokens[place].text
        glued = tokens[place].start == tokens[place - 1].end
        if not (wide and mark not in "[]") and not (mark in "-\u2010\u2011'." and glued):
            break
        place += 1
    return place


def title_forms(title: str) -> list[str]:
    """Return the ways a title is written in full.

    ``"Usual Suspects, The (1995)"`` is also written ``"The Usual Suspects"``; other names in
    parentheses stand alone too.
    """
    bare = _YEAR_END.sub("", title).strip() or title
    forms = [title, bare]
    forms += [name.strip() for name in _OTHER_NAMES.findall(bare)]
    forms.append(_OTHER_NAMES.sub("", bare).strip())
    forms += [_unmoved(form) for form in forms]
    forms += [neutralize(form) for form in forms]
    forms += [form.replace("&", "and") for form in forms if "&" in form]
    forms += [" ".join(form.split()[1:]) for form in forms if fold(form.split(" ")[0]) in _ARTICLES]
    return list(dict.fromkeys(form for form in forms if form))


def _unmoved(title: str) -> str:
    match = _MOVED_ARTICLE.match(title)
    if not match:
        return title
    space = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{space}{match['rest']}{match['more']}"


def _short_forms(title: str) -> list[str]:
    """Return the parts of a title before and after a colon or a dash."""
    bare = _unmoved(_YEAR_END.sub("", title).strip())
    parts = [part.strip() for part in re.split(r":\s|\s[-\u2013\u2014]\s", bare)]
    if len(parts) < 2:
        return []
    joined = [" ".join(parts[n:]) for n in range(1, len(parts))]
    return [form for form in [*parts, *joined] if len(form) > 2]


def attribute_values(attributes: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (field, value) for every text value of an item's attributes."""
    for name, value in attributes.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, (tuple, list)):
            for part in value:
                yield name, str(part)
