"""What excuses a word that no rule has read: an item's card or title, praise of the choice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.kindred import stems
from llmrec.explain.claims.said_of_you import is_of_the_person
from llmrec.explain.claims.tokens import fold

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node

_DENYING = re.compile(r"(?:un|dis|non|half)-?(?=\w{4})")
"""What may stand before a word of a card: "disapproving" where somebody approves."""


def is_own_family(binder: Binder, place: int) -> bool:
    """Return whether "your family" are the person's people, and no kind of films."""
    if binder.nodes[place].text.lower() != "family" or not place:
        return False
    behind = binder.nodes[place + 1 : place + 2]
    films = any(n.has("film", "value", "noun", "hyphen", "and", "comma") for n in behind)
    return binder.nodes[place - 1].lemma == "your" and not films


def is_other_viewers(binder: Binder, place: int) -> bool:
    """Return whether "people" are others who watch, and none of a film's."""
    clause = binder.within(binder.clause(place))
    acted = any(n.has("uverb", "likev", "lovev", "ratev", "likeprep") for n in clause)
    lead = binder.nodes[place - 1].lemma if place else ""
    other = acted or lead in {"other", "most", "many", "more", "few", "lots of", "a lot of"}
    return other and binder.nodes[place].lemma in {"people", "folk", "folks", "someone"}


def is_on_card(binder: Binder, place: int, node: Node) -> bool:
    """Return whether the words are on the card of an item in question, or paraphrase it."""
    if is_of_the_person(binder, place) or is_other_viewers(binder, place):
        return False
    words = stems(node.text)
    ids = {i for ref in [*binder.refs(), *binder.context.earlier, binder.rec] for i in ref.ids}
    told = [binder.context.facts.card_words(i) for i in ids]
    denied = _DENYING.match(node.lemma)
    options = [words, stems(node.lemma[denied.end() :])] if denied else [words]
    return bool(words) and any(row.issuperset(option) for row in told for option in options)


def is_in_title(binder: Binder, node: Node) -> bool:
    """Return whether a name is in the title of an item in question ("the Muppets")."""
    refs = [*binder.refs(), *binder.context.earlier, binder.rec]
    titles = [binder.context.facts.item_of(i).title for ref in refs for i in ref.ids]
    words = stems(node.text)
    return bool(words) and any(set(words) <= set(stems(fold(title))) for title in titles)


def may_be_capital(binder: Binder, place: int) -> bool:
    """Return whether a word has its capital because something begins there."""
    node = binder.nodes[place]
    before = binder.nodes[place - 1] if place else None
    opened = before is None or before.has("colon", "dash", "open", "stop")
    return opened or node.lemma in {"i"}


def is_of_the_choice(binder: Binder, place: int) -> bool:
    """Return whether the subject is the choice itself ("the fit is good")."""
    clause = binder.clause(place)
    lead = binder.nodes[clause.start : place]
    named = any(n.kind == "entity" for n in lead)
    return not named and any(n.has("recnoun") and not n.has("film") for n in lead)


def praises_the_choice(binder: Binder, place: int) -> bool:
    """Return whether praise is for the choice ("a good fit"), not for the film ("a good film")."""
    before = binder.nodes[place - 1] if place else None
    if before is not None and before.lemma == "be" and is_of_the_choice(binder, place):
        return True
    if before is not None and before.lemma in {"seem", "look", "sound"}:
        return True
    for node in binder.nodes[place + 1 : place + 6]:
        if node.lemma == "next" or node.has("verdict"):
            return True
        if node.has("film"):
            return False
        if node.has("recnoun", "taste", "watchnoun"):
            return True
        if not (
            node.has("praise", "choiceadj", "hyphen", "recentadj", "value")
            or node.lemma in {"and", "to", "very", "more"}
        ):
            return False
    return False
