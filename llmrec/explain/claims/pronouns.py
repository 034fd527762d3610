"""What a pronoun may stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.mentions import Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Alternatives, Binder


def is_known(ref: Ref, refs: Sequence[Ref]) -> bool:
    """Return whether an item is among others."""
    return any(ref.ids == other.ids for other in refs)


def _unique(refs: Sequence[Ref]) -> list[Ref]:
    """Return refs in order, each once, at its last place."""
    kept: list[Ref] = []
    for ref in reversed(refs):
        if not is_known(ref, kept):
            kept.append(ref)
    return kept[::-1]


def meanings(anaphor: str, said: Sequence[Ref], binder: Binder) -> Alternatives:
    """Return what a pronoun may mean, the likeliest first."""
    facts = binder.context.facts
    last = _unique(said)
    if anaphor == "rec":
        # "This film" may also be the one just spoken of.
        return [[binder.rec], *([ref] for ref in last[-1:] if not ref.rec)]
    if anaphor == "it":
        return [[ref] for ref in last[:-3:-1]] or [
            *([ref] for ref in binder.refs()[:1]),
            [binder.rec],
        ]
    if anaphor == "past":
        past = [ref for ref in last if not ref.rec][-1:]
        cited = [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(facts.evidence, 1)]
        return [[ref] for ref in past] or [[ref] for ref in cited]
    if anaphor in {"former", "latter"} and len(last) > 1:
        place = -2 if anaphor == "former" else -1
        pasts = [ref for ref in _first_places(said) if not ref.rec]
        rows = [pasts] if len(pasts) > 1 else [last]
        return [[row[place]] for row in rows]
    return _sets(anaphor, last, binder)


def nth_of(number: int, said: Sequence[Ref], binder: Binder) -> Alternatives:
    """Return what "the second" may be: of those named, of those cited, of the series."""
    facts = binder.context.facts
    named = _first_places(said)
    found: Alternatives = [[named[number - 1]]] if len(named) >= number else []
    if len(facts.evidence) >= number:
        found.append([Ref(frozenset([facts.evidence[number - 1].item.item_id]), (number,))])
    series = [
        i
        for i in sorted(facts.known_ids)
        if facts.part(i) == number and any(facts.same_series(i, o) for r in said for o in r.ids)
    ]
    found += [[Ref(frozenset([i]), rec=i == facts.item.item_id)] for i in series]
    return found


def _first_places(refs: Sequence[Ref]) -> list[Ref]:
    kept: list[Ref] = []
    for ref in refs:
        if not is_known(ref, kept):
            kept.append(ref)
    return kept


def _sets(anaphor: str, last: Sequence[Ref], binder: Binder) -> Alternatives:
    """Return what a plural pronoun may mean."""
    facts = binder.context.facts
    cited = [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(facts.evidence, 1)]
    past = [ref for ref in last if not ref.rec]
    options = [list(last), past, [*past, binder.rec], cited, [*cited, binder.rec], list(last[-2:])]
    sized = [refs for refs in options if len(_unique(refs)) > 1]
    if anaphor == "both":
        sized = [refs for refs in sized if len(_unique(refs)) == 2]
    return sized
