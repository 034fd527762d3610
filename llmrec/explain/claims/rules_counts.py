"""Claims that count: films with a trait, the films named, shares and sizes of the history."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Proportion
from llmrec.explain.claims.durations import check_duration, is_duration, years_apart
from llmrec.explain.claims.events import events_of
from llmrec.explain.claims.kindred import stems
from llmrec.explain.claims.likely import cited_refs
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.rules_only import check_window
from llmrec.explain.claims.rules_sharing import FIELD_NOUNS
from llmrec.explain.claims.scopes import (
    Scope,
    head_of,
    is_window,
    scope_of,
    take_scope,
)
from llmrec.explain.claims.traits import Trait, find_traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node

_AT_LEAST = frozenset(["at least", "over", "more than", "above", "beyond"])
_LAST_YEAR_DAYS = 366
_POINTING = frozenset(["the", "these", "those", "both", "all", "of", "be"])
_AGING = ("older", "newer", "before", "after", "datev", "earlierword", "then", "followv")


def check_counts(binder: Binder) -> None:
    """Check "three crime films", "12 of your 45 films", "half of your history"."""
    for place, node in enumerate(binder.nodes):
        if node.used or node.kind not in {"number", "proportion"}:
            continue
        node.used = True
        if _tells_story(binder, place):
            binder.context.report("count", f"{node.text} of something else", ok=True)
        elif is_duration(binder, place):
            check_duration(binder, place)
        elif node.kind == "number" and is_window(binder, place):
            check_window(binder, place, scope_of(binder, place))
        elif isinstance(node.value, Proportion):
            _check_part(binder, node, node.value, scope_of(binder, place))
        elif _is_total(binder, place):
            binder.context.report("count", f"{node.text} in all", ok=True)
        elif not (_counts_something_else(binder, place) or _counts_values(binder, place)):
            _check_number(binder, place)


def _tells_story(binder: Binder, place: int) -> bool:
    """Return whether a number counts nothing of the history: "the drama half", "five of them"."""
    node, nodes = binder.nodes[place], binder.nodes
    lead, behind = nodes[max(0, place - 1) : place], nodes[place + 1 : place + 3]
    if isinstance(node.value, Proportion):
        return any(n.kind in {"value", "weak"} for n in lead)
    if node.text.isdigit() and len(node.text) > 3:
        return stems(node.text)[0] in binder.context.facts.card_words(
            binder.context.facts.item.item_id
        )
    them = [n.has("they") or n.lemma in {"of", "them", "those", "these"} for n in behind]
    if lead and lead[0].lemma == "the" and len(them) > 1 and all(them):
        return True
    clause = binder.within(binder.clause(place))
    yours = any(n.lemma in {"you", "your"} for n in nodes)
    return not yours and not any(
        n.has("film", "watchnoun", "uverb", "entity") for n in clause if not n.has("they")
    )


def _is_total(binder: Binder, place: int) -> bool:
    """Return whether a number is the size of the history ("one of your eight films")."""
    facts, value = binder.context.facts, binder.nodes[place].value
    lead = [n.lemma for n in binder.nodes[max(0, place - 2) : place]]
    owned = lead[-1:] == ["your"] and lead[0] in {"of", "among", "amongst", "in", "across"}
    sizes = {len(facts.past), len(facts.events)}
    return owned and isinstance(value, Range) and any(value.holds(size) for size in sizes)


def _counts_something_else(binder: Binder, place: int) -> bool:
    """Return whether reasons, persons, keywords or things of a story are counted, not films."""
    head = head_of(binder, place)
    if head is None:
        return False
    if head.has(*FIELD_NOUNS) and not head.has("film"):
        return True
    if head.kind == "unknown":
        return True
    return head.has("recnoun") and not head.has("film", "watchnoun")


def _check_part(binder: Binder, node: Node, demand: Proportion, scope: Scope) -> None:
    """Check "half of your films are romances"."""
    pool = scope.pool(binder)
    traits = scope.traits or binder.context.traits[-1:]
    meeting = [p for p in pool if all(t.holds(p.item.item_id) for t in traits)]
    ok = bool(pool) and bool(traits) and demand.part.holds(len(meeting) / len(pool))
    take_scope(binder, scope)
    binder.context.report("count", f"{node.text}: {len(meeting)} of {len(pool)}", ok=ok)
    _check_total(binder, binder.place[id(node)])


def _check_number(binder: Binder, place: int) -> None:
    node, scope = binder.nodes[place], scope_of(binder, place)
    wanted = node.amount
    if _at_least(binder, place):
        wanted = Range(wanted.low, 1e9)
    shown: set[int] = set()
    for traits in _trait_choices(binder, place, scope):
        counts = _counts(binder, scope, traits)
        shown |= counts
        if any(wanted.holds(c) for c in counts) or _counts_named(
            binder, place, traits, scope, wanted
        ):
            scope.traits, scope.inherited = list(traits), all(t not in scope.traits for t in traits)
            take_scope(binder, scope)
            ok = _shared_with(binder, scope)
            break
    else:
        ok = _is_loose(binder, place, scope, wanted)
        if not ok or not scope.traits:
            take_scope(binder, scope)
    label = ", ".join(t.label for t in scope.traits) or "events"
    binder.context.report("count", f"{node.text} of {label}: {sorted(shown)}", ok=ok)
    _check_total(binder, place)


def _trait_choices(binder: Binder, place: int, scope: Scope) -> Iterator[list[Trait]]:
    """Yield which traits a number may count: those of its reach, or those spoken of before."""
    traits = find_traits(binder)
    before = [
        t for t in [*binder.context.counted, *traits] if t.place < place and t not in scope.traits
    ]
    said = [*before[-1:]] or binder.context.traits[-1:]
    points = any(
        n.lemma in {"they", "them", "these", "those", "which", "such", "so", "more"}
        or n.has("additive")
        for n in binder.nodes[place : place + 4]
    )
    if points and said:
        yield [*said, *scope.traits]
    yield scope.traits
    if _tied(binder, place):
        return
    if said:
        yield said
        yield [*said, *scope.traits]
    inside = [t for t in traits if scope.clause.start <= t.place < scope.clause.end]
    if any(n.has("they") for n in binder.nodes[place + 1 : place + 3]) and inside:
        yield inside
    for trait in scope.traits if len(scope.traits) > 1 else []:
        yield [trait]


def _counts_values(binder: Binder, place: int) -> bool:
    """Return whether "all three" counts the names or traits that stand before it."""
    value = binder.nodes[place].value
    lead = binder.nodes[place - 1].lemma if place else ""
    names = [n for n in binder.nodes[:place] if n.kind in {"value", "weak"}]
    return (
        isinstance(value, Range)
        and lead in {"all", "these", "the", "those"}
        and not any(n.has("film", "value") for n in binder.nodes[place + 1 : place + 2])
        and value.holds(len(names))
    )


def _tied(binder: Binder, place: int) -> bool:
    """Return whether what is counted stands right behind the number ("three crime films")."""
    behind = binder.nodes[place + 1 : place + 3]
    return any(n.kind == "value" for n in behind[:1]) and not any(n.has("comma") for n in behind)


def _counts(binder: Binder, scope: Scope, traits: Sequence[Trait]) -> set[int]:
    """Return how many events and items have all traits, now and once the new item is seen."""
    facts = binder.context.facts
    meeting = [p for p in scope.pool(binder) if all(t.holds(p.item.item_id) for t in traits)]
    rows = [meeting]
    if scope.tests:  # "In May" means the last May where no year is told.
        rows.append([p for p in meeting if p.moment.days <= _LAST_YEAR_DAYS])
    found = {n for row in rows for n in (len(row), len({p.item.item_id for p in row}))}
    would = any(
        n.has("modal") or n.lemma in {"make", "become"} for n in binder.within(scope.clause)
    )
    if traits and would and all(t.holds(facts.item.item_id) for t in traits):
        found |= {n + 1 for n in found}
    return found


def _counts_named(
    binder: Binder, place: int, traits: Sequence[Trait], scope: Scope, wanted: Range
) -> bool:
    """Return whether a number counts items that are named or cited: "the three", "two of them"."""
    named = _past_named(binder, place)
    cited = [r for r in cited_refs(binder) if r.ids]
    lead = binder.nodes[max(0, place - 2) : place]
    pointed = any(n.lemma in _POINTING for n in lead)
    clause = binder.within(scope.clause)
    if (
        traits
        and any(n.lemma == "your" for n in clause)
        and any(n.has("watchnoun") for n in clause)
    ):
        return False
    rows = [named, [*named, binder.rec]] if named else []
    rows += [cited, [*cited, binder.rec]] if pointed or not named else []
    return any(
        row and wanted.holds(len(row)) and all(_meets(binder, ref, traits, scope) for ref in row)
        for row in rows
    ) or (
        bool(traits)
        and any(
            wanted.holds(sum(_meets(binder, r, traits, scope) for r in row)) for row in rows if row
        )
    )


def _meets(binder: Binder, ref: Ref, traits: Sequence[Trait], scope: Scope) -> bool:
    facts = binder.context.facts
    if not all(any(t.holds(i) for i in ref.ids) for t in traits):
        return False
    return not scope.tests or any(
        all(test(p) for test in scope.tests) for p in events_of(facts, ref)
    )


def _past_named(binder: Binder, place: int) -> list[Ref]:
    facts = binder.context.facts
    found: list[Ref] = []
    for e in binder.entities:
        for ref in (binder.resolve(e) or [[]])[0]:
            known = any(ref.ids == o.ids and ref.cites == o.cites for o in found)
            if events_of(facts, ref) and not known:
                found.append(ref)
    behind = [r for e in binder.entities if e > place for r in (binder.resolve(e) or [[]])[0]]
    return [r for r in found if r in behind] or found


def _is_loose(binder: Binder, place: int, scope: Scope, wanted: Range) -> bool:
    """Return whether a number that stands alone tells years apart or the runner-up of a role."""
    behind = binder.nodes[place + 1 : place + 3]
    if any(n.has("film", "watchnoun", "value") for n in behind[:1]):
        return False
    clause = binder.within(scope.clause)
    if any(n.has(*_AGING) or n.lemma == "by" for n in clause) and years_apart(binder, wanted):
        return True
    if any(n.lemma in {"next", "against", "runner-up", "second"} for n in binder.nodes):
        facts = binder.context.facts
        for role in ("genre", "director", "cast"):
            counts = Counter(v for i in facts.events for v in facts.role_values(i, role))
            if any(wanted.holds(c) for c in sorted(counts.values())[-3:]):
                return True
    return False


def _shared_with(binder: Binder, scope: Scope) -> bool:
    """Return whether what is counted holds of the item it is "shared with" as well."""
    clause = scope.clause
    places = range(clause.start, clause.end)
    sharing = [n for n in places if binder.nodes[n].lemma == "share" and not binder.nodes[n].used]
    after = [e for e in binder.entities if sharing and sharing[0] < e < clause.end]
    if not after or not scope.traits:
        return True
    binder.nodes[sharing[0]].used = True
    refs = (binder.resolve(after[0]) or [[]])[0]
    return all(any(t.holds(i) for i in ref.ids) for ref in refs for t in scope.traits)


def _at_least(binder: Binder, place: int) -> bool:
    lead = binder.nodes[place - 1] if place else None
    before = binder.nodes[place - 2 : place] if place > 1 else []
    words = " ".join(n.text.lower() for n in before)
    return (lead is not None and lead.text.lower() in _AT_LEAST) or words.endswith("more than")


def _check_total(binder: Binder, place: int) -> None:
    """Check the second number of "12 of your 45 films": the size of the history."""
    facts, nodes = binder.context.facts, binder.nodes
    clause = binder.clause(place)
    for n in range(place + 1, min(clause.end, place + 6)):
        node = nodes[n]
        if node.kind != "number" or node.used or not isinstance(node.value, Range):
            continue
        between = nodes[place + 1 : n]
        if any(b.lemma in {"of", "out"} for b in between) and not any(
            b.kind == "entity" for b in between
        ):
            node.used = True
            sizes = {len(facts.past), len(facts.events), len(facts.evidence)}
            ok = any(node.value.holds(size) for size in sizes)
            binder.context.report("count", f"{node.text} in all: {sorted(sizes)}", ok=ok)
