"""Claims that items have something in common: a director, a genre, a series, a rating."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of
from llmrec.explain.claims.mentions import Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Alternatives, Binder
    from llmrec.explain.claims.clauses import Clause
    from llmrec.explain.claims.node import Node
    from llmrec.explain.claims.traits import Trait

FIELD_NOUNS = {
    "directornoun": "director",
    "castnoun": "cast",
    "genrenoun": "genre",
    "themenoun": "theme",
    "franchisenoun": "franchise",
    "yearnoun": "year",
    "countrynoun": "country",
}
_SHARING = ("sharev", "same", "sharing", "similarv")
_FAMILIAR = frozenset(
    ["know", "remember", "see", "meet", "like", "love", "enjoy", "watch", "recognise", "familiar"]
)


def share_places(binder: Binder) -> list[int]:
    """Return where a sentence says that items have something in common."""
    found = []
    for place, node in enumerate(binder.nodes):
        if node.used or not (
            node.has(*_SHARING) or _refers(binder, place) or _is_one(binder, place)
        ):
            continue
        if node.has("sharev", "similarv") and node.has("recv") and not _joins_items(binder, place):
            continue
        if node.lemma == "alike" and place and binder.nodes[place - 1].kind == "value":
            continue
        if node.lemma in {"same", "very same"} and not _same_what(binder, place):
            continue
        found.append(place)
    return found


def _same_what(binder: Binder, place: int) -> bool:
    """Return whether something is behind "the same" that a catalogue knows."""
    behind = binder.nodes[place + 1 : place + 5]
    return any(n.kind in {"value", "decade"} or n.has(*FIELD_NOUNS, "ratingnoun") for n in behind)


def _is_one(binder: Binder, place: int) -> bool:
    """Return whether "one franchise", "a single series" says that it is the same."""
    behind = binder.nodes[place + 1 : place + 3]
    return binder.nodes[place].lemma in {"one", "single"} and any(
        n.has("franchisenoun", "directornoun") and not n.has("film") for n in behind
    )


def _refers(binder: Binder, place: int) -> bool:
    """Return whether "the director of [2]" or "the series you know from [1]" begins here."""
    node = binder.nodes[place]
    if not node.has(*FIELD_NOUNS) or node.has("verb", "film") or node.has("same"):
        return False
    behind = binder.nodes[place + 1 : place + 9]
    lead = binder.nodes[max(0, place - 2) : place]
    if any(n.kind == "value" for n in [*lead[-1:], *behind[:2]]):
        return False
    clause = binder.within(binder.clause(place))
    apposed = any(n.kind == "value" for n in binder.nodes[max(0, place - 3) : place])
    if (
        (apposed or any(n.kind == "value" for n in clause))
        and behind
        and behind[0].lemma in {"of", "behind"}
    ):
        return False
    if behind and behind[0].lemma in {"of", "behind"}:
        return _entity_follows(behind[1:]) and node.has("directornoun", "castnoun", "franchisenoun")
    known = next((n for n, b in enumerate(behind) if b.lemma in _FAMILIAR), None)
    return known is not None and known < 6 and _from_entity(behind[known + 1 :])


def _entity_follows(nodes: Sequence[Node]) -> bool:
    for node in nodes[:3]:
        if node.kind == "entity":
            return True
        if not (node.lemma in {"the", "both"} or node.has("film", "value")):
            return False
    return False


def _from_entity(nodes: Sequence[Node]) -> bool:
    return bool(nodes) and nodes[0].lemma in {"from", "in"} and _entity_follows(nodes[1:])


def _joins_items(binder: Binder, place: int) -> bool:
    """Return whether a verb like "link" or "match" stands between items, not items and tastes."""
    clause = binder.within(binder.clause(place))
    if any(node.has("taste", "watchnoun") or node.has("mostly") for node in clause):
        return False
    entities = [node for node in clause if node.kind == "entity"]
    return len(entities) > 1


def sharers(binder: Binder, place: int) -> Alternatives:
    """Return the items that a sentence says have something in common."""
    clause = binder.clause(place)
    here = [e for e in binder.entities if clause.start <= e < clause.end]
    if _refers(binder, place) and not any(e < place for e in here):
        ahead = [r for e in here for r in (binder.resolve(e) or [[]])[0]]
        subjects = binder.bind(clause.start) if clause.start else [[binder.rec]]
        options = [[binder.rec, *ahead], *([*refs, *ahead] for refs in subjects if refs)]
        return [o for o in options if len({r.ids for r in o}) > 1]
    refs: list[Ref] = []
    for e in here:
        for ref in (binder.resolve(e) or [[]])[0]:
            if all(ref.ids != other.ids for other in refs):
                refs.append(ref)
    if len(refs) > 1:
        return [refs]
    for others in (binder.refs(), binder.context.earlier[::-1], [binder.rec, *_cited(binder)]):
        options = [
            [ref, other]
            for other in others
            for ref in refs or binder.refs()[-1:] or [binder.rec]
            if other.ids != ref.ids
        ]
        if options:
            return options
    return []


def _cited(binder: Binder) -> list[Ref]:
    evidence = binder.context.facts.evidence
    return [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(evidence, 1)]


def check_share(binder: Binder, place: int, traits: Sequence[Trait]) -> None:
    """Check that items share what a sentence says they share."""
    binder.nodes[place].used = True
    clause = binder.clause(place)
    inside = [t for t in traits if clause.start <= t.place < clause.end]
    if any(n.has("ratingnoun", "best", "worst") for n in binder.within(clause)):
        _check_same_rating(binder, place)
        return
    roles = _roles(binder, place)
    if inside and (not roles or _is_plain_part(binder, clause)):
        return
    if any(n.lemma in {"different", "separate", "distinct"} for n in binder.within(clause)):
        return
    if not roles and binder.nodes[place].has("sharev") and not _tells_of_past(binder):
        return  # "five pupils share a detention"
    decade = any(n.lemma in {"decade", "era", "period"} for n in binder.nodes)
    options = [*sharers(binder, place), *_with_rec(binder, clause)]
    ok = any(_all_share(binder, refs, roles, decade=decade) for refs in options)
    what = "/".join(sorted(roles)) or "something"
    binder.context.report("relation", f"the same {what}", ok=ok)


def _tells_of_past(binder: Binder) -> bool:
    """Return whether anything but the recommended item is named, or could be cited."""
    named = any(not ref.rec for ref in [*binder.refs(), *binder.context.earlier])
    return named or bool(binder.context.facts.evidence)


def _with_rec(binder: Binder, clause: Clause) -> Alternatives:
    """Return the recommended item beside the last item of a clause that tells of "it"."""
    here = [e for e in binder.entities if clause.start <= e < clause.end]
    names = [e for e in here if not binder.nodes[e].has("anaphor")]
    if any(binder.nodes[e].has("both", "they") for e in here) or binder.says_all(clause.start):
        return []
    if (
        len(names) > 1
        and len(here) == len(names)
        and any(binder.nodes[e].has("rec") for e in names)
    ):
        return []
    last = (binder.resolve(here[-1]) or [[]])[0] if here else []
    return [[binder.rec, ref] for ref in last if not ref.rec]


def _is_plain_part(binder: Binder, clause: Clause) -> bool:
    """Return whether "the action part it shares" speaks of no role in a cast."""
    nouns = [n for n in binder.within(clause) if n.has(*FIELD_NOUNS) and not n.has("verb")]
    return all(n.lemma in {"part", "role", "face", "name", "line-up", "element"} for n in nouns)


def _roles(binder: Binder, place: int) -> set[str]:
    """Return what is shared, and mark the nouns that say so."""
    clause = binder.clause(place)
    nouns = [
        n
        for n in binder.nodes[clause.start : clause.end]
        if (not n.used or n is binder.nodes[place]) and n.has(*FIELD_NOUNS) and not n.has("verb")
    ]
    roles: set[str] = set()
    for noun in nouns:
        noun.used = True
        named = {role for name, role in FIELD_NOUNS.items() if noun.has(name)}
        roles |= named - {"theme"} or named
    return roles


def _all_share(binder: Binder, refs: Sequence[Ref], roles: set[str], *, decade: bool) -> bool:
    """Return whether the first has something in common with each, and each role with somebody."""
    if len(refs) < 2:
        return False
    pairs = [(a, b) for ref in refs[1:] for a in refs[0].ids for b in ref.ids]
    each = all(
        any(_have_common(binder, a, b, roles, decade=decade) for a in refs[0].ids for b in ref.ids)
        for ref in refs[1:]
    )
    used = all(
        any(_have_common(binder, a, b, {role}, decade=decade) for a, b in pairs) for role in roles
    )
    return each and used


def _have_common(binder: Binder, first: str, second: str, roles: set[str], *, decade: bool) -> bool:
    facts = binder.context.facts
    if first == second:
        return True
    if not roles:
        return bool(facts.shared(first, second))
    for role in roles:
        if role != "year":
            if facts.role_values(first, role) & facts.role_values(second, role):
                return True
            continue
        years = facts.year(first), facts.year(second)
        size = 10 if decade else 1
        if years[0] is not None and years[1] is not None and years[0] // size == years[1] // size:
            return True
    return False


def _check_same_rating(binder: Binder, place: int) -> None:
    """Check "[1] and [2] share your highest rating", "the same rating"."""
    facts = binder.context.facts
    rows = [
        [set(facts.ratings(events_of(facts, ref))) for ref in refs]
        for refs in sharers(binder, place)
    ]
    ok = any(len(row) > 1 and bool(set.intersection(*row)) for row in rows)
    binder.context.report("rating", "the same rating", ok=ok)
