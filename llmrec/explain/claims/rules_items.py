"""Claims about items: what they are, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.entities import Mention, Ref
from llmrec.explain.claims.events import events_of
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.traits import Trait, find_traits

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIELD_NOUNS = {
    "directornoun": "director",
    "castnoun": "cast",
    "genrenoun": "genre",
    "themenoun": "theme",
    "franchisenoun": "franchise",
    "yearnoun": "year",
    "countrynoun": "country",
}
_SHARING = ("sharev", "same", "sharing", "similarv")


def check_items(binder: Binder) -> None:
    """Check every trait that the sentence ascribes to an item, and every likeness of items."""
    shares = _share_places(binder)
    traits = find_traits(binder)
    claims = [(trait, _targets(binder, trait, shares)) for trait in traits]
    for trait, targets in claims:
        binder.nodes[trait.place].used = True
        ok = holds(targets, lambda ref, t=trait: _holds(ref, t))  # type: ignore[misc]
        names = " or ".join(_names(binder, refs) for refs in targets) or "nothing"
        binder.context.report("attribute", f"{trait.label} said of {names}", ok=ok)
    _check_companions(binder, claims)
    for place in shares:
        _check_share(binder, place, traits)


def _holds(ref: Ref, trait: Trait) -> bool:
    return any(trait.holds(item_id) for item_id in ref.ids)


def _names(binder: Binder, refs: Sequence[Ref]) -> str:
    return " and ".join(binder.context.name(ref.ids) for ref in refs)


def _targets(binder: Binder, trait: Trait, shares: Sequence[int]) -> Alternatives:
    """Return whom a trait is said of."""
    place = trait.place
    done = _objects(binder, place)
    if done is not None:
        return done
    clause = binder.clause(place)
    if any(clause.start <= share < clause.end for share in shares):
        return _sharers(binder, place)
    if binder.near(place, "both") and not any(
        binder.nodes[e].has("both") for e in binder.entities if clause.start <= e < clause.end
    ):
        pairs = _pairs(binder, place)
        if pairs:
            return pairs
    return binder.bind(place)


def _objects(binder: Binder, place: int) -> Alternatives | None:
    """Return what a person made or played in, where the name is a verb's subject."""
    from llmrec.explain.claims.traits import _verb_behind

    verb = _verb_behind(binder, place)
    if verb is None:
        return None
    start = binder.place[id(verb)]
    clause = binder.clause(start)
    after = [e for e in binder.entities if start < e < clause.end]
    if not after:
        return None
    row = binder.listed(after[0])
    every = [ref for e in row for ref in (binder.resolve(e) or [[]])[0]]
    before = binder.nodes[place - 1] if place else None
    if before is not None and before.lemma in {"by", "director", "with", "star"}:
        described = binder.bind(place)
        return [[*refs, *every] for refs in described]
    return [every] if len(row) > 1 else binder.resolve(after[0])


def _sharers(binder: Binder, place: int) -> Alternatives:
    """Return the items that a sentence says have something in common."""
    clause = binder.clause(place)
    here = [e for e in binder.entities if clause.start <= e < clause.end]
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


def _pairs(binder: Binder, place: int) -> Alternatives:
    """Return what "both" stands for next to a trait."""
    clause = binder.clause(place)
    before = [e for e in binder.entities if e < place]
    here = [e for e in before if clause.start <= e]
    row = binder.listed((here or before)[-1]) if before else []
    if len(row) == 2:
        return [[ref for e in row for ref in (binder.resolve(e) or [[]])[0]]]
    named = binder.refs()
    if len(named) == 2:
        return [named]
    return _sharers(binder, place)


def _check_companions(binder: Binder, claims: Sequence[tuple[Trait, Alternatives]]) -> None:
    """Check that "like [1]", "as does [1]" and "also" have something to be true of."""
    for e in binder.entities:
        if _contrasted(binder, e):
            _check_contrast(binder, e, claims)
        elif _compared(binder, e):
            near = [(t, a) for t, a in claims if _same_reach(binder, t.place, e)]
            near = [(t, a) for t, a in near if not _is_of(a, binder, e)]
            refs = (binder.resolve(e) or [[]])[0]
            if near:
                ok = any(all(_holds(ref, t) for ref in refs) for t, _ in near)
                binder.context.report("relation", f"{_names(binder, refs)} likewise", ok=ok)
    for place, node in enumerate(binder.nodes):
        if node.has("additive") and not node.used:
            near = [(t, a) for t, a in claims if _addresses(binder, place, t.place)]
            if near:
                _check_also(binder, near)


def _contrasted(binder: Binder, place: int) -> bool:
    return place > 0 and binder.nodes[place - 1].has("unlike")


def _check_contrast(
    binder: Binder, entity: int, claims: Sequence[tuple[Trait, Alternatives]]
) -> None:
    """Check "unlike [1], it is a comedy": that it is not so of what is set against it."""
    near = [(t, a) for t, a in claims if _same_reach(binder, t.place, entity)]
    near = [(t, a) for t, a in near if not _is_of(a, binder, entity)]
    refs = (binder.resolve(entity) or [[]])[0]
    if near:
        ok = any(not any(_holds(ref, t) for ref in refs) for t, _ in near)
        binder.context.report("comparison", f"{_names(binder, refs)} differs", ok=ok)


def check_ages(binder: Binder) -> None:
    """Check "X is older than Y by nine years": by their years of release."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.used or not node.has("older", "newer") or not binder.near(place, "than"):
            continue
        clause = binder.clause(place)
        here = [e for e in binder.entities if clause.start <= e < clause.end]
        refs = [ref for e in here for ref in (binder.resolve(e) or [[]])[0]]
        if len(refs) < 2:
            refs = [*(binder.bind(place) or [[]])[0][:1], *refs]
        if len(refs) < 2 or any(n.has("uverb") for n in binder.within(clause)):
            continue
        node.used = True
        years = [facts.year(min(ref.ids)) for ref in refs[:2]]
        apart = None if None in years else years[0] - years[1]  # type: ignore[operator]
        ok = apart is not None and (apart < 0 if node.has("older") else apart > 0)
        for other in binder.within(clause):
            if other.has("than"):
                other.used = True
            if other.kind == "number" and isinstance(other.value, Range):
                other.used = True
                ok = ok and apart is not None and other.value.holds(abs(apart))
        binder.context.report("comparison", f"{node.text}: {_names(binder, refs[:2])}", ok=ok)


def _addresses(binder: Binder, place: int, trait: int) -> bool:
    clause = binder.clause(place)
    return clause.start <= trait < clause.end


def _check_also(binder: Binder, near: Sequence[tuple[Trait, Alternatives]]) -> None:
    """Check that what is "also" so is so of something else as well."""
    facts = binder.context.facts
    named = [*binder.refs(), *binder.context.earlier]
    for_one = False
    for trait, targets in near:
        own = {i for refs in targets[:1] for ref in refs for i in ref.ids}
        others = [ref.ids for ref in named if not ref.ids & own]
        if not others:
            others = [frozenset([i]) for i in facts.events if i not in own]
            others += [frozenset([i]) for i in (facts.evidence_ids | {facts.item.item_id}) - own]
        for_one = for_one or any(trait.holds(i) for ids in others for i in ids)
        for_one = for_one or any(len(refs) > 1 for refs in targets[:1])
    binder.context.report("relation", "something else is so too", ok=for_one)


def _compared(binder: Binder, place: int) -> bool:
    """Return whether an entity stands behind "like", "as does", "similar to"."""
    before = place - 1
    nodes = binder.nodes
    while before >= 0 and (
        nodes[before].has("value", "weak", "film", "additive", "classic", "decade")
        or nodes[before].lemma in {"the", "a", "and"}
        or nodes[before].kind == "entity"
        or nodes[before].has("comma")
    ):
        before -= 1
    if before < 0 or not nodes[before].has("likeprep"):
        return False
    lead = nodes[before]
    if lead.lemma in {"with", "alongside", "as in"}:
        return False
    if lead.lemma != "like":
        return True
    after_subject = before > 0 and (
        nodes[before - 1].has("you", "modal", "additive", "neg")
        or nodes[before - 1].lemma in {"to", "really", "do", "clearly", "who"}
    )
    return not after_subject


def _same_reach(binder: Binder, trait: int, entity: int) -> bool:
    """Return whether a trait belongs to the comparison around an entity."""
    here, there = binder.clause(trait), binder.clause(entity)
    if here == there:
        return True
    between = binder.nodes[min(here.end, there.end) : max(here.start, there.start)]
    return (
        not any(node.has("semicolon", "stop") for node in between)
        and abs(binder.clauses.index(here) - binder.clauses.index(there)) <= 2
        if here in binder.clauses and there in binder.clauses
        else False
    )


def _is_of(targets: Alternatives, binder: Binder, entity: int) -> bool:
    """Return whether a trait is said of the compared entity itself."""
    refs = (binder.resolve(entity) or [[]])[0]
    return any(ref.ids == other.ids for group in targets[:1] for ref in group for other in refs)


def _share_places(binder: Binder) -> list[int]:
    """Return where a sentence says that items have something in common."""
    found = []
    for place, node in enumerate(binder.nodes):
        if node.used or not node.has(*_SHARING):
            continue
        if node.has("sharev", "similarv") and node.has("recv") and not _joins_items(binder, place):
            continue
        found.append(place)
    return found


def _joins_items(binder: Binder, place: int) -> bool:
    """Return whether a verb like "link" or "match" stands between items, not items and tastes."""
    clause = binder.within(binder.clause(place))
    if any(node.has("taste", "watchnoun") or node.has("mostly") for node in clause):
        return False
    entities = [node for node in clause if node.kind == "entity"]
    return len(entities) > 1


def _check_share(binder: Binder, place: int, traits: Sequence[Trait]) -> None:
    """Check that items share what a sentence says they share."""
    node, facts = binder.nodes[place], binder.context.facts
    node.used = True
    clause = binder.clause(place)
    inside = [t for t in traits if clause.start <= t.place < clause.end]
    nouns = [
        n
        for n in binder.nodes[clause.start : clause.end]
        if not n.used and n.has(*_FIELD_NOUNS) and not n.has("verb")
    ]
    if any(n.has("ratingnoun", "best", "worst") for n in binder.within(clause)):
        _check_same_rating(binder, place)
        return
    roles = {role for n in nouns for name, role in _FIELD_NOUNS.items() if n.has(name)}
    for n in nouns:
        n.used = True
    pairs = _sharers(binder, place)

    def common(first: frozenset[str], second: frozenset[str]) -> bool:
        return any(_have_common(binder, a, b, roles) for a in first for b in second)

    if inside and not roles:
        return
    ok = any(
        len(refs) > 1 and all(common(refs[0].ids, ref.ids) for ref in refs[1:]) for refs in pairs
    )
    what = "/".join(sorted(roles)) or "something"
    binder.context.report("relation", f"the same {what}", ok=ok)
    del facts


def _check_same_rating(binder: Binder, place: int) -> None:
    """Check "[1] and [2] share your highest rating", "the same rating"."""
    facts = binder.context.facts
    rows = [
        [set(facts.ratings(events_of(facts, ref))) for ref in refs]
        for refs in _sharers(binder, place)
    ]
    ok = any(len(row) > 1 and bool(set.intersection(*row)) for row in rows)
    binder.context.report("rating", "the same rating", ok=ok)


def _have_common(binder: Binder, first: str, second: str, roles: set[str]) -> bool:
    facts = binder.context.facts
    if first == second:
        return True
    if not roles:
        return bool(facts.shared(first, second))
    for role in roles:
        if role == "year":
            years = facts.year(first), facts.year(second)
            if None not in years and (years[0] == years[1]):
                return True
            if None not in years and years[0] // 10 == years[1] // 10:  # type: ignore[operator]
                clause_decade = any(n.lemma in {"decade", "era", "period"} for n in binder.nodes)
                if clause_decade:
                    return True
        elif facts.role_values(first, role) & facts.role_values(second, role):
            return True
    return False


def mention_of(binder: Binder, place: int) -> Mention:
    """Return what an entity node stands for."""
    mention: Mention = binder.nodes[place].value  # type: ignore[assignment]
    return mention
