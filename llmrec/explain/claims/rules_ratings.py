"""Claims about ratings, liking, repeats and what was done."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Rated, Repeats
from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.entities import Ref
from llmrec.explain.claims.events import (
    any_event,
    bind_event,
    events_of,
    is_past,
    names_of,
    use,
)
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.traits import find_traits
from llmrec.explain.claims.when import When
from llmrec.explain.facts import DISLIKED_PART, LIKED_PART, LOVED_PART

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.explain.claims.nodes import Node
    from llmrec.explain.facts import Facts, Past

_RATING_VERBS = frozenset(["rate", "score", "grade", "mark"])
_NUMBER_VERBS = frozenset(
    [
        "rate",
        "score",
        "give",
        "award",
        "mark",
        "grade",
        "get",
        "receive",
        "earn",
        "assign",
        "leave",
        "merit",
    ]
)
_PRODUCT_VERBS = frozenset(
    [
        "buy",
        "purchase",
        "order",
        "own",
        "rent",
        "borrow",
        "read",
        "wear",
        "drink",
        "eat",
        "cook",
        "listen",
        "download",
        "subscribe",
        "acquire",
        "taste",
        "visit",
        "use",
        "consume",
        "devour",
    ]
) | {"listen to", "get hold of", "taste"}
_EVENTS_OF_VERB = {
    "buy": {"purchase", "buy", "transaction", "order", "sale"},
    "purchase": {"purchase", "buy", "transaction", "order", "sale"},
    "order": {"purchase", "buy", "transaction", "order", "sale"},
    "acquire": {"purchase", "buy", "transaction", "order", "sale"},
    "read": {"read", "view"},
    "play": {"play", "listen"},
    "listen to": {"play", "listen"},
    "listen": {"play", "listen"},
    "drink": {"drink", "taste"},
}
_SIGHT = frozenset(["watch", "see", "view", "stream", "rewatch", "binge"])
_UNSEEN_EVENTS = frozenset(
    ["purchase", "buy", "transaction", "order", "cart", "click", "save", "read", "listen"]
)


def check_ratings(binder: Binder) -> None:  # noqa: C901
    """Check every rating that the sentence states, in numbers or words."""
    for place, node in enumerate(binder.nodes):
        if node.used or _is_counted(binder, place):
            continue
        if node.lemma == "average" and binder.near(place, "ratingnoun"):
            _check_average(binder, place)
        elif node.kind == "rating" and isinstance(node.value, Rated):
            _check(binder, place, _equals(binder.context.facts, node.value))
        elif node.kind == "number" and _is_rating(binder, place):
            value: Range = node.value  # type: ignore[assignment]
            _check(binder, place, _equals(binder.context.facts, Rated(value.low)))
        elif (node.has("higher", "lower", "equal") or _likes_more(binder, place)) and _compares(
            binder, place
        ):
            _check_comparison(binder, place)
        elif node.has("high", "low", "middling") and _speaks_of_rating(binder, place):
            _check(binder, place, _in_words(binder.context.facts, node))
        elif node.has("unrated"):
            _check(binder, place, lambda past: past.interaction.rating is None)
        elif node.has("best", "worst"):
            _check(binder, place, _extreme(binder, best=node.has("best")))
    for place, node in enumerate(binder.nodes):
        if node.used or _behind_negation(binder, place):
            continue
        if node.lemma in _RATING_VERBS and node.has("verb") and not _checked(binder, place):
            _check_rated(binder, place)


def _is_counted(binder: Binder, place: int) -> bool:
    """Return whether a rating restricts a count ("three of your films got five stars")."""
    clause = binder.clause(place)
    nodes = binder.within(clause)
    if nodes and nodes[0].lemma in {"which", "that"} and clause.start:
        before = binder.clause(clause.start - 1)
        nodes = [*binder.within(before), *nodes]
    counts = any(
        n.kind in {"number", "proportion"} or n.has("onlyone")
        for n in nodes
        if n is not binder.nodes[place]
    )
    past = any(is_past(binder, e) for e in binder.entities if clause.start <= e < clause.end)
    plural = any(n.has("film") for n in nodes)
    return counts and plural and not past


def _check(binder: Binder, place: int, test: Callable[[Past], bool]) -> None:
    node = binder.nodes[place]
    node.used = True
    readings = _rated_refs(binder, place)
    ok = holds(readings, any_event(binder.context.facts, test))
    binder.context.report("rating", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def _rated_refs(binder: Binder, place: int) -> Alternatives:
    """Return whose rating it is: what the verb's own object names goes before what stands nearer."""  # noqa: E501
    return bind_event(binder, place)


def _equals(facts: Facts, rated: Rated) -> Callable[[Past], bool]:
    return lambda past: rated.holds(past.interaction.rating, facts.scale)


def _in_words(facts: Facts, node: Node) -> Callable[[Past], bool]:
    def test(past: Past) -> bool:
        rating = past.interaction.rating
        if rating is None:
            return False
        part = rating / facts.scale
        if node.has("middling"):
            return 0.4 <= part <= 0.7
        return part >= 0.7 if node.has("high") else part <= DISLIKED_PART

    return test


def _extreme(binder: Binder, *, best: bool) -> Callable[[Past], bool]:
    """Return a test for the best or worst rating, of a group where one is named ("of your ...")."""
    facts = binder.context.facts
    traits = [t for t in find_traits(binder) if _limits(binder, t.place)]
    pool = facts.matching(lambda p: all(t.holds(p.item.item_id) for t in traits))
    given = facts.ratings(pool)
    edge = (max(given) if best else min(given)) if given else None
    return lambda past: past.interaction.rating is not None and past.interaction.rating == edge


def _limits(binder: Binder, place: int) -> bool:
    """Return whether a trait names the group that something is the best of."""
    lead = binder.nodes[max(0, place - 4) : place]
    return any(n.lemma in {"of", "among", "amongst"} for n in lead) and any(
        n.has("you") for n in lead
    )


def _check_average(binder: Binder, place: int) -> None:
    """Check "your ratings for Mann average above four"."""
    facts = binder.context.facts
    clause = binder.clause(place)
    inside = [t for t in find_traits(binder) if clause.start <= t.place < clause.end]
    given = facts.ratings(facts.matching(lambda p: all(t.holds(p.item.item_id) for t in inside)))
    binder.nodes[place].used = True
    for trait in inside:
        binder.nodes[trait.place].used = True
    wanted = next((n for n in binder.nodes[place:] if n.kind in {"number", "rating"}), None)
    if wanted is None or not given:
        return
    wanted.used = True
    mean = sum(given) / len(given)
    value = (
        wanted.value.low
        if isinstance(wanted.value, Range)
        else getattr(wanted.value, "value", None)
    )
    words = {n.lemma for n in binder.nodes[place:]}
    ok = value is not None and abs(mean - value) <= 0.05
    if words & {"above", "over", "exceed"}:
        ok = value is not None and mean > value
    elif words & {"below", "under"}:
        ok = value is not None and mean < value
    for n in binder.nodes[place:]:
        n.used = n.used or n.lemma in {"above", "below", "over", "under"}
    binder.context.report("rating", f"on average {mean:.2f}", ok=ok)


def _is_rating(binder: Binder, place: int) -> bool:
    """Return whether a bare number is what something was rated with."""
    value = binder.nodes[place].value
    if not isinstance(value, Range) or not value.exact:
        return False
    clause = binder.clause(place)
    nodes = binder.nodes
    verb = any(
        nodes[n].lemma in _NUMBER_VERBS and nodes[n].has("ratev")
        for n in range(clause.start, place)
    )
    noun = any(nodes[n].has("ratingnoun") for n in range(max(clause.start, place - 4), place))
    behind = nodes[place + 1 : place + 3]
    if place and nodes[place - 1].lemma in {"those", "these", "the", "both", "of"}:
        return False
    counts = any(n.has("film", "value") or n.lemma == "of" for n in behind[:1])
    return (verb or noun) and not counts


def _speaks_of_rating(binder: Binder, place: int) -> bool:
    clause = binder.within(binder.clause(place))
    return any(
        n.lemma in _NUMBER_VERBS | {"reward", "value", "rank", "judge"} and n.has("ratev")
        for n in clause
    ) or any(n.has("ratingnoun") and not n.has("film") for n in clause)


def _checked(binder: Binder, place: int) -> bool:
    """Return whether the clause of a rating verb states a rating."""
    clause = binder.within(binder.clause(place))
    return any(
        n.kind == "rating" or (n.used and n.has("number", "high", "low", "higher")) for n in clause
    )


def check_always_rated(binder: Binder) -> None:
    """Check "you always give Mann five stars", "never less than four": all ratings of a kind."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.kind != "rating" or not isinstance(node.value, Rated) or node.used:
            continue
        clause = binder.clause(place)
        nodes = binder.within(clause)
        every = [
            n for n in nodes if n.lemma in {"always", "every", "each", "all", "never", "invariably"}
        ]
        inside = [t for t in find_traits(binder) if clause.start <= t.place < clause.end]
        past = any(is_past(binder, e) for e in binder.entities if clause.start <= e < clause.end)
        if not every or not inside or past or any(n.kind == "number" for n in nodes):
            continue
        rated = node.value
        meeting = facts.matching(lambda p, i=inside: all(t.holds(p.item.item_id) for t in i))  # type: ignore[misc]
        given = facts.ratings(meeting)
        never = any(n.lemma == "never" for n in every)
        ok = bool(given) and all(rated.holds(r, facts.scale) != never for r in given)
        use([node, *every, *(binder.nodes[t.place] for t in inside)])
        binder.context.report("rating", f"{node.text}: {given}", ok=ok)


def _behind_negation(binder: Binder, place: int) -> bool:
    return any(n.has("neg") for n in binder.nodes[max(0, place - 3) : place])


def _check_rated(binder: Binder, place: int) -> None:
    """Check "you rated [1]": that there is a rating at all."""
    clause = binder.clause(place)
    here = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    if here:
        readings = bind_event(binder, place)
        test = any_event(binder.context.facts, lambda p: p.interaction.rating is not None)
        ok = holds(readings, test)
        binder.context.report("rating", f"rated: {names_of(binder, readings)}", ok=ok)


def _likes_more(binder: Binder, place: int) -> bool:
    """Return whether "liked [1] more than [2]" is said here."""
    behind = binder.nodes[place + 1 : place + 3]
    more = binder.nodes[place].lemma in {"more", "less", "better"}
    return more and any(n.has("than") for n in behind) and binder.near(place, "likev", "lovev")


def _compares(binder: Binder, place: int) -> bool:
    clause = binder.clause(place)
    nodes = binder.within(clause)
    past = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    of_them = any(n.has("they") for n in binder.nodes)
    rating = any(n.lemma in _NUMBER_VERBS | {"like", "rank"} for n in nodes) or any(
        n.has("ratingnoun") for n in nodes
    )
    return rating and (len(past) > 1 or (of_them and bool(past)))


def _check_comparison(binder: Binder, place: int) -> None:
    """Check "you rated A higher than B"."""
    facts = binder.context.facts
    node = binder.nodes[place]
    node.used = True
    clause = binder.clause(place)
    for other in binder.within(clause):
        if other.has("than"):
            other.used = True
    past = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    named = [e for e in past if not binder.nodes[e].has("they")]
    first = (binder.resolve(named[0]) or [[]])[0]
    second = (binder.resolve(named[1]) or [[]])[0] if len(named) > 1 else _others(binder, first)
    pairs = [
        (a, b)
        for ref in first
        for a in _given(facts, ref)
        for o in second
        for b in _given(facts, o)
    ]
    higher = node.has("higher") or node.lemma in {"more", "better"}
    compare = operator.eq if node.has("equal") else operator.gt if higher else operator.lt
    ok = any(compare(a, b) for a, b in pairs)
    binder.context.report("comparison", f"{node.text}: {names_of(binder, [first, second])}", ok=ok)


def _others(binder: Binder, refs: list[Ref]) -> list[Ref]:
    """Return what else "the two" may be: named before, or cited."""
    own = {i for ref in refs for i in ref.ids}
    facts = binder.context.facts
    said = [
        r
        for r in [*binder.refs(), *binder.context.earlier]
        if not r.ids & own and events_of(facts, r)
    ]
    return said[:1] or [Ref(frozenset([i])) for i in facts.evidence_ids - own]


def _given(facts: Facts, ref: Ref) -> list[float]:
    return facts.ratings(events_of(facts, ref))


_LITTLE = frozenset(["less", "little", "hardly", "barely", "least"])
_LIKED = {
    "pleasing": lambda share: share >= LIKED_PART,
    "displeasing": lambda share: share <= DISLIKED_PART,
    "fondness": lambda share: share >= LIKED_PART,
    "likedadj": lambda share: share >= LIKED_PART,
    "lovedadj": lambda share: share >= LOVED_PART,
    "dislikedadj": lambda share: share <= DISLIKED_PART,
    "midadj": lambda share: 0.4 < share <= 0.7,
}


def check_received(binder: Binder) -> None:
    """Check "was to your liking", "left you cold": liking in other words."""
    for place, node in enumerate(binder.nodes):
        kind = next((name for name in _LIKED if node.has(name)), None)
        if kind is None or node.used or _is_hope(binder, place):
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
        judge = _LIKED["dislikedadj"] if denied and kind != "dislikedadj" else _LIKED[kind]
        facts = binder.context.facts
        readings = bind_event(binder, place)

        def test(past: Past, judge: Callable[[float], bool] = judge) -> bool:
            rating = past.interaction.rating
            return rating is not None and judge(rating / facts.scale)  # noqa: B023

        ok = holds(readings, any_event(facts, test))
        binder.context.report("rating", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def check_liking(binder: Binder) -> None:
    """Check "you loved [1]" against its rating; "you may like" is a hope and claims nothing."""
    for place, node in enumerate(binder.nodes):
        if node.used or not node.has("likev", "lovev", "dislikev") or not node.has("verb"):
            continue
        if node.has("likeprep") and not _is_verb(binder, place):
            continue
        if _is_hope(binder, place):
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

        def test(past: Past, part: float = part, *, negative: bool = negative) -> bool:
            rating = past.interaction.rating
            if rating is None:
                return False
            share = rating / facts.scale  # noqa: B023
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


def _is_prophecy(binder: Binder, place: int) -> bool:
    """Return whether a liking is foretold and not only hoped for ("you will love")."""
    lead = binder.nodes[max(0, place - 4) : place]
    sure = any(
        n.lemma in {"will", "'ll", "shall", "must", "cannot"} or n.text.lower() == "going"
        for n in lead
    )
    hedged = any(n.lemma in _HEDGES for n in binder.nodes[:place])
    return sure and not hedged and any(n.has("you") for n in lead)


def _is_hope(binder: Binder, place: int) -> bool:
    """Return whether a verb stands under a modal, in an infinitive, or in a wish."""
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


def check_repeats(binder: Binder) -> None:
    """Check "twice", "three times", "you came back to"."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.used:
            continue
        if binder.near(place, "onlyone"):
            continue
        if node.kind == "repeats" and isinstance(node.value, Repeats):
            times = node.value.times
        elif (node.has("repeat") and _returns(binder, place)) or (
            node.lemma
            in {
                "rewatch",
                "revisit",
                "return to",
                "come back to",
                "go back to",
            }
            and _returns(binder, place)
        ):
            times = Range(2, 1e9)
        else:
            continue
        node.used = True
        if _counts_traits(binder, place, times):
            continue
        readings = bind_event(binder, place)

        def often(ref: Ref, times: Range = times) -> bool:
            return any(times.holds(len(facts.events.get(i, ()))) for i in ref.ids)

        ok = holds(readings, often)
        binder.context.report("count", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def _counts_traits(binder: Binder, place: int, times: Range) -> bool:
    """Check "twice in May you chose Mann": events with a trait, in a window."""
    facts = binder.context.facts
    clause = binder.clause(place)
    here = range(clause.start, clause.end)
    inside = [t for t in find_traits(binder) if t.place in here]
    if not inside or any(e in here and is_past(binder, e) for e in binder.entities):
        return False
    windows = [n for n in binder.within(clause) if isinstance(n.value, When) and not n.used]
    meeting = facts.matching(
        lambda p: (
            all(t.holds(p.item.item_id) for t in inside)
            and all(n.value.holds(p.moment) for n in windows if isinstance(n.value, When))
        )
    )
    use([*windows, *(binder.nodes[t.place] for t in inside)])
    binder.context.report("count", f"{len(meeting)} events", ok=times.holds(len(meeting)))
    return True


def _returns(binder: Binder, place: int) -> bool:
    """Return whether words of repetition are said of a past event and not of a trait."""
    node = binder.nodes[place]
    clause = binder.clause(place)
    nodes = binder.within(clause)
    here = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    acted = any(n.has("uverb") and "base" not in n.classes for n in nodes)
    if node.has("uverb"):
        return bool(here) and acted and not any(n.has("modal") for n in nodes)
    return bool(here) and acted and not any(n.has("value", "weak") for n in nodes)


def check_deeds(binder: Binder) -> None:
    """Check that what is said to have been done fits the log: a film is not bought."""
    facts = binder.context.facts
    screen = any(
        facts.has_role(i, "director") or facts.has_role(i, "cast") for i in facts.known_ids
    )
    for place, node in enumerate(binder.nodes):
        if not node.has("uverb") or not node.has("verb") or node.has("noun"):
            continue
        special = node.lemma in _PRODUCT_VERBS
        if not special and node.lemma not in _SIGHT:
            continue
        if not any(n.has("you") for n in binder.within(binder.clause(place))) or _is_hope(
            binder, place
        ):
            continue
        kinds = {p.interaction.event for p in facts.past}
        if kinds <= {None}:
            ok = not (special and screen)
        elif special:
            ok = bool(
                _EVENTS_OF_VERB.get(node.lemma, {node.lemma}) & {(k or "").lower() for k in kinds}
            )
        else:
            ok = bool({(k or "").lower() for k in kinds} - _UNSEEN_EVENTS)
        if special or not ok:
            binder.context.report(
                "event", f"{node.text}: the log has {sorted(map(str, kinds))}", ok=ok
            )
