"""The closed reading: a word that no rule has accounted for makes its sentence unreadable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.allowances import (
    is_in_title,
    is_on_card,
    is_other_viewers,
    is_own_family,
    may_be_capital,
    praises_the_choice,
)
from llmrec.explain.claims.rules_liking import is_hope
from llmrec.explain.claims.rules_unread import read_loosely
from llmrec.explain.claims.said_of_you import (
    compares_or_tells,
    is_unknown_deed,
    is_wish,
)
from llmrec.explain.claims.tokens import tokenize
from llmrec.explain.claims.traits import find_traits

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node

_FREE = frozenset(
    [
        "glue",
        "desire",
        "you",
        "contraction",
        "modal",
        "aux",
        "have_short",
        "additive",
        "both",
        "likeprep",
        "cause",
        "before",
        "after",
        "then",
        "film",
        "watchnoun",
        "recnoun",
        "talknoun",
        "recv",
        "uverb",
        "ratev",
        "verdict",
        "quantity_glue",
        "than",
        "equal",
        "earlierword",
        "directv",
        "castv",
        "aboutv",
        "releasev",
        "genrev",
        "followv",
        "tastev",
        "weighv",
        "strongest",
        "unlike",
        "choiceadj",
        "continuing",
        "ana_rec",
        "ana_they",
        "repeat",
        "taste",
        "same",
        "sharing",
        "sharev",
        "similarv",
    ]
)
"""Classes that claim nothing by themselves, or whose claims other rules have looked at."""
_LIKENESS = frozenset(["relation", "franchise"])
_NEEDS_CLAIM: dict[str, frozenset[str]] = {
    "directornoun": frozenset(["director", "writer", "cast", "count"]) | _LIKENESS,
    "castnoun": frozenset(["cast", "director", "writer", "rating"]) | _LIKENESS,
    "genrenoun": frozenset(["genre", "theme"]) | _LIKENESS,
    "themenoun": frozenset(["theme", "text", "genre", "franchise", "country"]) | _LIKENESS,
    "franchisenoun": frozenset(["franchise"]) | _LIKENESS,
    "yearnoun": frozenset(["year", "time", "comparison"]) | _LIKENESS,
    "countrynoun": frozenset(["country"]) | _LIKENESS,
    "ratingnoun": frozenset(["rating", "comparison", "count"]),
}
"""Nouns that mean something only beside a claim: which claims give them a meaning."""
_ALONE = frozenset(["alone", "by itself", "on its own", "all by itself", "single-handedly"])
_COMPARING = frozenset(["better", "best"])
_FREE_MARKS = frozenset(
    ["comma", "semicolon", "colon", "dash", "open", "close", "hyphen", "stop", "and", "slash"]
)


_MAX_LEAD = 5


def check_connective(binder: Binder) -> None:
    """Take the words that only lead into a sentence ("Second, ...", "Best of all: ...")."""
    nodes = binder.nodes
    start = next((n for n, node in enumerate(nodes) if node.kind != "mark"), len(nodes))
    end = next((n for n in range(start, len(nodes)) if nodes[n].has("comma", "colon")), None)
    if end is None or end - start > _MAX_LEAD or start == end:
        return
    lead = nodes[start:end]
    plain = all(
        node.kind in {"word", "ordinal"} or (node.kind == "number" and len(lead) > 1)
        for node in lead
    )
    if plain and not any(
        node.has("you", "uverb", "ratev", "neg", "blocked", "film", "aux", "taste") for node in lead
    ):
        for node in lead:
            node.used = True
            node.classes |= {"connective"}


def is_courtesy(binder: Binder) -> bool:
    """Return whether a whole sentence is a phrase of courtesy, which claims nothing."""
    words = tuple(
        t.fold
        for t in tokenize(binder.context.sentence.text)
        if t.is_word or t.fold.startswith("'") or t.fold == "n't"
    )
    return words in binder.context.facts.lexicon.courtesies


def check_leftovers(binder: Binder) -> None:
    """Report the words that cannot be read, or that the sentence is read in full."""
    nodes = binder.nodes
    claimed = _claimed(binder)
    left = [
        place
        for place, node in enumerate(nodes)
        if not _accounted(binder, place, node, claimed=claimed) and not read_loosely(binder, place)
    ]
    if left and not (len(left) == 1 and _describes(binder, left[0])):
        shown = ", ".join(repr(nodes[place].text) for place in left[:6])
        binder.context.report("unreadable", f"cannot read {shown}", ok=False)
    elif not any(f.sentence == binder.context.sentence.text for f in binder.context.findings):
        binder.context.report("readable", "claims nothing that could be false", ok=True)


def _describes(binder: Binder, place: int) -> bool:
    """Return whether one strange word stands among keywords that are true of an item named.

    "A fight for survival", "more crooks and cops": such words describe a film and are not worth
    refusing a text for, while a clause on the person, on numbers or on ranks is read to the letter.
    """
    node = binder.nodes[place]
    clause = binder.within(binder.clause(place))
    plain = node.kind == "unknown" and node.text.isalpha() and node.text.islower()
    kept = ("you", "number", "rating", "time", "than", "superlative", "neg", "uverb", "aux")
    return (
        plain
        and any(n.kind == "value" for n in clause)
        and not any(n.has(*kept) or n.lemma in {"most", "more", "yours"} for n in clause)
    )


def _claimed(binder: Binder) -> frozenset[str]:
    """Return the roles and categories of what the sentence claims."""
    context = binder.context
    kinds = {f.category for f in context.findings if f.sentence == context.sentence.text}
    roles = {t.role for t in [*context.said, *context.counted, *find_traits(binder)]}
    roles |= {r for n in context.sentence if n.kind == "value" for r in _roles_of(binder, n)}
    people = {"director", "cast", "writer"} if roles & {"director", "cast", "writer"} else set()
    return frozenset(kinds | roles | people)


def _roles_of(binder: Binder, node: Node) -> set[str]:
    """Return what a value in the sentence is: a director, a genre, ..."""
    values = node.values
    return {binder.context.facts.lexicon.role(value.field) for value in values}


def _accounted(binder: Binder, place: int, node: Node, *, claimed: frozenset[str]) -> bool:
    if node.capital and node.kind in {"word", "weak"} and not may_be_capital(binder, place):
        return is_on_card(binder, place, node) or is_in_title(binder, node)
    if node.has("verb") and is_unknown_deed(binder, place):
        return False
    if is_own_family(binder, place):
        return False
    if node.used or node.kind == "entity":
        return True
    if node.kind == "mark":
        return not node.classes.isdisjoint(_FREE_MARKS)
    if node.kind in {"unknown", "weak"} and is_on_card(binder, place, node):
        return True
    if node.kind == "unknown" and node.text[0].isupper() and is_in_title(binder, node):
        return True
    if node.kind not in {"word", "weak", "ordinal"} or _tells_too_much(binder, place):
        return False
    return _is_free(binder, place, claimed)


def _is_free(binder: Binder, place: int, claimed: frozenset[str]) -> bool:
    """Return whether a word claims nothing here, or what a claim of the sentence gives it."""
    node = binder.nodes[place]
    if node.classes & _FREE or _is_empty(binder, place):
        return True
    needs = node.classes & _NEEDS_CLAIM.keys()
    if needs and any(_NEEDS_CLAIM[name] & claimed for name in needs):
        return True
    if needs - {"themenoun"}:
        return False
    praises = node.has("praise", "superlative") and praises_the_choice(binder, place)
    return praises or (node.has("themenoun") and is_on_card(binder, place, node))


def _is_empty(binder: Binder, place: int) -> bool:
    """Return whether a word that often claims something has nothing here to claim it of."""
    node = binder.nodes[place]
    if node.has("praise"):
        fares = place and binder.nodes[place - 1].lemma in {"fare", "do", "go", "sit", "work"}
        if node.lemma == "better" and fares:
            return is_hope(binder, place)
        return node.lemma not in _COMPARING and not compares_or_tells(binder, place)
    if node.lemma in _ALONE:
        return not any(n.kind == "entity" and not n.has("rec") for n in binder.nodes)
    if node.has("opening", "closing"):
        return any(n.kind == "rating" for n in binder.nodes[place + 1 : place + 3])
    if node.has("habit"):
        clause = binder.clause(place)
        return not any(n.has("you", "value", "time") for n in binder.within(clause))
    if node.kind == "ordinal":
        behind = binder.nodes[place + 1 : place + 2]
        return any(
            n.lemma == "of" or (n.has("recnoun", "talknoun") and not n.has("film")) for n in behind
        )
    return False


def _tells_too_much(binder: Binder, place: int) -> bool:
    """Return whether a word claims what no data can show."""
    node = binder.nodes[place]
    if node.has("blocked"):
        return True
    if node.lemma in {"people", "folk", "folks"}:
        return is_other_viewers(binder, place)
    if node.lemma == "change":
        behind = binder.nodes[place + 1 : place + 3]
        return any(n.lemma in {"how", "what", "your", "the way", "you"} for n in behind)
    if node.has("desire") or node.lemma == "mood":
        return not is_wish(binder, place)
    return node.has("adjective") and compares_or_tells(binder, place)
