"""Which prompts are run together: positions grouped by length, by beginning, or in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.llm.causal_model import shared_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import TokenIds

SHORT_END = 128
"""Tokens of a prompt's own end, at most, that is packed with others behind what they share."""


def batches(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Group positions, longest first, so that count times longest stays within the limit."""
    groups: list[list[int]] = []
    longest = 0
    for n in sorted(range(len(lengths)), key=lambda n: (-lengths[n], n)):
        if groups and (len(groups[-1]) + 1) * longest <= limit:
            groups[-1].append(n)
        else:
            groups.append([n])
            longest = lengths[n]
    return groups


def alike(prompts: Sequence[TokenIds], lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Group positions to be decoded together: what shares a long beginning, then the rest.

    A beginning of at least half a prompt is worth a batch of its own, since it is run once; in
    such a batch only what is not shared counts towards the limit.
    """
    order = sorted(range(len(prompts)), key=lambda n: tuple(prompts[n]))
    groups: list[list[int]] = []
    for n in order:
        first = prompts[groups[-1][0]] if groups else ()
        shared = shared_length(first, prompts[n])
        own = (len(groups[-1]) + 1) * (lengths[n] - shared) if groups else 0
        if groups and 2 * shared >= len(prompts[n]) and own <= limit:
            groups[-1].append(n)
        else:
            groups.append([n])
    alone = [group[0] for group in groups if len(group) == 1]
    rest = batches([lengths[n] for n in alone], limit)
    return [g for g in groups if len(g) > 1] + [[alone[n] for n in batch] for batch in rest]


def families(
    prompts: Sequence[TokenIds], firsts: Sequence[int], limit: int
) -> list[tuple[list[int], int]]:
    """Group prompts of which each adds but a short end to what all of its group begin with.

    A longer end fills a pass by itself, and packed it would only attend in vain to the others.

    Args:
        prompts: Token ids.
        firsts: For each prompt the first place that is read; what is shared ends before it.
        limit: Tokens of all ends of a group, at most.

    Returns:
        Positions and how many tokens they share, in an order in which neighbours begin alike; a
        prompt on its own shares nothing.
    """
    groups: list[tuple[list[int], int]] = []
    for n in sorted(range(len(prompts)), key=lambda n: tuple(prompts[n])):
        if groups:
            members, shared = groups[-1]
            own = shared if len(members) > 1 else firsts[members[0]]
            common = min(own, firsts[n], shared_length(prompts[members[0]], prompts[n]))
            ends = [len(prompts[k]) - common for k in (*members, n)]
            if common and max(ends) <= SHORT_END and sum(ends) <= limit:
                groups[-1] = ([*members, n], common)
                continue
        groups.append(([n], 0))
    return groups


def packs(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Group positions in order, so that the sum of lengths stays within the limit."""
    groups: list[list[int]] = []
    total = 0
    for n, length in enumerate(lengths):
        if groups and total + length <= limit:
            groups[-1].append(n)
            total += length
        else:
            groups.append([n])
            total = length
    return groups
