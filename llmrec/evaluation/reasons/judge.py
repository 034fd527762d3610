"""A chat model as the judge of two reasons for one item, asked in both orders."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from llmrec.errors import ConfigError, require
from llmrec.evaluation.reasons.intervals import figure
from llmrec.explain.words import harmless
from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.templates import load_template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import polars as pl
    from langchain_core.runnables import Runnable

    from llmrec.types import Catalogue, Recommendation

_LOG = logging.getLogger(__name__)
TEMPLATE = "judge/pair.v1"
FAILED = "failed"
NEITHER = "neither"
_ANSWER = re.compile(r"\W*(?:reason\s+)?(a|b|neither)\W*", re.IGNORECASE)
_MAX_CHARS = 1200


class Judge:
    """Asks a LangChain chat model which of two reasons is better, then again the other way round.

    An answer that is not one of the three words, and a model that raises (a time-out is the model's
    own: give it one), count as failed; nothing else is lost by it.

    Args:
        chat_model: A ``BaseChatModel``, or anything of LangChain's that takes messages.
        catalogue: The items.
        config: How events and times are written.

    Raises:
        MissingExtraError: LangChain is not installed.
        ConfigError: ``chat_model`` is nothing of LangChain's that can be asked.
    """

    def __init__(
        self,
        chat_model: Runnable[Any, Any],
        catalogue: Catalogue,
        *,
        config: SerializerConfig | None = None,
    ) -> None:
        self._messages = require("langchain_core.messages", "cpu")
        if not isinstance(chat_model, require("langchain_core.runnables", "cpu").Runnable):
            raise ConfigError(
                f"a {type(chat_model).__name__} cannot judge reasons",
                remedy="Give a LangChain chat model.",
            )
        self._chat_model = chat_model
        self._template = load_template(TEMPLATE)
        self._serializer = HistorySerializer(config or SerializerConfig(), catalogue, _lengths)
        model = getattr(chat_model, "model_name", None) or getattr(chat_model, "model", "")
        self.name = f"{type(chat_model).__name__} {model}".strip() + f" {TEMPLATE}"
        """The model's class and name, and the template; part of what a run is made from."""

    def compare(
        self, recommendation: Recommendation, *, as_of: datetime, draft: str, shipped: str
    ) -> list[str]:
        """Return ``draft``, ``shipped``, ``neither`` or ``failed`` for each of the two orders.

        Args:
            recommendation: The item, and the evidence that both reasons are about.
            as_of: The moment of the recommendation.
            draft: Stands first in the first order.
            shipped: Stands first in the second.
        """
        orders = (("draft", "shipped"), ("shipped", "draft"))
        texts = {"draft": draft, "shipped": shipped}
        chats: list[Any] = [
            self._chat(recommendation, as_of, [texts[name] for name in order]) for order in orders
        ]
        answers = self._chat_model.batch(chats, return_exceptions=True)
        return [_verdict(answer, order) for answer, order in zip(answers, orders, strict=True)]

    def _chat(
        self, recommendation: Recommendation, as_of: datetime, reasons: Sequence[str]
    ) -> list[Any]:
        kinds = {"system": self._messages.SystemMessage, "user": self._messages.HumanMessage}
        explanation = recommendation.explanation
        evidence = explanation.evidence if explanation else ()
        first, second = (harmless(reason, _MAX_CHARS, frozenset()) for reason in reasons)
        variables = {
            "item": self._serializer.item_line(recommendation.item),
            "evidence": [
                {
                    "number": number,
                    "line": self._serializer.evidence_line(e.interaction, e.item, as_of=as_of),
                }
                for number, e in enumerate(evidence, start=1)
            ],
            "first": first,
            "second": second,
        }
        return [kinds[m.role](content=m.content) for m in self._template.messages(**variables)]


def judge_figures(table: pl.DataFrame, *, seed: int, resamples: int) -> dict[str, Any] | None:
    """Return what a judge preferred; null where none was asked.

    A pair of which an answer failed counts in ``failed`` alone. ``agreement`` is how often both
    orders got the same verdict; ``shipped_preferred`` is of pairs that agree on a reason,
    ``abstained`` of answers, and ``first_preferred`` of answers that name a reason: one half for a
    judge whom the order does not sway.

    Args:
        table: ``REASONS`` lines.
        seed: Of all draws.
        resamples: Of the intervals.
    """
    pairs = [(row["user_id"], row["verdicts"]) for row in table.to_dicts() if row["verdicts"]]
    if not pairs:
        return None
    whole = [(user, said) for user, said in pairs if FAILED not in said]
    agreed = [(user, said[0]) for user, said in whole if said[0] == said[1]]
    named = [(user, verdict) for user, verdict in agreed if verdict != NEITHER]
    answers = [(user, n, verdict) for user, said in whole for n, verdict in enumerate(said)]
    chosen = [answer for answer in answers if answer[2] != NEITHER]
    rows: Mapping[str, list[tuple[str, bool]]] = {
        "failed": [(user, FAILED in said) for user, said in pairs],
        "agreement": [(user, said[0] == said[1]) for user, said in whole],
        "shipped_preferred": [(user, verdict == "shipped") for user, verdict in named],
        "abstained": [(user, verdict == NEITHER) for user, _, verdict in answers],
        "first_preferred": [
            (user, verdict == ("draft", "shipped")[n]) for user, n, verdict in chosen
        ],
    }
    return {
        name: figure(
            [float(yes) for _, yes in row],
            [user for user, _ in row],
            seed=seed,
            resamples=resamples,
        )
        for name, row in rows.items()
    }


def _verdict(answer: Any, order: Sequence[str]) -> str:  # noqa: ANN401 - a message, text, an error
    """Return what an answer says of the reasons that stood in this order."""
    if isinstance(answer, BaseException):
        _LOG.warning("the judge failed on a pair: %s: %s", type(answer).__name__, answer)
        return FAILED
    text = answer if isinstance(answer, str) else str(answer.text)
    said = _ANSWER.fullmatch(text.strip())
    if said is None:
        _LOG.warning("the judge's answer is none of A, B and neither: %.80r", text)
        return FAILED
    word = said[1].casefold()
    return NEITHER if word == NEITHER else order["ab".index(word)]


def _lengths(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]
