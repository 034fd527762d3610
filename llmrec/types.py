"""The nouns: frozen, slotted, keyword-only; their constructors refuse what cannot be true."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from llmrec.errors import (
    ConfigError,
    DataError,
    LeakageError,
    UnknownItemError,
    did_you_mean,
)

AttributeValue = str | int | float | tuple[str, ...]
TokenIds = tuple[int, ...]
Scores = NDArray[np.float64]

SESSION_GAP_S = 6 * 3600
"""Seconds without an event after which the next one opens a new session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that can be recommended."""

    item_id: str
    title: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    """Further facts by name, e.g. ``{"year": 1979, "genres": ("Horror", "Sci-Fi")}``."""


class Catalogue(Mapping[str, Item]):
    """All items by id, in a fixed order, known by a content hash.

    Args:
        items: The items; an id that occurs twice is refused.

    Raises:
        DataError: Two items share an id.
    """

    __slots__ = ("_by_id", "_position", "_sha256")

    def __init__(self, items: Sequence[Item]) -> None:
        self._by_id = {item.item_id: item for item in items}
        if len(self._by_id) != len(items):
            counts = Counter(item.item_id for item in items)
            twice = counts.most_common(1)[0][0]
            raise DataError(f"item id {twice!r} occurs twice", remedy="Keep one row per item.")
        self._position = {item_id: n for n, item_id in enumerate(self._by_id)}
        self._sha256: str | None = None

    def __getitem__(self, item_id: str) -> Item:
        try:
            return self._by_id[item_id]
        except KeyError:
            raise UnknownItemError(
                f"item {item_id!r} is not in the catalogue of {len(self)} items",
                remedy=did_you_mean(item_id, self._by_id),
            ) from None

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def position(self, item_id: str) -> int:
        """Return the item's row number in the catalogue's order."""
        return self._position[self[item_id].item_id]

    @property
    def sha256(self) -> str:
        """Hash of every id, title and attribute, in order."""
        if self._sha256 is None:
            digest = hashlib.sha256()
            for item in self._by_id.values():
                row = [item.item_id, item.title, sorted(item.attributes.items())]
                digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            self._sha256 = digest.hexdigest()
        return self._sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One event of one user."""

    item_id: str
    timestamp: datetime
    """Aware; kept as UTC."""
    sequence: int = 0
    """Order among events of the same second."""
    rating: float | None = None
    event: str | None = None
    """What was done, e.g. ``"purchase"``; None where the log has one kind only."""
    quantity: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "timestamp", as_utc(self.timestamp, what="timestamp"))

    @property
    def moment(self) -> tuple[datetime, int]:
        """The total order of a user's events: time, then sequence."""
        return (self.timestamp, self.sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A user's interactions before a moment, oldest first.

    Raises:
        LeakageError: An interaction is not before ``(as_of, as_of_sequence)``.
        DataError: The interactions are not in order of (timestamp, sequence).
    """

    user_id: str
    as_of: datetime
    interactions: tuple[Interaction, ...] = ()
    as_of_sequence: int = 0
    """Events at exactly ``as_of`` count as before it when their sequence is below this."""
    omitted: frozenset[int] = frozenset()
    """Positions left out counterfactually: they keep their place in every budget, unseen."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "as_of", as_utc(self.as_of, what="as_of"))
        moments = [event.moment for event in self.interactions]
        if any(later < earlier for earlier, later in itertools.pairwise(moments)):
            raise DataError(
                f"the history of user {self.user_id!r} is not in order of (timestamp, sequence)",
                remedy="Sort the interactions before making a History.",
            )
        if moments and moments[-1] >= (self.as_of, self.as_of_sequence):
            raise LeakageError(
                f"the history of user {self.user_id!r} holds an event at "
                f"{moments[-1][0].isoformat()} (sequence {moments[-1][1]}), which is not before "
                f"as_of {self.as_of.isoformat()} (sequence {self.as_of_sequence})",
                remedy="Cut the history at as_of first.",
            )
        if any(not 0 <= position < len(moments) for position in self.omitted):
            raise ConfigError(f"omitted positions {sorted(self.omitted)} exceed {len(moments)}")

    @property
    def visible(self) -> tuple[Interaction, ...]:
        """The interactions that are not omitted, oldest first."""
        if not self.omitted:
            return self.interactions
        return tuple(e for n, e in enumerate(self.interactions) if n not in self.omitted)

    def without(self, positions: Sequence[int]) -> History:
        """Return this history with the events at these positions omitted (in addition)."""
        return dataclasses.replace(self, omitted=self.omitted | frozenset(positions))

    def sessions(self, gap_s: int = SESSION_GAP_S) -> tuple[tuple[int, ...], ...]:
        """Return positions grouped by session, oldest first; a gap over ``gap_s`` splits."""
        groups: list[list[int]] = []
        for position, event in enumerate(self.interactions):
            if groups:
                before = self.interactions[position - 1].timestamp
                if (event.timestamp - before).total_seconds() <= gap_s:
                    groups[-1].append(position)
                    continue
            groups.append([position])
        return tuple(tuple(group) for group in groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A moment of a user and what came next: the unit of evaluation."""

    history: History
    target: Interaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids, rendered once, and what they were rendered from."""

    token_ids: TokenIds
    messages: tuple[Message, ...]
    template_id: str
    """``<task>/<name>.v<N>``."""
    template_sha256: str


class Tokenizer(Protocol):
    """What prompts need of a model's tokenizer. Implementations live in ``llm/``."""

    @property
    def sha256(self) -> str:
        """Hash of the vocabulary and the chat template."""
        ...

    @property
    def control_strings(self) -> frozenset[str]:
        """Every string that this tokenizer turns into a control token."""
        ...

    def encode(self, text: str) -> TokenIds:
        """Return the ids of the text; nothing is added, control strings are recognised."""
        ...

    def encode_batch(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return ``encode`` of each text."""
        ...

    def decode(self, token_ids: Sequence[int]) -> str:
        """Return the text of the ids, control tokens included."""
        ...

    def chat(self, messages: Sequence[Message], *, as_of: datetime) -> str:
        """Return the chat as text, open for the assistant's answer.

        ``as_of`` is the only date that a chat template may show, and thinking is off.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that a retriever proposed."""

    item: Item
    score: float
    """The retriever's score, in its own unit; higher is better."""
    rank: int
    """From 1."""
    source: str
    """The retriever's name."""


ScoreKind = Literal["retrieval", "labels", "likelihood", "markers", "pointwise", "fusion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A permutation of candidates, best first, with a score for every one.

    Raises:
        ConfigError: Lengths differ, a score is not finite, scores rise, or an item occurs twice.
    """

    candidates: tuple[Candidate, ...]
    scores: tuple[float, ...]
    kind: ScoreKind
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Other scores of the same candidates, in the same order (``retrieval``, ``llm``, ...)."""
    notes: Mapping[str, float] = field(default_factory=dict)
    """Figures about the ranking as a whole (``label_mass``, ``fusion_weight``, ...)."""

    def __post_init__(self) -> None:
        sizes = {len(self.scores), *(len(part) for part in self.parts.values())}
        if sizes - {len(self.candidates)}:
            raise ConfigError(f"{len(self.candidates)} candidates but {sorted(sizes)} scores")
        if not all(map(math.isfinite, self.scores)):
            raise ConfigError(f"a score is not finite: {self.scores}")
        if any(b > a for a, b in itertools.pairwise(self.scores)):
            raise ConfigError("scores must not rise from the first candidate to the last")
        ids = [candidate.item.item_id for candidate in self.candidates]
        if len(set(ids)) != len(ids):
            raise ConfigError("an item occurs twice among the candidates")

    @classmethod
    def of(
        cls,
        candidates: Sequence[Candidate],
        scores: Sequence[float] | Scores,
        kind: ScoreKind,
        *,
        parts: Mapping[str, Sequence[float] | Scores] | None = None,
        notes: Mapping[str, float] | None = None,
    ) -> Ranking:
        """Sort candidates by score; ties go to the better retrieval rank."""
        if len(candidates) != len(scores):
            raise ConfigError(f"{len(candidates)} candidates but {len(scores)} scores")
        order = sorted(range(len(candidates)), key=lambda n: (-scores[n], candidates[n].rank))
        return cls(
            candidates=tuple(candidates[n] for n in order),
            scores=tuple(float(scores[n]) for n in order),
            kind=kind,
            parts={
                name: tuple(float(part[n]) for n in order) for name, part in (parts or {}).items()
            },
            notes=dict(notes or {}),
        )

    def position(self, item_id: str) -> int:
        """Return the item's place in the ranking, from 0."""
        for place, candidate in enumerate(self.candidates):
            if candidate.item.item_id == item_id:
                return place
        raise UnknownItemError(f"item {item_id!r} is not among the candidates of this ranking")

    def log_odds(self, item_id: str) -> float:
        """Return the log-odds of one item against the others: log p - log(1 - p), p a softmax."""
        place = self.position(item_id)
        scores = np.asarray(self.scores, dtype=np.float64)
        others = np.delete(scores, place)
        if not others.size:
            return math.inf
        top = others.max()
        return float(scores[place] - top - np.log(np.exp(others - top).sum()))


class Scorer(Protocol):
    """The whole decision for fixed candidates: retriever, LLM and fusion scored again."""

    @property
    def order_matters(self) -> bool:
        """Whether another candidate order can change the scores."""
        ...

    def __call__(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[Ranking]:
        """Return one ranking of exactly the given candidates per history."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A past event, and how much the item's log-odds fall without it (natural log)."""

    position: int
    """Index into ``History.interactions``."""
    interaction: Interaction
    item: Item
    effect: float
    noise: float
    """The spread of the same figure under other candidate orders."""
    group: tuple[int, ...]
    """The positions that were left out together."""


Author = Literal["llm", "llm-rewritten", "template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check said of one claim or sentence."""

    category: str
    sentence: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A reason in words, the events it rests on, and what the checks found."""

    text: str
    evidence: tuple[Evidence, ...]
    """In the order of their citations: ``evidence[0]`` is ``[1]``."""
    author: Author
    language: str
    findings: tuple[Finding, ...] = ()
    """The findings on ``text``; those on drafts that failed stand in ``rejected``."""
    rejected: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One place of the list that a user sees."""

    rank: int
    item: Item
    score: float
    candidate: Candidate
    explanation: Explanation | None = None


def as_utc(moment: datetime, *, what: str) -> datetime:
    """Return the moment in UTC.

    Raises:
        DataError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise DataError(
            f"{what} {moment.isoformat()} has no time zone",
            remedy="Attach one, e.g. moment.replace(tzinfo=timezone.utc).",
        )
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
