"""Claims about series: sequels, what comes next, which part it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llmrec.explain.claims.mentions import Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.vocabulary import Value
    from llmrec.explain.facts import Facts

_STORY = frozenset(
    ["where", "the", "story", "tale", "adventure", "series", "saga", "line", "of", "a"]
)


def check_franchise(binder: Binder) -> None:
    """Check sequels, prequels, continuations, and places in a series."""
    for place, node in enumerate(binder.nodes):
        if node.used:
            continue
        if node.has("sequelnoun", "prequelnoun"):
            _check_sequel(binder, place)
        elif node.has("continuing") and node.has("verb"):
            _check_continued(binder, place)
        elif node.kind == "ordinal" or (node.has("earliest") and node.lemma == "first"):
            _check_part(binder, place)
        elif node.has("nextinseries"):
            _check_next(binder, place)


def _check_sequel(binder: Binder, place: int) -> None:
    """Check "X is the sequel to Y", "its sequel, X"."""
    node = binder.nodes[place]
    target = _of_entity(binder, place)
    subjects = binder.bind(place) if target is None else _subject(binder, place, target)
    own = {i for refs in subjects for ref in refs for i in ref.ids}
    here = [ref for ref in binder.refs() if not ref.ids & own]
    bases = [target] if target is not None else here or _said(binder)
    later = node.has("sequelnoun")
    loose = node.lemma in {"follow-up", "followup", "successor", "continuation", "follow up"}
    facts = binder.context.facts
    if loose and not _is_strict(binder, place):
        return
    node.used = True
    ok = any(
        refs and base.ids != refs[0].ids and _follows(facts, refs[0], base, later=later)
        for refs in subjects
        for base in bases
    )
    binder.context.report("franchise", node.text, ok=ok)


def _is_strict(binder: Binder, place: int) -> bool:
    """Return whether "follow-up" is meant of the films and not of the choice."""
    lead = binder.nodes[max(0, place - 3) : place]
    if any(n.has("praise", "choiceadj") or n.lemma in {"a", "our", "my", "this"} for n in lead):
        return False
    return any(n.lemma in {"the", "its", "direct"} for n in lead)


def _of_entity(binder: Binder, place: int) -> Ref | None:
    """Return what a sequel is a sequel to."""
    behind = binder.nodes[place + 1 : place + 5]
    if not behind or behind[0].lemma not in {"to", "of", "for"}:
        return None
    first = next((e for e in binder.entities if place < e <= place + 4), None)
    readings = binder.resolve(first) if first is not None else []
    return readings[0][0] if readings and readings[0] else None


def _subject(binder: Binder, place: int, target: Ref) -> list[list[Ref]]:
    """Return what is said to be the sequel."""
    clause = binder.clause(place)
    before = [e for e in binder.entities if clause.start <= e < place]
    found = [r for e in before for r in binder.resolve(e) if r and r[0].ids != target.ids]
    later = [
        r
        for e in binder.entities
        if e > place
        for r in binder.resolve(e)
        if r and r[0].ids != target.ids
    ]
    return found or binder.bind(place) or later or [[binder.rec]]


def _said(binder: Binder) -> list[Ref]:
    facts = binder.context.facts
    cited = [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(facts.evidence, 1)]
    return [*binder.refs(), *binder.context.earlier, *cited]


def _follows(facts: Facts, later_ref: Ref, base: Ref, *, later: bool) -> bool:
    """Return whether one item comes after (or before) another in the same series."""
    return any(
        facts.comes_after(a, b) if later else facts.comes_after(b, a)
        for a in later_ref.ids
        for b in base.ids
    )


def _check_continued(binder: Binder, place: int) -> None:
    """Check "X continues the story of Y"; a run or a taste may be continued freely."""
    behind = binder.nodes[place + 1 : place + 7]
    story = any(n.lemma in {"story", "tale", "adventure", "saga", "adventures"} for n in behind)
    first = next((n for n in behind if n.lemma not in _STORY and not n.has("film")), None)
    if first is None or not (first.kind == "entity" or story or _is_series(binder, first)):
        return
    node = binder.nodes[place]
    node.used = True
    subjects = [r for e in binder.entities if e < place for r in binder.resolve(e)] or [
        [binder.rec]
    ]
    if first.kind == "value":
        values = cast("Sequence[Value]", first.value)
        ok = any(
            any(binder.context.facts.has(i, values) for i in ref.ids)
            and any(
                v.field and binder.context.facts.lexicon.role(v.field) == "franchise"
                for v in values
            )
            for refs in subjects[-1:]
            for ref in refs
        )
    elif first.kind == "entity":
        targets = binder.resolve(binder.place[id(first)])
        ok = any(
            _follows(binder.context.facts, a, b, later=True)
            for refs in subjects
            for a in refs
            for row in targets
            for b in row
            if a.ids != b.ids
        )
    else:
        ok = False
    binder.context.report("franchise", f"{node.text} a story", ok=ok)


def _check_part(binder: Binder, place: int) -> None:
    """Check "the third film of the series"."""
    node = binder.nodes[place]
    number = node.value if isinstance(node.value, int) else 1
    behind = binder.nodes[place + 1 : place + 7]
    series = next(
        (
            n
            for n, b in enumerate(behind)
            if (b.has("franchisenoun") and not b.has("film")) or _is_series(binder, b)
        ),
        None,
    )
    if series is None or not any(b.lemma in {"in", "of"} for b in behind[:series]):
        return
    node.used = True
    facts = binder.context.facts
    readings = [*binder.bind(place), [binder.rec]] if not binder.refs() else binder.bind(place)
    ok = any(
        refs and all(any(facts.part(i) == number for i in ref.ids) for ref in refs)
        for refs in readings
    )
    for b in behind[: series + 1]:
        b.used = b.used or b.has("franchisenoun")
    binder.context.report("franchise", f"part {number}", ok=ok)


def _is_series(binder: Binder, node: object) -> bool:
    values = getattr(node, "value", None)
    if getattr(node, "kind", "") != "value" or not values:
        return False
    role = binder.context.facts.lexicon.role
    return any(role(v.field) == "franchise" for v in values)


def _check_next(binder: Binder, place: int) -> None:
    """Check "the next of the series": one further than what was seen or named."""
    node = binder.nodes[place]
    node.used = True
    facts = binder.context.facts
    item = facts.item.item_id
    seen = [i for i in facts.events if i != item and facts.same_series(i, item)]
    parts = [part for i in seen if (part := facts.part(i)) is not None]
    own = facts.part(item)
    ok = bool(seen) and (own is None or (bool(parts) and own == max(parts) + 1))
    lead = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    after = [e for e in binder.entities if e == place + 2]
    if lead is not None and lead.has("after") and after:
        ok = ok and any(
            facts.comes_after(item, i)
            for refs in binder.resolve(after[0])
            for r in refs
            for i in r.ids
        )
    binder.context.report("franchise", node.text, ok=ok)
