"""What is true of an item, its evidence and a history: computed on demand, asked by the checks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING

from llmrec.explain.claims.kindred import stems
from llmrec.explain.claims.tokens import fold
from llmrec.explain.claims.vocabulary import Value, attribute_values
from llmrec.explain.claims.when import Moment
from llmrec.types import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.types import Evidence, History, Interaction

TASTE_EVENTS = 2
"""A taste needs at least so many events with the attribute, ..."""
TASTE_SHARE = 0.1
"""... a genre also this share of the history, ..."""
OFTEN_EVENTS = 3
OFTEN_SHARE = 0.15
"""... and "often" so many, and for a genre this share."""
MOSTLY_SHARE = 0.5
"""What "mostly" exceeds."""
LIKED_PART = 0.7
LOVED_PART = 0.8
FOND_PART = 0.64
DISLIKED_PART = 0.5
"""Parts of the best rating: liked from .7, loved or rated highly from .8, disliked up
to .5; whoever is fond of something rates it above .64 on average."""
CLASSIC_YEARS = 20
"""How old a film is that may be called a classic or old one."""
_LONG_TEXT_WORDS = 7


@dataclass(frozen=True, slots=True)
class Past:
    """A visible event of the history."""

    position: int
    interaction: Interaction
    item: Item
    moment: Moment


class Facts:
    """The truth about one recommendation.

    Args:
        item: What is recommended.
        evidence: Its evidence, in the order of its citations.
        history: The user's.
        catalogue: Every item by id; an event of an unknown item goes by its id.
        lexicon: Which attribute plays which role.
        zone: The time zone in which times are told.
        southern: Whether the seasons are those of the southern hemisphere.
        rating_scale: The best possible rating; None reads 5, 10 or 100 off the history's highest.
        series: Gives the ids of every series, in the catalogue's order.
    """

    def __init__(  # noqa: PLR0913  (it is told everything once)
        self,
        item: Item,
        evidence: Sequence[Evidence],
        history: History,
        catalogue: Mapping[str, Item],
        lexicon: Lexicon,
        *,
        zone: tzinfo = UTC,
        southern: bool = False,
        rating_scale: float | None = None,
        series: Callable[[], Mapping[str, Sequence[str]]] = dict,
    ) -> None:
        self.item = item
        self.evidence = tuple(evidence)
        self.lexicon = lexicon
        self._catalogue = catalogue
        self._given = {e.item.item_id: e.item for e in evidence} | {item.item_id: item}
        self._scale = rating_scale
        self._series = series
        self._card_words: dict[str, frozenset[str]] = {}
        now = history.as_of.astimezone(zone)
        visible = [(n, e) for n, e in enumerate(history.interactions) if n not in history.omitted]
        self.past = tuple(
            Past(
                position,
                event,
                self.item_of(event.item_id),
                Moment(
                    local=event.timestamp.astimezone(zone),
                    now=now,
                    newer=len(visible) - 1 - n,
                    southern=southern,
                ),
            )
            for n, (position, event) in enumerate(visible)
        )
        self.now: datetime = now

    def item_of(self, item_id: str) -> Item:
        """Return an item; one that no catalogue knows goes by its id."""
        return self._given.get(item_id) or item_or_id(self._catalogue, item_id)

    @cached_property
    def events(self) -> Mapping[str, tuple[Past, ...]]:
        """The visible events by item id."""
        by_item: dict[str, list[Past]] = {}
        for past in self.past:
            by_item.setdefault(past.item.item_id, []).append(past)
        return {item_id: tuple(row) for item_id, row in by_item.items()}

    @cached_property
    def by_position(self) -> Mapping[int, Past]:
        """The visible events by position."""
        return {past.position: past for past in self.past}

    @cached_property
    def evidence_ids(self) -> frozenset[str]:
        """The ids of the cited items."""
        return frozenset(e.item.item_id for e in self.evidence)

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """The ids of all items in question: the recommended, the cited, the seen."""
        return frozenset(self.events) | self.evidence_ids | {self.item.item_id}

    def values(self, item_id: str) -> frozenset[tuple[str, str]]:
        """Return an item's text attributes as (field, folded value)."""
        attributes = self.item_of(item_id).attributes
        return frozenset((name, fold(value)) for name, value in attribute_values(attributes))

    def has(self, item_id: str, values: Iterable[Value]) -> bool:
        """Return whether an item has one of these attribute values."""
        own = self.values(item_id)
        return any((value.field, fold(value.value)) in own for value in values)

    def role_values(self, item_id: str, role: str) -> frozenset[str]:
        """Return the folded values of an item's attributes of a role (director, genre, ...)."""
        return frozenset(
            value for name, value in self.values(item_id) if self.lexicon.role(name) == role
        )

    def has_role(self, item_id: str, role: str) -> bool:
        """Return whether anything is known about an item in this respect."""
        return bool(self.role_values(item_id, role))

    def part(self, item_id: str) -> int | None:
        """Return an item's number in its series: as given, else by the catalogue's order."""
        attributes = self.item_of(item_id).attributes
        for name, value in attributes.items():
            if self.lexicon.role(name) == "part" and str(value).isdigit():
                return int(str(value))
        for series in self.role_values(item_id, "franchise"):
            members = self._series().get(series, ())
            if item_id in members:
                return members.index(item_id) + 1
        return None

    def same_series(self, first: str, second: str) -> bool:
        """Return whether two items belong to one series."""
        return bool(self.role_values(first, "franchise") & self.role_values(second, "franchise"))

    def comes_after(self, later: str, sooner: str) -> bool:
        """Return whether one item continues another: a later part that was not released before."""
        if later == sooner or not self.same_series(later, sooner):
            return False
        parts, years = (self.part(later), self.part(sooner)), (self.year(later), self.year(sooner))
        if None not in years and years[0] < years[1]:  # type: ignore[operator]
            return False
        if None in parts:
            return None not in years and years[0] > years[1]  # type: ignore[operator]
        return parts[0] > parts[1]  # type: ignore[operator]

    def year(self, item_id: str) -> int | None:
        """Return an item's year, from its attributes or the end of its title."""
        item = self.item_of(item_id)
        for name, value in item.attributes.items():
            if self.lexicon.role(name) == "year" and str(value).isdigit():
                return int(str(value))
        tail = item.title.rstrip()[-6:]
        return int(tail[1:5]) if tail[:1] == "(" and tail[1:5].isdigit() else None

    def text_words(self, item_id: str) -> frozenset[str]:
        """Return the stems of an item's descriptions, keywords and title."""
        attributes = self.item_of(item_id).attributes
        texts = [value for _, value in attribute_values(attributes)]
        return frozenset(word for text in texts for word in stems(text))

    def card_words(self, item_id: str) -> frozenset[str]:
        """Return the stems of an item's texts, title apart, and of words that paraphrase them."""
        if item_id not in self._card_words:
            texts = [value for _, value in attribute_values(self.item_of(item_id).attributes)]
            self._card_words[item_id] = self.lexicon.kindred.widened(texts)
        return self._card_words[item_id]

    def shared(self, first: str, second: str) -> frozenset[tuple[str, str]]:
        """Return the (role, value) pairs that two items have in common, long texts apart."""
        common = self.values(first) & self.values(second)
        return frozenset(
            (self.lexicon.role(name), value)
            for name, value in common
            if len(value.split()) <= _LONG_TEXT_WORDS
        )

    @property
    def stated_scale(self) -> float | None:
        """The best possible rating where it was given, not read off the history."""
        return self._scale

    @cached_property
    def scale(self) -> float:
        """The best possible rating."""
        if self._scale is not None:
            return self._scale
        highest = max((p.interaction.rating or 0.0 for p in self.past), default=0.0)
        return next((scale for scale in (5.0, 10.0, 100.0) if highest <= scale), highest)

    def ratings(self, pasts: Iterable[Past]) -> list[float]:
        """Return the ratings that were given."""
        return [p.interaction.rating for p in pasts if p.interaction.rating is not None]

    def matching(self, test: Callable[[Past], bool]) -> tuple[Past, ...]:
        """Return the visible events that meet a test."""
        return tuple(past for past in self.past if test(past))

    def has_seen_all(self, test: Callable[[str], bool]) -> bool:
        """Return whether every item of the catalogue that meets a test is in the history."""
        meeting = [item_id for item_id in self._catalogue if test(item_id)]
        return bool(meeting) and all(item_id in self.events for item_id in meeting)

    def having(self, field: str, value: str) -> tuple[Past, ...]:
        """Return the visible events whose item has an attribute value."""
        wanted = (field, fold(value))
        return self.matching(lambda past: wanted in self.values(past.item.item_id))

    def share_of(self, pasts: Sequence[Past]) -> float:
        """Return what part of the history these events are."""
        return len(pasts) / len(self.past) if self.past else 0.0

    def top(self, role: str) -> frozenset[str]:
        """Return the folded values of a role that most events have."""
        counts = Counter(
            value for past in self.past for value in self.role_values(past.item.item_id, role)
        )
        most = max(counts.values(), default=0)
        return frozenset(value for value, count in counts.items() if count == most)


def item_or_id(catalogue: Mapping[str, Item], item_id: str) -> Item:
    """Return an item; one that has left the catalogue goes by its id."""
    if item_id in catalogue:
        return catalogue[item_id]
    return Item(item_id=item_id, title=item_id)
