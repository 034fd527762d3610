"""Persons as subjects: what a sentence says that somebody made or played in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node

MAKERS = frozenset(["director", "writer"])
ACTORS = frozenset(["cast"])
ANY = frozenset(["director", "writer", "cast"])
_MAKING = frozenset(["direct", "helm", "make", "shoot", "create", "deliver", "craft"])
_PLAYING = frozenset(
    [
        "star",
        "appear",
        "act",
        "play",
        "lead",
        "headline",
        "perform",
        "front",
        "co-star",
        "costar",
        "return",
        "reunite",
        "feature",
        "come",
    ]
) | {"turn up", "show up", "pop up", "be seen", "can be seen", "be back", "come back"}
_JOINING = frozenset(["join", "head", "anchor", "top"])
_OF = frozenset(["of", "from", "in", "behind"])
_STEP = frozenset(
    ["and", "both", "also", "of", "in", "to", "for", "on", "the", "a", "too", "either", "by"]
)
_KNOWN = frozenset(
    ["know", "see", "remember", "recognise", "recognize", "meet", "like", "love", "enjoy", "watch"]
)

Said = tuple[frozenset[str], Alternatives]
"""In which roles, and of what."""


def said_of_person(binder: Binder, place: int) -> list[Said]:
    """Return what a person's name is the subject of; nothing where it only describes an item.

    Understands "X directed A and B", "X, the director of A, also made B", "X of A plays in B",
    "X, whom you saw in A, is in the cast of B".
    """
    found: list[Said] = []
    here = _past_names(binder, place + 1)
    here = _take_phrase(binder, here, found)
    here = _take_aside(binder, here, found)
    here = _past_names(binder, here)
    main = _take_verb(binder, here) or _take_part(binder, here, known=bool(found))
    if main is not None:
        found.append(main)
    elif found and not any(roles != ANY for roles, _ in found) and not _ends(binder, here):
        return []
    return [(roles, targets) for roles, targets in found if targets]


def is_governed(binder: Binder, place: int) -> bool:
    """Return whether a preposition or a title of office stands before a name."""
    before = place - 1
    nodes = binder.nodes
    while before >= 0 and (
        nodes[before].lemma in {"and", "the", "both"}
        or nodes[before].has("comma")
        or nodes[before].kind == "value"
    ):
        before -= 1
    return before >= 0 and (
        nodes[before].lemma
        in {"by", "with", "of", "under", "starring", "for", "to", "like", "from"}
        or nodes[before].has("directornoun", "castnoun", "castv", "directv")
    )


def _past_names(binder: Binder, here: int) -> int:
    """Step over the other names of a list ("Cruise, Ferguson and Pegg")."""
    nodes = binder.nodes
    while here + 1 < len(nodes):
        joined = nodes[here].has("comma") or nodes[here].lemma == "and"
        behind = here + 1
        if joined and nodes[behind].lemma == "and" and behind + 1 < len(nodes):
            behind += 1
        if not (joined and nodes[behind].kind == "value"):
            return here
        here = behind + 1
    return here


def _take_phrase(binder: Binder, here: int, found: list[Said]) -> int:
    """Take "of A", "from A and B" right behind a name."""
    nodes = binder.nodes
    if here + 1 < len(nodes) and nodes[here].lemma in {"of", "from", "in"}:
        row, end = _objects(binder, here)
        if row:
            found.append((ANY, [row]))
            return end
    return here


def _take_aside(binder: Binder, here: int, found: list[Said]) -> int:
    """Take what stands between commas: an office, or what the person is known from."""
    nodes = binder.nodes
    if here + 2 >= len(nodes) or not nodes[here].has("comma", "open", "dash"):
        return here
    start = here + 1
    limit = min(len(nodes), start + 14)
    close = next(
        (
            n
            for n in range(start + 1, limit)
            if nodes[n].has("comma", "close", "dash") and not _listing(binder, n)
        ),
        None,
    )
    stop = close if close is not None else limit
    aside = range(start, stop)
    opener = nodes[start].lemma
    roles = _roles_in(binder, aside)
    objects = next((n for n in aside if nodes[n].lemma in _OF and _objects(binder, n)[0]), None)
    if opener == "the" and found and not roles < ANY:
        return here
    if opener in {
        "who",
        "whom",
        "whose",
        "the",
        "one",
        "star",
        "known",
        "familiar",
        "seen",
        "last",
        "also",
    } or nodes[start].has("directornoun", "castnoun", "you"):
        verb = _take_verb(binder, start + (opener in {"who", "whom"}))
        if opener == "who" and verb is not None:
            found.append(verb)
            return close + 1 if close is not None else len(nodes)
        if objects is not None:
            found.append((roles, [_objects(binder, objects)[0]]))
            return close + 1 if close is not None else len(nodes)
        if close is not None and not roles - ANY:
            return close + 1
    if opener in {"from", "of", "in"}:
        row, end = _objects(binder, start)
        if row:
            found.append((ANY, [row]))
            return end + 1 if end < len(nodes) and nodes[end].has("comma") else end
    return here


def _listing(binder: Binder, place: int) -> bool:
    """Return whether a comma stands between two entities."""
    nodes = binder.nodes
    return 0 < place < len(nodes) - 1 and nodes[place - 1].kind == "entity" == nodes[place + 1].kind


def _roles_in(binder: Binder, places: range) -> frozenset[str]:
    nodes = [binder.nodes[n] for n in places]
    if any(n.has("directornoun") or n.lemma in _MAKING for n in nodes):
        return MAKERS
    if any(n.has("castnoun") and n.lemma not in {"name", "face"} for n in nodes):
        return ACTORS
    return ANY


def _take_verb(binder: Binder, here: int) -> Said | None:
    """Take an active verb and what was made or played in."""
    nodes = binder.nodes
    while here < len(nodes) and _skipped(nodes[here]):
        here += 1
    if here >= len(nodes):
        return None
    roles = _roles_of_verb(binder, here)
    if roles is None:
        return None
    after = here + 1
    if after < len(nodes) and nodes[after].lemma == "by":
        return None
    while after < len(nodes) and nodes[after].kind != "entity" and not _breaks(nodes[after]):
        after += 1
    if after >= len(nodes) or nodes[after].kind != "entity":
        return None
    return roles, _as_readings(binder, after)


def _take_part(binder: Binder, here: int, *, known: bool) -> Said | None:
    """Take "heads the cast of A", "has a part in A"; of the new item where none is named."""
    nodes = binder.nodes
    end = here
    while end < len(nodes) and nodes[end].kind != "entity" and not _breaks(nodes[end]):
        end += 1
    stretch = range(here, end)
    roles = _roles_in(binder, stretch)
    joins = any(nodes[n].lemma in _PLAYING | _JOINING and nodes[n].has("verb") for n in stretch)
    if not joins and (roles == ANY or not any(nodes[n].has("verb", "aux") for n in stretch)):
        return None
    if end < len(nodes) and nodes[end].kind == "entity":
        row = _objects(binder, end - 1)[0]
        return (roles, [row]) if row else None
    return (roles, [[binder.rec]]) if known else None


def _skipped(node: Node) -> bool:
    return node.has("additive", "have_short", "then", "time", "modal") or (
        (node.has("aux") and node.lemma != "be")
        or node.lemma
        in {"who", "again", "both", "likewise", "now", "here", "all", "each", "himself", "herself"}
    )


def _roles_of_verb(binder: Binder, here: int) -> frozenset[str] | None:
    """Return the role that a verb gives its subject; None where it gives none."""
    node = binder.nodes[here]
    behind = binder.nodes[here + 1 : here + 7]
    words = {n.lemma for n in behind}
    if node.lemma in {"return", "reunite", "be back", "come back"} or (
        node.lemma == "be" and "back" in words
    ):
        return ANY
    if node.lemma == "be":
        if any(n.has("castnoun") for n in behind) or words & {"in", "back", "on board"}:
            return ACTORS if not any(n.has("directornoun") for n in behind) else MAKERS
        if any(n.has("directornoun") for n in behind) or "behind" in words or "helm" in words:
            return MAKERS
        return None
    if node.has("noun") and node.lemma not in _PLAYING | _MAKING:
        return None
    if node.lemma in _MAKING and node.has("verb"):
        return MAKERS
    if node.lemma in _PLAYING and node.has("verb"):
        return ACTORS
    if node.lemma in {"work", "be involved"}:
        return ANY
    return None


def _breaks(node: Node) -> bool:
    return (
        node.has("comma", "semicolon", "colon", "stop", "you", "cause", "dash")
        or node.lemma == "by"
    )


def _as_readings(binder: Binder, first: int) -> Alternatives:
    row, _ = _objects(binder, first - 1)
    return [row] if row else []


def _objects(binder: Binder, start: int) -> tuple[list[Ref], int]:
    """Return the refs of a list of items behind a place, and where the list ends.

    Prepositions may be repeated in it: "in [1], in [3] and in this film".
    """
    nodes = binder.nodes
    refs: list[Ref] = []
    end, here = start + 1, start + 1
    while here < len(nodes):
        node = nodes[here]
        if node.kind == "entity":
            readings = binder.resolve(here)
            if not readings or (refs and _starts_clause(binder, here + 1, here - 1)):
                break
            refs.extend(readings[0])
            end = here + 1
        elif not (
            node.lemma in _STEP
            or node.has("comma", "film", "additive", "classic")
            or (node.kind == "value" and not refs)
        ):
            break
        here += 1
    return refs, end


def _starts_clause(binder: Binder, verb: int, comma: int) -> bool:
    """Return whether an item behind a comma is the subject of a clause of its own."""
    nodes = binder.nodes
    finite = (
        verb < len(nodes) and nodes[verb].has("aux", "verb") and "ing" not in nodes[verb].classes
    )
    return finite and nodes[comma].has("comma")


def _ends(binder: Binder, here: int) -> bool:
    """Return whether nothing more is said behind a place."""
    return here >= len(binder.nodes) or binder.nodes[here].has("stop", "semicolon")
