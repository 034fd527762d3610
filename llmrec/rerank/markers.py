"""Ranking by markers: each listed candidate's line ends in a marker, and is scored there.

What is read is log p(Yes) - log p(No) right behind the open bracket that ends a line. The letter
of a candidate need not be bound to it, as labels ask, and one pass scores the whole listing. The
brackets stay empty in the prompt: were they filled with No, each would make the next No likelier
(over 16 listings of twelve films SmolLM2-135M's mean log-odds ran from -1.0 on the first line to
-5.4 on the last, where they vary by .5 within a line; with empty brackets they stay between -1.0
and 0, and vary by .3), and with the model's own answers there would be a pass for every candidate.
So the model soon expects empty brackets, and little probability is left to Yes and No; how it leans
shows in their difference all the same. A line sees the lines before it and not those behind it:
the order matters, and orders are averaged as for labels.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from llmrec.rerank.listed import ListedScorer
from llmrec.rerank.yes_no import YES_NO, log_odds
from llmrec.templates import MarkerFinder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.rerank.context import SharedContext
    from llmrec.types import History, Prompt, ScoreKind, Scores, TokenIds

MARKER = "["
"""Neutralised catalogue text holds no square bracket, so none but the template's own is found."""


class MarkerScorer(ListedScorer):
    """Scores a window of candidates in one forward pass, at the ends of their lines.

    Arguments as ``ListedScorer``; the template takes ``listed``, the candidates' lines, and ends
    each in an open bracket. A low ``label_mass`` is no fault here (see above), so none is warned
    about.
    """

    kind: ClassVar[ScoreKind] = "markers"
    own_template: ClassVar[str] = "rank/markers.v1"
    labelled: ClassVar[bool] = False
    _labels: TokenIds = ()

    @cached_property
    def _finder(self) -> MarkerFinder:
        return MarkerFinder(self.engine.tokenizer, MARKER)

    def _variables(self, shared: SharedContext) -> Mapping[str, Any]:
        return {**shared.variables, "listed": shared.lines}

    def _read(
        self,
        prompts: Sequence[Prompt],
        histories: Sequence[History],
        orders: Sequence[tuple[int, ...]],
    ) -> list[tuple[Scores, float]]:
        places = [
            self._finder.places(prompt, as_of=history.as_of, count=len(order))
            for prompt, history, order in zip(prompts, histories, orders, strict=True)
        ]
        if not self._labels:
            as_of = histories[0].as_of
            self._labels = self._finder.openings(prompts[0], YES_NO, as_of=as_of)
        ids = [prompt.token_ids for prompt in prompts]
        read = self.engine.score_positions(ids, places, [self._labels] * len(ids))
        return [log_odds(rows, asked=self.engine.card.identity) for rows in read]
