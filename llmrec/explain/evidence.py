"""Which past events decided a recommendation: leave them out and score the decision again.

The effect of an event, or of a session, is the fall of the item's log-odds against the other
candidates when the history is read without it. What falls no further than re-scoring under other
candidate orders moves it anyway is no evidence.

Cost, in histories scored (the candidates of each stay fixed), for a user with G groups:

* ``1 + G``: the whole history, and the history without each group;
* where the order of candidates matters, ``n_orders * (1 + P)`` more: the P promising groups, those
  whose effect reaches ``min_effect`` for an item of the list, under other orders;
* ``D``: the single events of the deciding groups, at most ``max_events`` a group, and under other
  orders ``n_orders * D'`` for the promising ones among them.

The scorer is called once a stage and order for all users together: ``1 + n_orders`` calls for the
groups and as many for the single events, and none where there is nothing to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import ConfigError
from llmrec.explain.facts import item_or_id
from llmrec.explain.trials import Effects, Group, Trials
from llmrec.types import SESSION_GAP_S, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.types import History, Item, Ranking, Scorer


class EvidenceConfig(Settings):
    """How evidence is looked for, and what counts as evidence."""

    level: Literal["auto", "session", "event"] = "auto"
    """What is left out at first: whole sessions, single events, or sessions of which long ones
    are cut into runs of ``max_events``."""
    max_groups: int = Field(default=6, ge=1)
    """How many sessions (or runs, or events) are tried for a user, the newest first."""
    max_events: int = Field(default=8, ge=1)
    """How many events of a deciding session are tried singly, the newest first."""
    n_orders: int = Field(default=2, ge=0)
    """Other candidate orders scored to measure the noise, where the order matters."""
    min_effect: float = Field(default=0.1, gt=0)
    """The least fall of log-odds that counts (natural log: .1 is odds lower by a tenth)."""
    noise_factor: float = Field(default=2.0, ge=0)
    """A fall must exceed this many times the noise as well."""
    max_evidence: int = Field(default=3, ge=1)
    """The most events that are cited for an item, the strongest first."""

    def threshold(self, noise: float) -> float:
        """Return what an effect must exceed: ``max(min_effect, noise_factor * noise)``."""
        return max(self.min_effect, self.noise_factor * noise)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What every stage needs."""

    histories: Sequence[History]
    items: Sequence[Mapping[str, Item]]
    """Per user the items of the list, in order."""
    trials: Trials
    catalogue: Mapping[str, Item]
    config: EvidenceConfig


def find_evidence(  # noqa: PLR0913 - a session is what the prompt marks, no choice of the search
    histories: Sequence[History],
    rankings: Sequence[Ranking],
    scorer: Scorer,
    *,
    top_k: int,
    catalogue: Mapping[str, Item],
    config: EvidenceConfig | None = None,
    session_gap_s: int = SESSION_GAP_S,
) -> list[list[tuple[Evidence, ...]]]:
    """Find the events that decided each user's first ``top_k`` items.

    Args:
        histories: One per user; events that are omitted already stay so.
        rankings: One per history; their candidates are held fixed throughout.
        scorer: The whole decision: what ranked them in the first place.
        top_k: How many items of each ranking are explained, those it shows first; capped by it.
        catalogue: The items of the histories' events.
        config: How to look; None takes the defaults.
        session_gap_s: Seconds without an event after which the next one opens a new session.

    Returns:
        Per user and item the evidence, the strongest first; empty where no event decided it.

    Raises:
        ConfigError: ``top_k`` is below 1, or the numbers of histories and rankings differ.
    """
    if top_k < 1:
        raise ConfigError(f"top_k must be at least 1, not {top_k}")
    if len(histories) != len(rankings):
        raise ConfigError(f"{len(histories)} histories but {len(rankings)} rankings")
    config = config or EvidenceConfig()
    items = [
        {c.item.item_id: c.item for c in (ranking.candidates[n] for n in ranking.first(top_k))}
        for ranking in rankings
    ]
    trials = Trials(
        histories=histories,
        candidates=[ranking.candidates for ranking in rankings],
        items=[tuple(row) for row in items],
        scorer=scorer,
    )
    search = _Search(
        histories=histories, items=items, trials=trials, catalogue=catalogue, config=config
    )
    groups = [
        _groups(history, config, session_gap_s) if len(ranking.candidates) > 1 else []
        for history, ranking in zip(histories, rankings, strict=True)
    ]
    whole = _measure(search, groups)
    single = _measure(search, _inside(search, whole))
    return [_evidence(search, user, whole, single) for user in range(len(histories))]


def _groups(history: History, config: EvidenceConfig, session_gap_s: int) -> list[Group]:
    """Return what is left out at first, the newest first, omitted events apart."""
    sessions = [
        tuple(position for position in session if position not in history.omitted)
        for session in history.sessions(session_gap_s)
    ]
    size = {"session": len(history.interactions), "event": 1, "auto": config.max_events}
    step = max(1, size[config.level])
    newest: list[Group] = []
    for session in reversed(sessions):
        for end in range(len(session), 0, -step):
            if len(newest) == config.max_groups:
                return newest
            newest.append(session[max(0, end - step) : end])
    return newest


def _inside(search: _Search, whole: Effects) -> list[list[Group]]:
    """Return the single events of every group that decided an item of the list."""
    inside: list[list[Group]] = []
    for user in range(len(search.histories)):
        events: list[Group] = [
            (position,)
            for group in whole.groups(user)
            if len(group) > 1 and _decides(search.config, whole, user, group).any()
            for position in reversed(group[-search.config.max_events :])
        ]
        inside.append(events)
    return inside


def _measure(search: _Search, groups: Sequence[Sequence[Group]]) -> Effects:
    """Score without each group; the promising ones under other candidate orders too."""
    config, trials = search.config, search.trials
    effects = trials.effects(groups, order_seed=0)
    if not trials.scorer.order_matters:
        return effects
    promising = [
        [g for g in effects.groups(user) if (effects.first(user, g) >= config.min_effect).any()]
        for user in range(len(groups))
    ]
    for seed in range(1, config.n_orders + 1):
        effects.add(trials.effects(promising, order_seed=seed))
    return effects


def _decides(config: EvidenceConfig, effects: Effects, user: int, group: Group) -> np.ndarray:
    """Return for each item whether the group's effect stands above the noise: (n_items,) bool."""
    limit = np.array([config.threshold(noise) for noise in effects.noise(user, group)])
    # The first order chose the promising groups, so it alone would flatter them.
    return (effects.mean(user, group) > limit) & (effects.first(user, group) > config.min_effect)


def _evidence(
    search: _Search, user: int, whole: Effects, single: Effects
) -> list[tuple[Evidence, ...]]:
    """Return the evidence for each item of one user's list."""
    found: list[list[Evidence]] = [[] for _ in search.items[user]]
    for group in whole.groups(user):
        deciding = np.flatnonzero(_decides(search.config, whole, user, group))
        events = [g for g in single.groups(user) if g[0] in group] if len(group) > 1 else []
        for n in deciding:
            alone = [e for e in events if _decides(search.config, single, user, e)[n]]
            if alone:
                found[n].extend(_cite(search, user, e, single, n) for e in alone)
            else:
                strongest = max(
                    events, key=lambda e: (single.mean(user, e)[n], e), default=group[-1:]
                )
                found[n].append(_cite(search, user, group, whole, n, event=strongest[0]))
    limit = search.config.max_evidence
    return [tuple(sorted(row, key=lambda e: (-e.effect, -e.position))[:limit]) for row in found]


def _cite(
    search: _Search, user: int, group: Group, effects: Effects, n: int, *, event: int | None = None
) -> Evidence:
    """Make the evidence of one group for the user's n-th item."""
    position = group[0] if event is None else event
    interaction = search.histories[user].interactions[position]
    return Evidence(
        position=position,
        interaction=interaction,
        item=item_or_id(search.catalogue, interaction.item_id),
        effect=float(effects.mean(user, group)[n]),
        noise=float(effects.noise(user, group)[n]),
        group=group,
    )
