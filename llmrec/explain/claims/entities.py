"""What a sentence is about: titles with their citations, and words that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.anaphors import take_anaphors
from llmrec.explain.claims.mentions import Context, Mention, Ref
from llmrec.explain.claims.tokens import tokenize
from llmrec.explain.claims.vocabulary import title_forms
from llmrec.explain.claims.when import When

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.node import Node


_SKIPPED = frozenset(["open", "close", "comma"])


def link_entities(context: Context) -> None:
    """Turn titles, citations and the words that stand for them into entity nodes."""
    _take_dated(context)
    nodes = context.sentence.nodes
    for place, node in enumerate(nodes):
        if node.kind == "title":
            _take_title(context, place)
    _take_citations(context)
    _take_persons(context)
    take_anaphors(context)
    context.sentence.nodes = [node for node in nodes if node.kind != "gone"]


def _take_dated(context: Context) -> None:
    """Read a citation resolved for display ("“Heat” (18 May 2024) [1]") as the bare citation.

    Its date is checked and used up, so that what is said of it is read as it was in the draft.
    """
    facts, nodes = context.facts, context.sentence.nodes
    kept: list[Node] = []
    for node in nodes:
        kept.append(node)
        row = kept[-5:]
        if node.kind != "cite" or [n.kind for n in row[::2]] != ["title", "time", "cite"]:
            continue
        title, opened, date, closed, _ = row
        numbers = node.numbers
        cited = [facts.evidence[n - 1] for n in numbers if 1 <= n <= len(facts.evidence)]
        titles = title.titles
        if not (opened.has("open") and closed.has("close") and _is_date(date)):
            continue
        if len(cited) != 1 or len(numbers) != 1 or cited[0].item.item_id not in titles:
            continue
        past = facts.by_position.get(cited[0].position)
        ok = past is not None and date.time.holds(past.moment)
        context.report("time", f"{title.text} {node.text}: {date.text}", ok=ok)
        del kept[-5:-1]
    context.sentence.nodes = kept


def _is_date(node: Node) -> bool:
    """Return whether a time is a day, not the bare year of a release."""
    return isinstance(node.value, When) and node.value.year is None


def _take_title(context: Context, place: int) -> None:
    nodes, facts = context.sentence.nodes, context.facts
    node = nodes[place]
    titles = node.titles
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
        numbers = node.numbers
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
            mention = owner.mention
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
    last = node.text.lower().split()[-1:]
    return not _GOVERNORS.isdisjoint([node.lemma, *last]) or node.has("than", "sequelnoun")


_GOVERNORS = frozenset([
    "of", "to", "in", "on", "at", "by", "for", "from", "with", "into", "onto", "about",
    "between", "among", "and", "or", "than", "as", "after", "before", "like", "both", "see",
    "via", "per", "over", "against", "behind", "is", "was", "are", "were", "through", "around",
    "upon",
])  # fmt: skip


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
            values = node.values
            if all(value.field in roles for value in values):
                context.people.append(values)
        elif context.people and node.kind == "word" and node.lemma in _PRONOUNS:
            node.kind, node.value = "value", context.people[-1]
