"""Claims of liking: "you loved [1]", "was to your taste"; hopes claim nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.events import any_event, bind_event, is_past, names_of
from llmrec.explain.facts import DISLIKED_PART, LIKED_PART, LOVED_PART

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.explain.facts import Past

_LITTLE = frozenset(["less", "little", "hardly", "barely", "least"])
LIKED = {
    "pleasing": lambda share: share >= LIKED_PART,
    "displeasing": lambda share: share <= DISLIKED_PART,
    "fondness": lambda share: share >= LIKED_PART,
    "likedadj": lambda share: share >= LIKED_PART,
    "lovedadj": lambda share: share >= LOVED_PART,
    "dislikedadj": lambda share: share <= DISLIKED_PART,
    "midadj": lambda share: 0.4 < share <= 0.7,
}
"""Words of liking by class, with the parts of the best rating that they mean."""


_HEDGES = frozenset(
    [
        "probably",
        "likely",
        "perhaps",
        "maybe",
        "hopefully",
        "may",
        "might",
        "if",
        "hope",
        "possibly",
        "think",
        "believe",
        "chance",
        "odds",
        "bet",
        "guess",
        "could",
        "luck",
    ]
)


def check_received(binder: Binder) -> None:
    """Check "was to your liking", "left you cold": liking in other words."""
    for place, node in enumerate(binder.nodes):
        kind = next((name for name in LIKED if node.has(name)), None)
        if kind is None or node.used or is_hope(binder, place):
            node.used = node.used or kind is not None
            continue
        clause = binder.clause(place)
        here = [e for e in binder.entities if clause.start <= e < clause.end]
        earlier = [e for e in binder.entities if e < place]
        behind = binder.nodes[place + 1 : place + 3]
        if (not here and not earlier) or any(n.kind == "value" for n in behind):
            continue
        if kind in {"pleasing", "displeasing"} and not any(n.lemma == "you" for n in behind):
            continue
        if kind == "fondness" and not any(is_past(binder, e) for e in here if e > place):
            continue
        node.used = True
        lead = binder.nodes[max(0, place - 2) : place]
        denied = _negated(binder, place) or any(n.lemma in _LITTLE for n in lead)
        judge = LIKED["dislikedadj"] if denied and kind != "dislikedadj" else LIKED[kind]
        facts = binder.context.facts
        readings = bind_event(binder, place)

        best = facts.scale

        def test(past: Past, judge: Callable[[float], bool] = judge, best: float = best) -> bool:
            rating = past.interaction.rating
            return rating is not None and judge(rating / best)

        ok = holds(readings, any_event(facts, test))
        binder.context.report("rating", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def check_foretold(binder: Binder) -> None:
    """Fail "you are sure to rate it highly": nobody knows what will be."""
    for place, node in enumerate(binder.nodes):
        timed = node.has("uverb") and binder.near(place, "time")
        if (node.has("ratev") or timed) and node.has("verb") and _is_foretold(binder, place):
            binder.context.report("prediction", f"will {node.lemma}", ok=False)


def check_liking(binder: Binder) -> None:
    """Check "you loved [1]" against its rating; "you may like" is a hope and claims nothing."""
    for place, node in enumerate(binder.nodes):
        if node.used or not node.has("likev", "lovev", "dislikev") or not node.has("verb"):
            continue
        if node.has("likeprep") and not _is_verb(binder, place):
            continue
        if is_hope(binder, place):
            node.used = True
            if _is_prophecy(binder, place):
                binder.context.report("prediction", f"will {node.lemma}", ok=False)
            continue
        target = _object(binder, place)
        if target is None:
            continue
        if any(n.has("than") for n in binder.nodes[place:]) and not node.has("dislikev"):
            continue
        node.used = True
        part = LOVED_PART if node.has("lovev") else LIKED_PART
        negative = node.has("dislikev") or _negated(binder, place)
        readings = target
        facts = binder.context.facts

        best = facts.scale

        def test(
            past: Past, part: float = part, best: float = best, *, negative: bool = negative
        ) -> bool:
            rating = past.interaction.rating
            if rating is None:
                return False
            share = rating / best
            return share <= DISLIKED_PART if negative else share >= part

        ok = holds(readings, any_event(facts, test))
        binder.context.report("rating", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def _is_verb(binder: Binder, place: int) -> bool:
    """Return whether "like" is a verb here."""
    before = list(binder.nodes[max(0, place - 3) : place])
    return (
        bool(before)
        and (
            before[-1].has("you", "modal", "neg", "additive", "have_short", "habit")
            or (
                before[-1].lemma
                in {"really", "clearly", "do", "to", "who", "evidently", "obviously", "and"}
                and any(n.lemma in {"you", "do", "to"} for n in before)
            )
        )
        and before[-1].lemma != "your"
    )


def _is_prophecy(binder: Binder, place: int) -> bool:
    """Return whether a liking is foretold and not only hoped for ("you will love")."""
    lead = binder.nodes[max(0, place - 4) : place]
    sure = any(
        n.lemma in {"will", "'ll", "shall", "must", "cannot"} or n.text.lower() == "going"
        for n in lead
    )
    hedged = any(n.lemma in _HEDGES for n in binder.nodes[:place])
    return sure and not hedged and any(n.has("you") for n in lead)


def _is_foretold(binder: Binder, place: int) -> bool:
    """Return whether a rating is foretold ("you are sure to rate it highly")."""
    lead = binder.nodes[max(0, place - 4) : place]
    sure = any(n.lemma in {"sure", "bound", "certain", "going"} for n in lead)
    return (sure and any(n.lemma == "to" for n in lead)) or _is_prophecy(binder, place)


def is_hope(binder: Binder, place: int) -> bool:
    """Return whether a verb stands under a modal, in an infinitive, or in a wish."""
    condition = [n.lemma for n in binder.nodes[:place] if n.lemma == "if" or n.has("comma")]
    if condition[-1:] == ["if"]:
        return True
    for node in reversed(binder.nodes[max(0, place - 4) : place]):
        if node.has("modal") or node.lemma in {
            "to",
            "if",
            "likely",
            "hope",
            "think",
            "expect",
            "probably",
        }:
            return True
        if node.has("uverb", "entity", "comma") and not node.has("you"):
            return False
    return False


def _negated(binder: Binder, place: int) -> bool:
    for node in reversed(binder.nodes[max(0, place - 3) : place]):
        if node.has("neg"):
            node.used = True
            return True
    return False


def _object(binder: Binder, place: int) -> Alternatives | None:
    """Return what was liked: an entity behind the verb, or the one its relative clause hangs on."""
    clause = binder.clause(place)
    after = [e for e in binder.entities if place < e < clause.end]
    if after:
        trait_between = any(
            n.has("value", "weak") and binder.premodified(binder.place[id(n)]) is None
            for n in binder.nodes[place + 1 : after[0]]
        )
        if trait_between:
            return None
        if is_past(binder, after[0]):
            return bind_event(binder, place)
        return binder.resolve(after[0]) if binder.nodes[after[0]].has("rec") else None
    if any(n.has("value", "weak", "decade") for n in binder.nodes[place + 1 : clause.end]):
        return None
    earlier = [e for e in binder.entities if e < place and is_past(binder, e)]
    if earlier or binder.nodes[clause.start].lemma in {"which", "that"}:
        return bind_event(binder, place)
    return None
