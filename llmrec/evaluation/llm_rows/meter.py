"""What an LLM was asked and how long it took, whoever keeps the answers."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from llmrec.llm.wrapped import WrappedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from llmrec.llm import Engine, LogProbs
    from llmrec.types import TokenIds


@dataclass(slots=True, kw_only=True)
class Cost:
    """What scoring cost; costs add up."""

    queries: int = 0
    """Queries that the LLM was asked about."""
    calls: int = 0
    """Prompts asked about, those answered from the disk cache included."""
    prompt_tokens: int = 0
    """Tokens of those prompts."""
    continuation_tokens: int = 0
    """Tokens of the titles scored behind them."""
    cache_hits: int = 0
    """Questions answered from the disk cache; a title is one."""
    sent_tokens: int = 0
    """Tokens that the engine was sent, after the disk cache."""
    computed_tokens: int = 0
    """Tokens that went through the model; the other sent ones were in a prefix cache."""
    passes: int = 0
    """Batched passes of the Transformers engine; requests of the others."""
    render_s: float = 0.0
    """Seconds of serializing histories and rendering prompts."""
    score_s: float = 0.0
    """Seconds that the engine took."""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Return a cost from its JSON values."""
        return cls(
            **{field.name: values[field.name] for field in fields(cls) if field.name in values}
        )

    def __add__(self, other: Cost) -> Cost:
        mine, added = asdict(self), asdict(other)
        return Cost(**{name: mine[name] + added[name] for name in mine})

    def __sub__(self, other: Cost) -> Cost:
        mine, less = asdict(self), asdict(other)
        return Cost(**{name: mine[name] - less[name] for name in mine})

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


class MeteredEngine(WrappedEngine):
    """An engine that counts what it is asked and the seconds that answers take."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._asked = Cost()

    @property
    def cost(self) -> Cost:
        """What was asked so far, with the engine's own counts (since the engine was made)."""
        stats = self._engine.stats
        return self._asked + Cost(
            cache_hits=stats.cache_hits,
            sent_tokens=stats.prompt_tokens,
            computed_tokens=stats.computed_tokens,
            passes=stats.forward_passes,
        )

    def score_labels(
        self, prompts: Sequence[TokenIds], labels: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score labels; see ``Engine``."""
        self._count(prompts)
        return self._timed(lambda: self._engine.score_labels(prompts, labels))

    def score_positions(
        self,
        prompts: Sequence[TokenIds],
        positions: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Score positions; see ``Engine``."""
        self._count(
            [prompt[: some[-1] + 1] for prompt, some in zip(prompts, positions, strict=True)]
        )
        return self._timed(lambda: self._engine.score_positions(prompts, positions, labels))

    def score_continuations(
        self, prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]]
    ) -> list[list[LogProbs]]:
        """Score continuations; see ``Engine``."""
        self._count(prefixes)
        self._asked.continuation_tokens += sum(len(ids) for some in continuations for ids in some)
        return self._timed(lambda: self._engine.score_continuations(prefixes, continuations))

    def generate(
        self,
        prompts: Sequence[TokenIds],
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> list[str]:
        """Write answers; see ``Engine``."""
        self._count(prompts)
        return self._timed(
            lambda: self._engine.generate(
                prompts, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop
            )
        )

    def stream(
        self,
        prompt: TokenIds,
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Yield an answer, uncounted; see ``Engine``."""
        return self._engine.stream(
            prompt, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop
        )

    def _count(self, prompts: Sequence[TokenIds]) -> None:
        self._asked.calls += len(prompts)
        self._asked.prompt_tokens += sum(map(len, prompts))

    def _timed(self, ask: Callable[[], list[Any]]) -> list[Any]:
        started = time.perf_counter()
        answer = ask()
        self._asked.score_s += time.perf_counter() - started
        return answer
