"""Hidden states at chosen places of many prompts: what they share is run once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.llm.batching import batches, families
from llmrec.llm.causal_model import PrefixReader, shared_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import torch

    from llmrec.llm.causal_model import CausalModel
    from llmrec.types import TokenIds

WORTH_SHARING = 0.25
"""Share of the tokens that prompts must have in common before they are run one by one."""


def hidden_states(
    network: CausalModel,
    prompts: Sequence[TokenIds],
    places: Sequence[Sequence[int]],
    *,
    limit: int,
    ran: Callable[[int], None],
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Run prompts, those that share much from where they differ, the others by length.

    Args:
        network: What runs them.
        prompts: Token ids.
        places: For each prompt the rising places that are read.
        limit: Tokens that one pass takes, at most, beyond a single prompt.
        ran: Told of each pass how many tokens it took.

    Yields:
        Positions of prompts that were run together, and the states at their places, prompt after
        prompt: ``(n_places of them all, dim)``.
    """
    order = sorted(range(len(prompts)), key=lambda n: tuple(prompts[n]))
    shared = sum(shared_length(prompts[a], prompts[b]) for a, b in itertools.pairwise(order))
    if shared >= WORTH_SHARING * sum(map(len, prompts)) > 0:
        reader = PrefixReader(network)
        firsts = [some[0] for some in places]
        for members, n_shared in families(prompts, firsts, limit):
            if len(members) > 1:
                rows, read = [prompts[n] for n in members], [places[n] for n in members]
                hidden, computed = _packed(network, reader, rows, read, n_shared)
                ran(computed)
                ran(sum(map(len, rows)) - n_shared * len(rows))
                yield members, hidden
            else:
                (n,) = members
                hidden, computed = reader.read(prompts[n], firsts[n])
                ran(computed)
                yield members, hidden[[place - firsts[n] for place in places[n]]]
        return
    for batch in batches([len(prompt) for prompt in prompts], limit):
        ran(sum(len(prompts[n]) for n in batch))
        yield batch, network.hidden_at([prompts[n] for n in batch], [places[n] for n in batch])


def _packed(
    network: CausalModel,
    reader: PrefixReader,
    rows: Sequence[TokenIds],
    places: Sequence[Sequence[int]],
    n_shared: int,
) -> tuple[torch.Tensor, int]:
    """Run what rows share, then all of their ends in one pass.

    Returns:
        The states at the rows' places ``(n_places of them all, dim)``, and the tokens of what they
        share that were computed.
    """
    _, computed = reader.read(rows[0][:n_shared])
    tails = [row[n_shared:] for row in rows]
    hidden = network.hidden_after(reader.cache, n_shared, tails)
    starts = itertools.accumulate(map(len, tails[:-1]), initial=-n_shared)
    wanted = [start + p for start, some in zip(starts, places, strict=True) for p in some]
    return hidden[wanted], computed
