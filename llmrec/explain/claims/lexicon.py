"""The words that can be read, with what each can claim, inflected from the YAML lexicon."""

from __future__ import annotations

import importlib.resources
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from llmrec.explain.claims.kindred import Kindred
from llmrec.explain.claims.numbers import parse_number
from llmrec.explain.claims.tokens import fold, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmrec.explain.claims.tokens import Token
    from llmrec.explain.claims.vocabulary import Value

_VOWELS = "aeiou"
_MAX_WORDS = 7
_SHORT_ADJECTIVE = 6
_TALK_CLASSES = {"verbs": "recv", "nouns": "talknoun", "adjectives": "glue", "adverbs": "glue"}
_INTENSIFIERS = frozenset(
    [
        "very",
        "really",
        "quite",
        "rather",
        "extremely",
        "particularly",
        "especially",
        "somewhat",
        "pretty",
        "fairly",
    ]
)
"""Words that a phrase may hold without meaning anything else ("went down very well")."""


class Lexicon:
    """Phrases and their classes; a class is what a rule looks for.

    Args:
        words: The English word list, as loaded.
        glue: The words that claim nothing, as loaded.
        talk: More of them, grouped by sense.
        catalogue: The words for attributes and genres, as loaded.
        kindred: Rows of words that paraphrase each other, as loaded.
    """

    def __init__(  # noqa: C901, PLR0912
        self,
        words: Mapping[str, Any],
        glue: Mapping[str, str],
        talk: Mapping[str, Any],
        catalogue: Mapping[str, Any],
        kindred: Mapping[str, str],
    ) -> None:
        self.kindred = Kindred(kindred)
        self._classes: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._lemma: dict[tuple[str, ...], str] = {}
        irregular: Mapping[str, list[str]] = words["irregular"]
        for name, entries in words["words"].items():
            for entry in _entries(entries):
                self._put(entry, entry, {name})
        for name, entries in words["nouns"].items():
            for entry in _entries(entries):
                self._put(entry, entry, {name, "noun"})
                self._put(plural(entry), entry, {name, "noun", "plural"})
        for name, entries in words["verbs"].items():
            for entry in _entries(entries):
                for form, tense in _conjugated(entry, irregular):
                    self._put(form, entry, {name, "verb", tense})
        for name in ("adjectives", "adverbs"):
            for entry in _entries(glue[name]):
                self._put(entry, entry, {"glue"})
        for entry in _entries(glue["nouns"]):
            self._put(entry, entry, {"recnoun", "noun"})
            self._put(plural(entry), entry, {"recnoun", "noun", "plural"})
        for entry in _entries(glue["verbs"]):
            for form, tense in _conjugated(entry, irregular):
                self._put(form, entry, {"recv", "verb", tense})
        self._aux(irregular)
        self._talk(talk, irregular)
        for entry in _entries(words["blocked"]):
            self._classes[_key(entry)] = {"blocked"}
        self.courtesies = frozenset(_key(entry) for entry in _entries(words["courtesies"]))
        """Whole sentences that claim nothing, as folded words."""
        self.roles: dict[str, str] = {
            name: role for role, names in catalogue["fields"].items() for name in names
        }
        self.person_fields = frozenset(
            name for name, role in self.roles.items() if role in catalogue["persons"]
        )
        self._other_names = {
            role: {fold(name): tuple(forms) for name, forms in catalogue[table].items()}
            for role, table in (("genre", "genres"), ("theme", "genres"), ("country", "countries"))
        }

    def _put(self, form: str, lemma: str, classes: set[str]) -> None:
        key = _key(form)
        self._classes[key] |= classes
        self._lemma.setdefault(key, fold(lemma))

    def _talk(self, talk: Mapping[str, Any], irregular: Mapping[str, list[str]]) -> None:
        """Add words that claim nothing, except those that already mean something."""
        known = frozenset(self._classes)
        for kind, groups in talk.items():
            if kind == "classes":
                continue
            for group, entries in groups.items():
                name = talk["classes"].get(group, _TALK_CLASSES[kind])
                for entry in _entries(entries):
                    for form, classes in _forms(kind, entry, irregular):
                        if _key(form) not in known:
                            self._put(form, entry, {name, *classes})
        for entry in _entries(talk["adjectives"]["how a film is called"]):
            for form in _comparatives(entry):
                if _key(form) not in known:
                    self._put(form, entry, {"adjective", "glue", "compared"})
        self._neutral = frozenset(self._classes) - known

    def _aux(self, irregular: Mapping[str, list[str]]) -> None:
        for verb in ("be", "have", "do"):
            for form in [verb, *irregular[verb]]:
                self._put(form, verb, {"aux"})

    def lookup(self, tokens: Sequence[Token], place: int) -> tuple[int, str, frozenset[str]] | None:
        """Return the longest phrase at a token: where it ends, its lemma and its classes."""
        words: list[str] = []
        best: tuple[int, str, frozenset[str]] | None = None
        while place < len(tokens) and len(words) < _MAX_WORDS:
            token = tokens[place]
            if words and token.fold in _INTENSIFIERS and (*words, token.fold) not in self._classes:
                place += 1
                continue
            if token.is_word or token.text == "'" or token.fold.startswith("'"):
                words.append(token.fold)
                key = tuple(words)
                if key in self._classes:
                    lemma = self._lemma.get(key, " ".join(key))
                    best = (place + 1, lemma, frozenset(self._classes[key]))
            elif not (token.text in "-\u2010\u2011" and words):
                break
            place += 1
        return best

    def ordinary(self, word: str) -> bool:
        """Return whether a folded word is ordinary language (or a number)."""
        known = (word,) in self._classes and (word,) not in self._neutral
        return known or word.isdigit() or parse_number(word) is not None

    def role(self, field: str) -> str:
        """Return what an attribute holds: ``director``, ``genre``, ...; else its own name."""
        return self.roles.get(field, field)

    def genres(self) -> tuple[str, ...]:
        """Return the genres that the language knows, whether or not a catalogue has them."""
        return tuple(self._other_names["genre"])

    def other_names(self, value: Value) -> tuple[str, ...]:
        """Return what else a genre or a country is called; nothing for other attributes."""
        return self._other_names.get(self.role(value.field), {}).get(fold(value.value), ())


@cache
def english() -> Lexicon:
    """Return the English lexicon, read once."""
    names = ("en.yaml", "glue.yaml", "talk.yaml", "catalogue.yaml", "kindred.yaml")
    return Lexicon(*(_yaml(name) for name in names))


def _yaml(name: str) -> dict[str, Any]:
    file = importlib.resources.files("llmrec.explain") / "lexicon" / name
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.replace("\n", ",").split(",") if entry.strip()]


def _key(text: str) -> tuple[str, ...]:
    if text.startswith("'") or text == "n't":
        return (text,)
    return tuple(t.fold for t in tokenize(text) if t.is_word or t.fold.startswith("'"))


def plural(noun: str) -> str:
    """Return an English noun's regular plural (of a phrase, its last word's)."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


def singular(noun: str) -> str:
    """Return the regular singular of a plural, else the noun itself."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "xes", "sses")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and len(noun) > 3:
        return noun[:-1]
    return noun


def _forms(
    kind: str, entry: str, irregular: Mapping[str, list[str]]
) -> Iterator[tuple[str, set[str]]]:
    """Yield a word's forms with the classes that its kind gives each."""
    if kind == "verbs":
        for form, tense in _conjugated(entry, irregular):
            yield form, {"verb", tense}
    elif kind == "nouns":
        yield entry, {"noun"}
        yield plural(entry), {"noun", "plural"}
    else:
        yield entry, {"glue"}


def _comparatives(adjective: str) -> list[str]:
    """Return "gentler", "gentlest": of short adjectives only, none of others."""
    if len(adjective) > _SHORT_ADJECTIVE or not adjective.isalpha():
        return []
    root = adjective
    if root.endswith("e"):
        root = root[:-1]
    elif root.endswith("y"):
        root = root[:-1] + "i"
    elif root[-1] in "dgmnpt" and root[-2] in _VOWELS and root[-3] not in _VOWELS:
        root += root[-1]
    return [root + "er", root + "est"]


def _conjugated(entry: str, irregular: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield a verb's forms, of a phrase those of its first word, with what each is."""
    verb, _, rest = entry.partition(" ")
    rest = f" {rest}" if rest else ""
    yield verb + rest, "base"
    if verb in irregular:
        for form in irregular[verb]:
            yield form + rest, _tense(form)
        return
    yield plural(verb) + rest, "base"
    stem = verb[:-1] if verb.endswith("e") else verb
    past = verb[:-1] + "ied" if verb.endswith("y") and verb[-2] not in _VOWELS else stem + "ed"
    yield past + rest, "past"
    yield (stem if not verb.endswith("ee") else verb) + "ing" + rest, "ing"
    if len(verb) > 2 and verb[-1] not in _VOWELS + "wxy" and verb[-2] in _VOWELS:
        yield verb + verb[-1] + "ed" + rest, "past"
        yield verb + verb[-1] + "ing" + rest, "ing"


def _tense(form: str) -> str:
    if form.endswith("ing"):
        return "ing"
    return "base" if form.endswith("s") and form not in {"was"} else "past"
