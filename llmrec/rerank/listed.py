"""What scorers that list candidates have in common: windows of them, and averaged orders."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from llmrec.errors import ConfigError
from llmrec.rerank.base import renormalise
from llmrec.rerank.context import HISTORY_TOKENS, LETTERS, SHUFFLED, PromptContext
from llmrec.rerank.scorer import EngineScorer
from llmrec.rerank.windows import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.llm.base import Engine
    from llmrec.rerank.context import Listing, SharedContext
    from llmrec.serialize import HistorySerializer
    from llmrec.types import Candidate, History, Prompt, Scores

WINDOW = len(LETTERS)


class ListedScorer(EngineScorer):
    """Shows the candidates together, so that the model compares them, in seeded random orders.

    The order is ``context.listing_order``. More candidates than ``window`` are listed in several
    prompts that share anchor candidates (``rerank/windows.py``). The note ``label_mass`` is the
    share of the whole probability that the tokens read have, averaged over all prompts.

    Args:
        engine: The model.
        serializer: Turns histories and items into text, counting the engine's tokens.
        template: Id of a template that lists candidates; None takes the scorer's own.
        window: Candidates that one prompt lists, at most.
        n_orders: Orders that are averaged (the mean of log-probabilities); each is one more
            forward pass a window.
        history_tokens: Longest history text.
        listing: The order in which candidates are listed; default: shuffled by content.

    Raises:
        ConfigError: ``window`` or ``n_orders`` is out of range.
        TemplateError: The template is unknown.
    """

    order_matters: ClassVar[bool] = True  # models prefer places
    own_template: ClassVar[str]
    labelled: ClassVar[bool]
    """Whether each candidate gets a letter, in the part of the prompt that explaining shares."""

    def __init__(  # noqa: PLR0913 - one keyword per choice
        self,
        engine: Engine,
        serializer: HistorySerializer,
        template: str | None = None,
        *,
        window: int = WINDOW,
        n_orders: int = 1,
        history_tokens: int = HISTORY_TOKENS,
        listing: Listing = SHUFFLED,
    ) -> None:
        for name, value, least in (("window", window, 2), ("n_orders", n_orders, 1)):
            if value < least:
                raise ConfigError(f"{name} is {value}; it must be at least {least}")
        context = PromptContext(
            engine,
            serializer,
            max_listed=window,
            labelled=self.labelled,
            history_tokens=history_tokens,
            listing=listing,
        )
        super().__init__(engine, self.own_template if template is None else template, context)
        self.n_orders = n_orders

    @property
    def settings(self) -> dict[str, Any]:
        """Every option that can change a score, as JSON values."""
        return {**super().settings, "n_orders": self.n_orders, "window": self.context.max_listed}

    def _score(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        order_seed: int,
    ) -> list[tuple[Scores, dict[str, float]]]:
        listings: list[tuple[int, int, SharedContext]] = [
            (query, repeat, shared)
            for repeat in range(self.n_orders)
            for query, windows in enumerate(
                self.context.shared(histories, candidates, order_seed=order_seed, repeat=repeat)
            )
            for shared in windows
        ]
        asked_of = [histories[query] for query, _, _ in listings]
        prompts = self._render([self._variables(shared) for _, _, shared in listings], asked_of)
        read = self._read(prompts, asked_of, [shared.order for _, _, shared in listings])
        found: list[dict[int, list[int]]] = [{} for _ in histories]
        for place, (query, repeat, _) in enumerate(listings):
            found[query].setdefault(repeat, []).append(place)
        orders = [shared.order for _, _, shared in listings]
        return [self._average(repeats, orders, read) for repeats in found]

    def _average(
        self,
        repeats: Mapping[int, Sequence[int]],
        orders: Sequence[tuple[int, ...]],
        read: Sequence[tuple[Scores, float]],
    ) -> tuple[Scores, dict[str, float]]:
        """Return one query's scores, back in the candidates' own order, and its label mass.

        Args:
            repeats: For each averaged order the places of its windows among all prompts.
            orders: Per prompt listed place -> candidate's position.
            read: Per prompt its scores in the listed order, and the mass.
        """
        asked = self.engine.card.identity
        scales = [
            joined(
                [renormalise(read[place][0], asked=asked) for place in places],
                [orders[place] for place in places],
            )
            for places in repeats.values()
        ]
        mean = np.mean([renormalise(scores, asked=asked) for scores in scales], axis=0)
        mass = float(np.mean([read[place][1] for some in repeats.values() for place in some]))
        return renormalise(mean, asked=asked), {"label_mass": mass}

    @abstractmethod
    def _variables(self, shared: SharedContext) -> Mapping[str, Any]:
        """Return the template's variables for one listing."""

    @abstractmethod
    def _read(
        self,
        prompts: Sequence[Prompt],
        histories: Sequence[History],
        orders: Sequence[tuple[int, ...]],
    ) -> list[tuple[Scores, float]]:
        """Ask the engine once for all prompts.

        Args:
            prompts: As rendered.
            histories: Whose each prompt is.
            orders: Per prompt what it lists.

        Returns:
            Per prompt ``(n_listed,)`` natural logs, up to a constant, in the listed order; and
            the probability that all tokens read have together.
        """
