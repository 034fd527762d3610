"""Words that stand for items named before: "it", "both", "the second"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.mentions import Anaphor, Context, Mention
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.when import When

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.node import Node


def take_anaphors(context: Context) -> None:
    """Turn words that stand for items into entity nodes."""
    nodes = [node for node in context.sentence.nodes if node.kind != "gone"]
    for place, node in enumerate(nodes):
        if node.kind == "word" and not node.used and not _is_nth(nodes, place):
            anaphor = _anaphor(nodes, place)
            if anaphor:
                node.kind = "entity"
                node.value = Mention(anaphor=anaphor)
                node.classes = frozenset(["anaphor", anaphor])
        elif _is_those(nodes, place):
            node.kind, node.value = "entity", Mention(anaphor="they", nth=int(node.amount.low))
            node.classes = frozenset(["anaphor", "they"])
        elif _is_nth(nodes, place):
            number = node.value if isinstance(node.value, int) else 1
            node.kind, node.value = "entity", Mention(anaphor="nth", nth=number)
            node.classes = frozenset(["anaphor", "nth"])


def _is_those(nodes: Sequence[Node], place: int) -> bool:
    """Return whether a number stands for items named before: "those two"."""
    node = nodes[place]
    if not isinstance(node.value, Range) or not node.value.exact or place == 0:
        return False
    if nodes[place - 1].lemma not in {"those", "these", "the", "all", "both"} or node.value.low < 2:
        return False
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    of_them = place > 1 and nodes[place - 2].lemma == "of" and node.value.low == 2
    if of_them and after is not None and after.has("film", "watchnoun"):
        return True
    return after is None or after.has("stop", "comma", "aux", "close", "semicolon")


def _is_nth(nodes: Sequence[Node], place: int) -> bool:
    """Return whether "the first", "the second one" stands for something named before."""
    node = nodes[place]
    if node.kind != "ordinal" and not (node.kind == "word" and node.text.lower() == "first"):
        return False
    if place == 0 or nodes[place - 1].lemma != "the":
        return False
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    if (
        after is None
        or after.has("stop", "comma", "aux", "close", "semicolon")
        or after.lemma in {"and", "one", "the"}
        or (after.has("aboutv", "castv", "recv") and after.has("verb"))
    ):
        return True
    if not after.has("film"):
        return False
    behind = nodes[place + 2] if place + 2 < len(nodes) else None
    return behind is None or behind.has("aux", "stop", "comma") or behind.lemma in {"and", "is"}


def _anaphor(nodes: Sequence[Node], place: int) -> Anaphor:
    """Return what kind of pronoun a word is, "" where it is none."""
    node = nodes[place]
    if node.has("ana_rec"):
        return "rec"
    if node.has("ana_they") or node.lemma in {"they", "them"}:
        return "they"
    if node.lemma in _PRONOUNS:
        return _PRONOUNS[node.lemma]
    determined = _DETERMINERS.get(node.lemma)
    return determined(nodes, place) if determined else ""


def _this(nodes: Sequence[Node], place: int) -> Anaphor:
    noun, after = _noun_behind(nodes, place), _next(nodes, place)
    bare = after is None or after.has("aux", "verb", "modal", "comma")
    named = noun is not None and noun.has("film", "recnoun", "one")
    return "rec" if named or bare or _value_behind(nodes, place) else ""


def _that(nodes: Sequence[Node], place: int) -> Anaphor:
    noun, after = _noun_behind(nodes, place), _next(nodes, place)
    named = noun is not None and noun.has("film", "one")
    return "past" if named and not (after is not None and after.has("you")) else ""


def _these(nodes: Sequence[Node], place: int) -> Anaphor:
    noun, after = _noun_behind(nodes, place), _next(nodes, place)
    named = noun is not None and noun.has("film")
    return "they" if named or (after is not None and after.has("aux", "verb")) else ""


def _both(nodes: Sequence[Node], place: int) -> Anaphor:
    return "both" if _pronoun_both(nodes, place) else ""


_PRONOUNS: dict[str, Anaphor] = {
    "it": "it",
    "former": "former",
    "the former": "former",
    "latter": "latter",
    "the latter": "latter",
}
_DETERMINERS = {"this": _this, "that": _that, "these": _these, "those": _these, "both": _both}


def _next(nodes: Sequence[Node], place: int) -> Node | None:
    return nodes[place + 1] if place + 1 < len(nodes) else None


def _value_behind(nodes: Sequence[Node], place: int) -> bool:
    """Return whether only attribute words follow: "this romance came out ..."."""
    after = place + 1
    while after < len(nodes) and nodes[after].kind == "value":
        after += 1
    if after == place + 1:
        return False
    return after >= len(nodes) or nodes[after].has(
        "aux", "verb", "modal", "comma", "stop", "additive"
    )


def _noun_behind(nodes: Sequence[Node], place: int) -> Node | None:
    """Return the noun that a determiner goes with, past its adjectives."""
    for node in nodes[place + 1 : place + 6]:
        if node.has("film", "recnoun", "watchnoun", "taste") or node.lemma in {"one", "ones"}:
            return node
        adjective = node.has(
            "value", "weak", "number", "praise", "classic", "decade", "hyphen", "adjective"
        )
        time = isinstance(node.value, When) and node.value.year is not None
        if not (adjective or time or node.lemma in _ADJECTIVES or node.has("latest", "additive")):
            return None
    return None


_ADJECTIVES = frozenset(
    ["recommended", "suggested", "proposed", "new", "next", "other", "same", "particular", "two"]
)


def _pronoun_both(nodes: Sequence[Node], place: int) -> bool:
    """Return whether "both" stands alone: "both are ...", "both films", "both of them"."""
    following = nodes[place + 1] if place + 1 < len(nodes) else None
    if following is None:
        return True
    if following.has("film", "aux", "modal", "stop", "comma", "close"):
        return True
    if following.has("verb"):
        return "ing" not in following.classes and not (
            "past" in following.classes
            and place > 0
            and nodes[place - 1].has("comma", "aux", "entity")
        )
    return following.lemma == "of"
