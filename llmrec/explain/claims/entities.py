"""What a sentence is about: titles with their citations, and words that stand for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.tokens import tokenize
from llmrec.explain.claims.vocabulary import title_forms
from llmrec.explain.claims.when import When
from llmrec.types import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.nodes import Node, Sentence
    from llmrec.explain.claims.traits import Trait
    from llmrec.explain.claims.vocabulary import Value
    from llmrec.explain.facts import Facts

Anaphor = Literal["", "rec", "it", "past", "they", "both", "former", "latter", "nth"]


@dataclass(frozen=True, slots=True)
class Ref:
    """An item that a sentence speaks of."""

    ids: frozenset[str]
    """One id, or several that share the title: what holds for one of them is granted."""
    cites: tuple[int, ...] = ()
    rec: bool = False
    """Whether it is the recommended item."""
    name: str = ""


@dataclass(slots=True, eq=False)
class Mention:
    """What an entity node stands for."""

    refs: list[Ref] = field(default_factory=list)
    anaphor: Anaphor = ""
    nth: int = 0
    """Of "the second": which."""


@dataclass(slots=True)
class Context:
    """What has been said so far, and the truth to hold it against."""

    facts: Facts
    sentence: Sentence
    earlier: list[Ref]
    """Refs of the sentences before, in order."""
    findings: list[Finding]
    people: list[frozenset[Value]] = field(default_factory=list)
    """Persons named in the sentences before, in order."""
    traits: list[Trait] = field(default_factory=list)
    """What was said of items in the last sentence that said anything."""
    said: list[Trait] = field(default_factory=list)
    """What this sentence says of items."""
    counted: list[Trait] = field(default_factory=list)
    """What this sentence counted in the history."""

    def report(self, category: str, detail: str, *, ok: bool) -> None:
        """Add a finding on the sentence."""
        self.findings.append(
            Finding(category=category, sentence=self.sentence.text, ok=ok, detail=detail)
        )

    def name(self, ids: frozenset[str]) -> str:
        """Return an item's title, for findings."""
        return self.facts.item_of(min(ids)).title if ids else "?"


_SKIPPED = frozenset(["open", "close", "comma"])


def link_entities(context: Context) -> None:
    """Turn titles, citations and the words that stand for them into entity nodes."""
    nodes = context.sentence.nodes
    for place, node in enumerate(nodes):
        if node.kind == "title":
            _take_title(context, place)
    _take_citations(context)
    _take_persons(context)
    _take_anaphors(context)
    context.sentence.nodes = [node for node in nodes if node.kind != "gone"]


def _take_title(context: Context, place: int) -> None:
    nodes, facts = context.sentence.nodes, context.facts
    node = nodes[place]
    titles: frozenset[str] = node.value  # type: ignore[assignment]
    full = frozenset(i for i in titles if _in_full(facts.item_of(i).title, node.text)) or titles
    ids = (full & facts.known_ids) or full
    year = _year_behind(nodes, place)
    if year is not None:
        right = frozenset(i for i in ids if facts.year(i) == year)
        known = any(facts.year(i) is not None for i in ids)
        context.report("year", f"{node.text} is from {year}", ok=bool(right) and known)
        ids = right or ids
        for behind in nodes[place + 1 : place + 4]:
            behind.kind = "gone"
    if _is_longer(nodes, place):
        context.report("title", f"{node.text} {nodes[place + 1].text} is no title here", ok=False)
    seen = ids & (frozenset(facts.events) | facts.evidence_ids)
    rec = facts.item.item_id in ids and not seen
    ok = rec or bool(seen)
    detail = f"{node.text} is {'known here' if ok else 'neither recommended nor in the history'}"
    context.report("title", detail, ok=ok)
    node.kind = "entity"
    node.value = Mention([Ref(ids if rec else seen or ids, rec=rec, name=node.text)])
    node.classes = frozenset(["rec" if rec else "past", "named"])


def _in_full(title: str, text: str) -> bool:
    """Return whether a text is an item's whole title and no short form of it."""
    words = [t.fold for t in tokenize(text) if t.is_word]
    return any(
        words == [t.fold for t in tokenize(form) if t.is_word] for form in title_forms(title)
    )


def _is_longer(nodes: Sequence[Node], place: int) -> bool:
    """Return whether a number makes another title of a title ("Heat 2 [1]")."""
    behind = nodes[place + 1 : place + 3]
    if not behind or behind[0].kind != "number" or not behind[0].text.isdigit():
        return False
    if any(n.has("ratev") for n in nodes[max(0, place - 6) : place]) and not (
        len(behind) > 1 and behind[1].kind == "cite"
    ):
        return False
    return len(behind) < 2 or behind[1].kind in {"cite", "mark"}


def _year_behind(nodes: Sequence[Node], place: int) -> int | None:
    """Return the year in parentheses right behind a title."""
    behind = nodes[place + 1 : place + 4]
    if len(behind) < 3 or not (behind[0].has("open") and behind[2].has("close")):
        return None
    return behind[1].value.year if isinstance(behind[1].value, When) else None


def _take_citations(context: Context) -> None:
    nodes = context.sentence.nodes
    live = [node for node in nodes if node.kind != "gone"]
    for place, node in enumerate(live):
        if node.kind != "cite":
            continue
        numbers: tuple[int, ...] = node.value  # type: ignore[assignment]
        count = len(context.facts.evidence)
        wrong = [n for n in numbers if not 1 <= n <= count]
        if wrong:
            context.report("citation", f"there is no evidence [{wrong[0]}]", ok=False)
            node.kind = "gone"
            continue
        owners = _owners(live, place, context)
        if owners:
            _attach(context, node, numbers, owners)
        else:
            items = [(n, context.facts.evidence[n - 1].item) for n in numbers]
            node.kind = "entity"
            node.value = Mention(
                [Ref(frozenset([i.item_id]), (n,), name=f"[{n}]") for n, i in items]
            )
            node.classes = frozenset(["past", "cited"])
            context.report("citation", f"{node.text} is evidence", ok=True)


def _attach(context: Context, node: Node, numbers: tuple[int, ...], owners: Sequence[Node]) -> None:
    """Give a citation to the titles it stands at, or find it wrong there."""
    node.kind = "gone"
    for number in numbers:
        item_id = context.facts.evidence[number - 1].item.item_id
        for owner in owners:
            mention: Mention = owner.value  # type: ignore[assignment]
            ref = mention.refs[0]
            both = ref.ids | (
                frozenset([item_id])
                if context.facts.item_of(item_id).title == context.name(ref.ids)
                else frozenset()
            )
            if item_id in both:
                mention.refs[0] = Ref(frozenset([item_id]), (*ref.cites, number), name=ref.name)
                owner.classes = frozenset(["past", "named", "cited"])
                context.report("citation", f"[{number}] is {owner.text}", ok=True)
                break
        else:
            title = context.facts.item_of(item_id).title
            context.report("citation", f"[{number}] is {title}, not {owners[-1].text}", ok=False)


def _owners(nodes: Sequence[Node], place: int, context: Context) -> list[Node]:
    """Return the titles that a citation belongs to: those right before it, or right after."""
    before = place - 1
    while before >= 0 and (nodes[before].kind == "gone" or nodes[before].text == "'s"):
        before -= 1
    if before >= 0 and nodes[before].has("close"):
        start = before
        while start >= 0 and not nodes[start].has("open"):
            start -= 1
        if start > 0 and nodes[start - 1].kind == "entity":
            before = start - 1
    if before >= 0 and nodes[before].kind == "entity" and nodes[before].has("named"):
        return _list_before(nodes, before)
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    if after is not None and after.has("open") and place + 2 < len(nodes):
        after = nodes[place + 2]
    if after is not None and after.kind == "entity" and after.has("named") and after.has("past"):
        return [after]
    if before >= 0 and nodes[before].kind != "mark" and not _governs(nodes[before]):
        return _source_of(nodes, before, context)
    return []


def _list_before(nodes: Sequence[Node], place: int) -> list[Node]:
    """Return a title and the uncited titles that it is listed with."""
    owners = [nodes[place]]
    place -= 1
    while place > 0 and (nodes[place].has("comma", "and") or nodes[place].lemma == "and"):
        if nodes[place - 1].kind == "entity" and nodes[place - 1].has("named"):
            owners.insert(0, nodes[place - 1])
            place -= 2
        elif nodes[place - 1].has("comma") or nodes[place - 1].lemma == "and":
            place -= 1
        else:
            break
    return owners


def _governs(node: Node) -> bool:
    """Return whether a word asks for a noun behind it, so that "[1]" is that noun."""
    if node.has("verb", "cause", "likeprep", "before", "after", "open", "colon", "dash", "gap"):
        return True
    return node.lemma in _GOVERNORS or node.has("than")


_GOVERNORS = frozenset(
    [
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "into",
        "onto",
        "about",
        "between",
        "among",
        "and",
        "or",
        "than",
        "as",
        "after",
        "before",
        "like",
        "both",
        "see",
        "via",
        "per",
        "over",
        "against",
        "behind",
        "is",
        "was",
        "are",
        "were",
        "through",
        "around",
        "upon",
    ]
)


def _source_of(nodes: Sequence[Node], before: int, context: Context) -> list[Node]:
    """Return the title that a citation at the end of a statement speaks for, if there is one."""
    titles = [
        node
        for node in nodes[: before + 1]
        if node.kind == "entity" and node.has("named") and node.has("past")
    ]
    free = [node for node in titles if not node.has("cited")]
    del context
    return free[-1:]


_PRONOUNS = frozenset(["he", "she", "his", "him", "her", "hers"])


def _take_persons(context: Context) -> None:
    """Let "he", "her", "his" stand for the person named last."""
    roles = context.facts.lexicon.person_fields
    for node in context.sentence.nodes:
        if node.kind == "value":
            values: frozenset[Value] = node.value  # type: ignore[assignment]
            if all(value.field in roles for value in values):
                context.people.append(values)
        elif context.people and node.kind == "word" and node.lemma in _PRONOUNS:
            node.kind, node.value = "value", context.people[-1]


def _take_anaphors(context: Context) -> None:
    nodes = [node for node in context.sentence.nodes if node.kind != "gone"]
    for place, node in enumerate(nodes):
        if node.kind == "word" and not node.used and not _is_nth(nodes, place):
            anaphor = _anaphor(nodes, place)
            if anaphor:
                node.kind = "entity"
                node.value = Mention(anaphor=anaphor)
                node.classes = frozenset(["anaphor", anaphor])
        elif _is_those(nodes, place):
            node.kind, node.value = "entity", Mention(anaphor="they", nth=int(node.value.low))  # type: ignore[attr-defined]
            node.classes = frozenset(["anaphor", "they"])
        elif _is_nth(nodes, place):
            number = node.value if isinstance(node.value, int) else 1
            node.kind, node.value = "entity", Mention(anaphor="nth", nth=number)
            node.classes = frozenset(["anaphor", "nth"])


def _is_those(nodes: Sequence[Node], place: int) -> bool:
    """Return whether a number stands for items named before: "those two"."""
    node = nodes[place]
    if not isinstance(node.value, Range) or not node.value.exact or place == 0:
        return False
    if nodes[place - 1].lemma not in {"those", "these", "the", "all", "both"} or node.value.low < 2:
        return False
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    of_them = place > 1 and nodes[place - 2].lemma == "of" and node.value.low == 2
    if of_them and after is not None and after.has("film", "watchnoun"):
        return True
    return after is None or after.has("stop", "comma", "aux", "close", "semicolon")


def _is_nth(nodes: Sequence[Node], place: int) -> bool:
    """Return whether "the first", "the second one" stands for something named before."""
    node = nodes[place]
    if node.kind != "ordinal" and not (node.kind == "word" and node.text.lower() == "first"):
        return False
    if place == 0 or nodes[place - 1].lemma != "the":
        return False
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    if (
        after is None
        or after.has("stop", "comma", "aux", "close", "semicolon")
        or after.lemma in {"and", "one", "the"}
        or (after.has("aboutv", "castv", "recv") and after.has("verb"))
    ):
        return True
    if not after.has("film"):
        return False
    behind = nodes[place + 2] if place + 2 < len(nodes) else None
    return behind is None or behind.has("aux", "stop", "comma") or behind.lemma in {"and", "is"}


def _anaphor(nodes: Sequence[Node], place: int) -> Anaphor:  # noqa: C901, PLR0912
    node = nodes[place]
    noun = _noun_behind(nodes, place)
    following = nodes[place + 1] if place + 1 < len(nodes) else None
    if node.has("ana_rec"):
        return "rec"
    if node.has("ana_they"):
        return "they"
    if node.lemma in {"former", "the former"}:
        return "former"
    if node.lemma in {"latter", "the latter"}:
        return "latter"
    if node.lemma == "it":
        return "it"
    if node.lemma in {"they", "them"}:
        return "they"
    if node.lemma == "this" and noun is not None and noun.has("film", "recnoun", "one"):
        return "rec"
    if node.lemma == "this" and _value_behind(nodes, place):
        return "rec"
    if node.lemma == "this" and (
        following is None or following.has("aux", "verb", "modal", "comma")
    ):
        return "rec"
    if (
        node.lemma == "that"
        and noun is not None
        and noun.has("film", "one")
        and _no_subject(nodes, place)
    ):
        return "past"
    if node.lemma in {"these", "those"} and noun is not None and noun.has("film"):
        return "they"
    if node.lemma in {"these", "those"} and following is not None and following.has("aux", "verb"):
        return "they"
    if node.lemma == "both" and _pronoun_both(nodes, place):
        return "both"
    return ""


def _no_subject(nodes: Sequence[Node], place: int) -> bool:
    return not (place + 1 < len(nodes) and nodes[place + 1].has("you"))


def _value_behind(nodes: Sequence[Node], place: int) -> bool:
    """Return whether only attribute words follow: "this romance came out ..."."""
    after = place + 1
    while after < len(nodes) and nodes[after].kind == "value":
        after += 1
    if after == place + 1:
        return False
    return after >= len(nodes) or nodes[after].has(
        "aux", "verb", "modal", "comma", "stop", "additive"
    )


def _noun_behind(nodes: Sequence[Node], place: int) -> Node | None:
    """Return the noun that a determiner goes with, past its adjectives."""
    for node in nodes[place + 1 : place + 6]:
        if node.has("film", "recnoun", "watchnoun", "taste") or node.lemma in {"one", "ones"}:
            return node
        adjective = node.has(
            "value", "weak", "number", "praise", "classic", "decade", "hyphen", "adjective"
        )
        time = isinstance(node.value, When) and node.value.year is not None
        if not (adjective or time or node.lemma in _ADJECTIVES or node.has("latest", "additive")):
            return None
    return None


_ADJECTIVES = frozenset(
    ["recommended", "suggested", "proposed", "new", "next", "other", "same", "particular", "two"]
)


def _pronoun_both(nodes: Sequence[Node], place: int) -> bool:
    """Return whether "both" stands alone: "both are ...", "both films", "both of them"."""
    following = nodes[place + 1] if place + 1 < len(nodes) else None
    if following is None:
        return True
    if following.has("film", "aux", "modal", "stop", "comma", "close"):
        return True
    if following.has("verb"):
        return "ing" not in following.classes and not (
            "past" in following.classes
            and place > 0
            and nodes[place - 1].has("comma", "aux", "entity")
        )
    return following.lemma == "of"
