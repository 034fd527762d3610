"""What a text says of the person that no log holds: deeds, feelings, wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder


def is_unknown_deed(binder: Binder, place: int) -> bool:
    """Return whether a verb tells a deed of the person that no log holds ("you searched for")."""
    node = binder.nodes[place]
    if _seeks_the_new(binder, place):
        return True
    if node.lemma == "show" and any(n.has("taste") for n in binder.nodes[place + 1 : place + 4]):
        return False  # "you've shown a taste for"
    if (
        node.classes & _DEEDS
        or node.has("noun", "glue", "cause", "basis", "aux")
        or ("ing" in node.classes and not (place and binder.nodes[place - 1].has("aux")))
    ):
        return False
    before = place - 1
    while before >= 0 and (
        binder.nodes[before].has("aux", "have_short", "additive", "glue", "habit", "time")
        and binder.nodes[before].kind != "entity"
        and binder.nodes[before].lemma not in {"to", "of", "for", "in", "and", "that", "which"}
    ):
        before -= 1
    if before < 0 or binder.nodes[before].lemma != "you" or node.lemma in _HARMLESS_DEEDS:
        return False
    if node.lemma not in _TELLING and _has_seen_object(binder, place):
        return False
    lead = binder.nodes[binder.clause(place).start : before]
    return not any(n.has("modal") or n.lemma in {"what", "if"} for n in lead)


def _has_seen_object(binder: Binder, place: int) -> bool:
    """Return whether a verb is said of something in the history ("you took [1] first")."""
    behind = binder.nodes[place + 1 : place + 8]
    return any(n.kind == "entity" and not n.has("rec") for n in behind)


def _seeks_the_new(binder: Binder, place: int) -> bool:
    """Return whether the person is said to have sought the very item that is recommended."""
    node = binder.nodes[place]
    if not node.has("tastev") or node.has("uverb", "ratev", "likev", "lovev"):
        return False
    clause = binder.clause(place)
    lead = binder.nodes[clause.start : place]
    behind = binder.nodes[place + 1 : place + 3]
    return (
        any(n.lemma == "you" for n in lead)
        and not any(n.has("modal") for n in lead)
        and any(n.kind == "entity" and n.has("rec") for n in behind)
    )


_TELLING = frozenset(
    ["abandon", "bookmark", "drop", "forget", "miss", "quit", "recommend", "save", "share", "skip"]
) | frozenset(
    ["stop", "tell", "regret", "complete", "end", "promise", "mention", "suggest", "pause"]
)
"""Deeds that no log holds even of what was seen."""
_HARMLESS_DEEDS = frozenset(
    [
        "let",
        "know",
        "find",
        "recognise",
        "need",
        "seem",
        "appear",
        "prove",
        "happen",
        "tend",
        "come",
        "go",
        "call",
    ]
)


_DEEDS = frozenset(
    ["uverb", "ratev", "likev", "lovev", "dislikev", "tastev", "followv", "repeat", "modal"]
)


def is_of_the_person(binder: Binder, place: int) -> bool:
    """Return whether a word tells what the person is or has ("your daughter", "feeling lonely")."""
    before = place - 1
    while before >= 0 and (
        binder.nodes[before].has("adjective", "value", "recentadj")
        or binder.nodes[before].lemma in _DEGREES
    ):
        before -= 1
    lead = binder.nodes[before] if before >= 0 else None
    if lead is None or lead.lemma == "your":
        return lead is not None
    if lead.lemma not in _STATES:
        return False
    subject = before - 1
    while subject >= 0 and binder.nodes[subject].has("aux", "have_short", "modal"):
        subject -= 1
    if subject < 0:
        return "ing" in lead.classes
    return binder.nodes[subject].lemma == "you"


def compares_or_tells(binder: Binder, place: int) -> bool:
    """Return whether an adjective compares ("more gripping than") or is said of the person."""
    before = binder.nodes[place - 1] if place else None
    if binder.nodes[place].has("compared"):
        superlative = binder.nodes[place].text.endswith("est")
        return superlative or any(n.has("than") for n in binder.nodes[place:])
    if before is not None and before.lemma in {"more", "even more", "most", "the most", "less"}:
        behind = binder.nodes[place + 1 : place + 3]
        return before.lemma in {"most", "the most"} or any(
            n.has("than", "film") or n.lemma == "of" for n in behind
        )
    return is_of_the_person(binder, place) and before is not None and before.lemma != "your"


_DEGREES = frozenset(
    ["so", "very", "really", "quite", "rather", "a", "an", "the", "bit", "little", "too", "not"]
)


_STATES = frozenset(["be", "feel", "seem", "get", "become", "sound"])


def is_wish(binder: Binder, place: int) -> bool:
    """Return whether a wish is only supposed ("if you want more of it")."""
    clause = binder.clause(place)
    lead = binder.nodes[clause.start : place]
    return any(
        n.has("modal")
        or n.lemma in {"if", "whenever", "when", "should", "maybe", "perhaps", "possibly"}
        for n in lead
    ) or not any(n.has("you") for n in lead)
