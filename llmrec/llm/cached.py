"""Model calls kept on disk: an interrupted evaluation resumes, and asking twice costs nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import sha256_of
from llmrec.llm.answer_store import AnswerStore
from llmrec.llm.checks import check_continuations, check_labels, check_positions
from llmrec.llm.wrapped import WrappedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from llmrec.llm.base import Engine, EngineCard, LogProbs
    from llmrec.types import TokenIds

FORMAT = "llmrec engine cache 2"
"""Part of every key: another format finds nothing of this one."""


class CachedEngine(WrappedEngine):
    """An engine that asks only what was not asked before, by anyone with the same file.

    Its ``stats`` are the engine's, with ``cache_hits``: questions that it was not asked.

    A question's key holds engine, weights, dtype, adapter, token ids and labels, continuation or
    settings of writing; for a server also what it answered to a fixed question when it was opened.
    Answers are kept after every ``commit_every`` prompts, so that little is lost when a run is
    interrupted. Several processes may share the file.

    Args:
        engine: Who answers what is not known yet.
        path: The SQLite file; made where it does not exist.
        commit_every: Prompts asked together; more batch better, fewer lose less.

    Raises:
        ArtifactError: The file is damaged or no cache.
    """

    def __init__(self, engine: Engine, path: Path, *, commit_every: int = 64) -> None:
        super().__init__(engine)
        self._store = AnswerStore(Path(path))
        self._commit_every = commit_every
        self._identity = self._store.model(_identity(engine.card), engine.card.probe)

    def score_labels(
        self, prompts: Sequence[TokenIds], labels: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score labels; prompts with labels that are known are not asked again."""
        check_labels(prompts, labels, self.card.context_length)

        def ask(places: Sequence[int], known: Mapping[bytes, bytes]) -> list[list[bytes]]:
            del known
            some = self._engine.score_labels(
                [prompts[n] for n in places], [labels[n] for n in places]
            )
            return [[_packed(scores)] for scores in some]

        pairs = zip(prompts, labels, strict=True)
        asked = [[self._key("labels", prompt, list(map(int, some)))] for prompt, some in pairs]
        answers = self._answers(asked, ask)
        sizes = map(len, labels)
        return [self._scores(row[0], size) for row, size in zip(answers, sizes, strict=True)]

    def score_positions(
        self,
        prompts: Sequence[TokenIds],
        positions: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Score positions, each known by the prompt up to it; a prompt is asked as a whole."""
        check_positions(prompts, positions, labels, self.card.context_length)

        def ask(places: Sequence[int], known: Mapping[bytes, bytes]) -> list[list[bytes]]:
            del known
            some = self._engine.score_positions(
                [prompts[n] for n in places],
                [positions[n] for n in places],
                [labels[n] for n in places],
            )
            return [[_packed(row) for row in rows] for rows in some]

        asked = [
            [self._key("labels", prompt[: n + 1], list(map(int, ids))) for n in some]
            for prompt, some, ids in zip(prompts, positions, labels, strict=True)
        ]
        answers = self._answers(asked, ask)
        return [
            np.stack([self._scores(row, len(ids)) for row in rows])
            for rows, ids in zip(answers, labels, strict=True)
        ]

    def score_continuations(
        self, prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]]
    ) -> list[list[LogProbs]]:
        """Score continuations; of each prefix only those that are not known are asked."""
        check_continuations(prefixes, continuations, self.card.context_length)
        asked = [
            [self._key("continuation", prefix, list(map(int, option))) for option in options]
            for prefix, options in zip(prefixes, continuations, strict=True)
        ]

        def ask(places: Sequence[int], known: Mapping[bytes, bytes]) -> list[list[bytes]]:
            wanted = [[c for c, key in enumerate(asked[n]) if key not in known] for n in places]
            given = self._engine.score_continuations(
                [prefixes[n] for n in places],
                [
                    [continuations[n][c] for c in some]
                    for n, some in zip(places, wanted, strict=True)
                ],
            )
            rows = []
            for n, some, scores in zip(places, wanted, given, strict=True):
                new = dict(zip(some, map(_packed, scores), strict=True))
                rows.append([new[c] if c in new else known[key] for c, key in enumerate(asked[n])])
            return rows

        answers = self._answers(asked, ask)
        return [
            [self._scores(value, len(ids)) for value, ids in zip(row, options, strict=True)]
            for row, options in zip(answers, continuations, strict=True)
        ]

    def generate(
        self,
        prompts: Sequence[TokenIds],
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> list[str]:
        """Write answers; a prompt with the same settings is not asked again."""
        settings: dict[str, Any] = _settings(max_tokens, temperature, seed, stop)

        def ask(places: Sequence[int], known: Mapping[bytes, bytes]) -> list[list[bytes]]:
            del known
            some = self._engine.generate([prompts[n] for n in places], **settings)
            return [[text.encode()] for text in some]

        asked = [[self._key("text", prompt, settings)] for prompt in prompts]
        return [self._text(answers[0]) for answers in self._answers(asked, ask)]

    def stream(
        self,
        prompt: TokenIds,
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Yield the answer: a known one at once, another piece by piece (kept when complete)."""
        settings: dict[str, Any] = _settings(max_tokens, temperature, seed, stop)
        key = self._key("text", prompt, settings)
        known = self._store.get([key])
        if known:
            self.stats.cache_hits += 1
            yield self._text(known[key])
            return
        pieces = []
        for piece in self._engine.stream(prompt, **settings):
            pieces.append(piece)
            yield piece
        self._store.put({key: "".join(pieces).encode()})

    def close(self) -> None:
        """Close the file and the engine."""
        self._store.close()
        super().close()

    def _scores(self, value: bytes, size: int) -> LogProbs:
        """Return a kept answer of so many numbers."""
        if len(value) != 4 * size:
            raise self._store.damaged(f"a row has {len(value)} bytes where {4 * size} belong")
        return np.frombuffer(value, dtype="<f4").astype(np.float32)

    def _text(self, value: bytes) -> str:
        """Return a kept answer in words."""
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise self._store.damaged(f"a text cannot be read: {error}") from error

    def _key(self, kind: str, ids: TokenIds, what: object) -> bytes:
        digest = hashlib.sha256(f"{self._identity} {kind} {len(ids)} ".encode())
        digest.update(np.asarray(ids, dtype="<i8").tobytes())
        digest.update(bytes.fromhex(sha256_of(what)))
        return digest.digest()

    def _answers(
        self,
        asked: Sequence[Sequence[bytes]],
        ask: Callable[[Sequence[int], Mapping[bytes, bytes]], list[list[bytes]]],
    ) -> list[list[bytes]]:
        """Answer every prompt's questions, asking the engine about what the file lacks.

        Args:
            asked: Per prompt the keys of its questions.
            ask: From positions of prompts, and what is known, to answers to all their questions.
        """
        keys = [key for some in asked for key in some]
        known = self._store.get(keys)
        first = {tuple(some): n for n, some in reversed(list(enumerate(asked)))}
        places = [n for n in sorted(first.values()) if any(key not in known for key in asked[n])]
        self.stats.cache_hits += sum(key in known for key in keys)
        for start in range(0, len(places), self._commit_every):
            batch = places[start : start + self._commit_every]
            new: dict[bytes, bytes] = {}
            for n, answers in zip(batch, ask(batch, known), strict=True):
                new.update(zip(asked[n], answers, strict=True))
            self._store.put({key: value for key, value in new.items() if key not in known})
            known.update(new)
        return [[known[key] for key in some] for some in asked]


def _identity(card: EngineCard) -> str:
    return sha256_of(
        [
            FORMAT,
            card.engine,
            card.weights_sha256,
            card.weights_proven,
            card.dtype,
            card.adapter_sha256 or "",
            card.settings,
        ]
    )


def _settings(
    max_tokens: int, temperature: float, seed: int, stop: Sequence[str]
) -> dict[str, Any]:
    return {
        "max_tokens": max_tokens,
        "temperature": temperature,
        "seed": seed,
        "stop": tuple(stop),
    }


def _packed(scores: LogProbs) -> bytes:
    return np.asarray(scores, dtype="<f4").tobytes()
