"""The recommender: the straight line as one LangChain ``Runnable``."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from llmrec.errors import ConfigError, LlmrecError, require
from llmrec.recommender.config import RecommenderConfig
from llmrec.recommender.question import QuestionReader

require("langchain_core", "cpu")

from langchain_core.runnables import Runnable  # noqa: E402 - after the guard above

from llmrec.types import History, Recommendation  # noqa: E402 - Runnable reads it at run time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
    from pathlib import Path
    from typing import ParamSpec, TypeVar

    from langchain_core.runnables import RunnableConfig

    from llmrec.data import Dataset
    from llmrec.recommender.pipeline import Pipeline
    from llmrec.recommender.question import Shape
    from llmrec.recommender.writers import GivenWriter

    P = ParamSpec("P")
    T = TypeVar("T")

Recommendations = list[Recommendation]


class Recommender(Runnable[Any, Recommendations]):
    """Ranked next items, each with its reason, for any user and moment.

    Ask with a user id, a ``History``, a ``Request`` or a mapping with the keys of one: ``user_id``
    or ``history``, ``as_of``, ``k``, ``explain``, and which items are wanted (``filters``,
    ``exclude``, ``minimum``, ``maximum``, ``leave_out``, ``caps``, ``diversity``). Where no item
    meets all conditions the answer is an empty list, and a warning says so.

    As an LCEL ``Runnable`` it has ``invoke``, ``batch``, ``stream`` (one recommendation at a time)
    and their async forms, and it composes with ``|``. Calls from several threads take turns; a
    stream has its turn for one recommendation at a time, so others are answered in between. The
    async forms work in one thread of the recommender's own: however many wait, the event loop's
    threads stay free.

    Args:
        pipeline: The bound stages; `from_yaml` and `open` build them.
        dataset: Where user ids are looked up; None accepts histories only.
        k: How many items where a request does not say.
        explain: Whether items get reasons where a request does not say.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        dataset: Dataset | None = None,
        k: int = 10,
        explain: bool = True,
    ) -> None:
        self.pipeline = pipeline
        self.dataset = dataset
        self._reader = QuestionReader(pipeline, dataset, k=k, explain=explain)
        self._turn = threading.RLock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llmrec")

    @classmethod
    def open(
        cls,
        config: RecommenderConfig | None = None,
        *,
        writer: GivenWriter | None = None,
        **options: object,
    ) -> Self:
        """Build a recommender from keywords (the keys of ``RecommenderConfig``) or a config.

        Args:
            config: The choices, in place of keywords.
            writer: Puts reasons into words in the LLM's place: a LangChain chat model, or a
                ``llmrec.explain.Writer``. What it writes is checked like the LLM's own words.
            options: The choices.

        Raises:
            ConfigError: An unknown key or a wrong value, or the writer cannot write.
            ArtifactError: The index or fusion artifact does not fit what is in use.
        """
        from llmrec.recommender.build import build_pipeline

        if config is None:
            config = RecommenderConfig.of(options)
        elif options:
            raise ConfigError("give either a config or keywords, not both")
        pipeline, dataset = build_pipeline(config, writer=writer)
        return cls(pipeline, dataset=dataset, k=config.k, explain=config.explain.enabled)

    @classmethod
    def from_yaml(cls, path: Path | str, *, writer: GivenWriter | None = None) -> Self:
        """Build a recommender from one YAML file; relative paths in it start at its folder."""
        return cls.open(RecommenderConfig.read(path), writer=writer)

    def close(self) -> None:
        """Let go of the LLM and its memory; ``with Recommender.open(...) as r:`` does it too."""
        with self._turn:
            self.pipeline.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def invoke(
        self,
        input: object,
        config: RunnableConfig | None = None,
        **kwargs: object,
    ) -> Recommendations:
        """Return one request's recommendations, best first."""
        del kwargs
        return self._call_with_config(self._answer_one, input, config)

    async def ainvoke(
        self,
        input: object,
        config: RunnableConfig | None = None,
        **kwargs: object,
    ) -> Recommendations:
        """Return what ``invoke`` returns, from the recommender's own thread."""
        del kwargs
        return await self._elsewhere(self.invoke, input, config)

    def batch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: object,
    ) -> list[Recommendations]:
        """Return each request's recommendations, all requests in one pass through the stages."""
        del kwargs
        return self._batch_with_config(
            partial(self._answer_each, keep_errors=return_exceptions),
            inputs,
            config,
            return_exceptions=return_exceptions,
        )

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: object,
    ) -> list[Recommendations]:
        """Return what ``batch`` returns, from the recommender's own thread."""
        del kwargs
        return await self._elsewhere(
            self.batch, inputs, config, return_exceptions=return_exceptions
        )

    def stream(
        self,
        input: object,
        config: RunnableConfig | None = None,
        **kwargs: object,
    ) -> Generator[Recommendations]:
        """Yield one-item lists that add up to ``invoke``'s answer."""
        del kwargs
        yield from self._transform_stream_with_config(iter([input]), self._pieces, config)

    async def astream(
        self,
        input: object,
        config: RunnableConfig | None = None,
        **kwargs: object,
    ) -> AsyncIterator[Recommendations]:
        """Yield what ``stream`` yields, made in the recommender's own thread."""
        del kwargs
        pieces = self.stream(input, config)
        try:
            while (piece := await self._elsewhere(next, pieces, None)) is not None:
                yield piece
        finally:  # behind a piece in the making: a generator cannot be closed while it runs
            self._worker.submit(pieces.close)

    async def _elsewhere(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call in the recommender's own thread, with the caller's context variables."""
        call = partial(copy_context().run, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._worker, call)

    def _answer_one(self, value: object) -> Recommendations:
        return self._answer([self._reader.read(value)])[0]

    def _answer_each(
        self, inputs: list[Any], *, keep_errors: bool
    ) -> list[Exception | Recommendations]:
        """Answer what can be read and looked up; an error stands in its own place, or is raised."""
        answers: list[Exception | Recommendations] = []
        asked: list[tuple[History, Shape]] = []
        for value in inputs:
            try:
                asked.append(self._reader.read(value))
                answers.append([])
            except LlmrecError as error:
                if not keep_errors:
                    raise
                answers.append(error)
        good = [place for place, answer in enumerate(answers) if not isinstance(answer, Exception)]
        for place, recommendations in zip(good, self._answer(asked), strict=True):
            answers[place] = recommendations
        return answers

    def _answer(self, asked: Sequence[tuple[History, Shape]]) -> list[Recommendations]:
        """Answer questions, those of the same shape in one pass through the stages."""
        answers: list[Recommendations] = [[] for _ in asked]
        with self._turn:
            for shape, places in _by_shape(asked).items():
                histories = [asked[place][0] for place in places]
                lists = self.pipeline.recommend(
                    histories,
                    k=shape.k,
                    explain=shape.explain,
                    among=self._reader.allowed(shape),
                    how=shape.arrangement,
                )
                for place, recommendations in zip(places, lists, strict=True):
                    answers[place] = recommendations
        return answers

    def _pieces(self, inputs: Iterator[Any]) -> Iterator[Recommendations]:
        for value in inputs:
            history, shape = self._reader.read(value)
            pieces = self.pipeline.stream(
                history,
                k=shape.k,
                explain=shape.explain,
                among=self._reader.allowed(shape),
                how=shape.arrangement,
            )
            while True:
                with self._turn:  # not across the yield: whoever asked may never come back
                    piece = next(pieces, None)
                if piece is None:
                    break
                yield [piece]


def _by_shape(asked: Sequence[tuple[History, Shape]]) -> dict[Shape, list[int]]:
    """Group the places of questions that ask the same of different histories."""
    groups: dict[Shape, list[int]] = {}
    for place, (_, shape) in enumerate(asked):
        groups.setdefault(shape, []).append(place)
    return groups
