"""What is said to a vLLM server, and what its answers mean.

Two routes read scores. ``/v1/completions`` takes token ids and ``logprob_token_ids``, and every
vLLM since 0.32 has it. ``/inference/v1/generate`` takes vLLM's own sampling parameters, so that
prompt rows can be read without giving the prefix cache up; it is open where the server was started
with ``--enable-scale-out``, and usable only with ``--enable-prompt-tokens-details``, since the
rows of cached tokens mean nothing and their number must be known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import CannotScoreError, EngineError, did_you_mean
from llmrec.llm.reads import Read, Reading, read_rows
from llmrec.llm.server_client import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.llm.base import LogProbs
    from llmrec.llm.server_client import ServerClient

COMPLETIONS = "/v1/completions"
ROWS = "/inference/v1/generate"
PROBE_LABELS = (0, 5, 9, 11, 17, 30, 41, 59, 77, 101, 133, 160, 199, 222, 240, 255)
PROBE_TOKENS = 300
"""Two blocks of the largest usual size, so that the second asking finds some cached."""


def served_model(
    client: ServerClient, name: str | None
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the server's entries of a model and of its base model (itself, if no adapter).

    Args:
        client: Reaches the server.
        name: A served name; None takes the first base model.

    Raises:
        EngineError: The server does not serve it, or its list is not one.
    """
    listed = client.get("/v1/models").get("data")
    served = [e for e in listed if isinstance(e, dict) and "id" in e] if listed else []
    if not served:
        raise EngineError(f"{client.url} serves no models", remedy="Is this a model server?")
    bases = [entry for entry in served if not entry.get("parent")] or served
    entry = next((e for e in served if e["id"] == name), None) if name else bases[0]
    if entry is None:
        names = [str(e["id"]) for e in served]
        raise EngineError(
            f"{client.url} does not serve {name!r}; it serves {', '.join(map(repr, names))}",
            remedy=did_you_mean(str(name), names),
        )
    return entry, next((e for e in served if e["id"] == entry.get("parent")), entry)


def probe_labels(client: ServerClient, model: str) -> LogProbs:
    """Ask once for tokens that no list of the likeliest would hold together.

    Returns:
        ``(n_labels,) float32``, always of the same tokens: two models hardly agree on them.

    Raises:
        CannotScoreError: They do not come.
    """
    read = Read(ids=(1, 2, 3), labels=PROBE_LABELS)
    try:
        return _labels(read, client.post(COMPLETIONS, _label_request(model, read)))
    except (CannotScoreError, ServerError) as error:
        raise CannotScoreError(
            f"{client.url} gives no log-probabilities of given tokens: {error.message}",
            remedy="Ranking needs them: use vLLM 0.32 or later (`llmrec vllm up MODEL`).",
        ) from error


def offers_rows(client: ServerClient, model: str, context_length: int) -> bool:
    """Return whether prompt rows can be read without giving the prefix cache up.

    The same long prompt is sent twice. vLLM's V2 runner (GPU) then leaves the cached rows out;
    its V1 runner (CPU) sends uninitialised memory in their place, which may be no JSON at all,
    so continuations are read token by token there.
    """
    length = min(PROBE_TOKENS, context_length - 2)
    read = Read(ids=tuple(range(3, length + 3)), labels=(5,), rows=2)
    try:
        answers = [client.post(ROWS, _row_request(model, read)) for _ in range(2)]
        _rows(read, answers[-1])
    except EngineError:
        return False
    return len(answers[-1]["prompt_logprobs"]) == length - (cached_tokens(answers[-1]) or 0)


def send(client: ServerClient, model: str, read: Read) -> tuple[Reading, int | None]:
    """Do one read. Return it and the tokens that came from the prefix cache, if known."""
    if read.rows:
        try:
            answer = client.post(ROWS, _row_request(model, read))
        except ServerError:
            # Uninitialised rows of cached tokens can be NaN, which JSON cannot say.
            reading, cached = send(client, model, Read(ids=read.ids, labels=read.labels))
            lost = np.full(read.rows, np.nan, dtype=np.float32)
            return Reading(labels=reading.labels, rows=lost, missing=read.rows), cached
        return _rows(read, answer), cached_tokens(answer)
    answer = client.post(COMPLETIONS, _label_request(model, read))
    return Reading(labels=_labels(read, answer), rows=_nothing()), cached_tokens(answer)


def cached_tokens(answer: Mapping[str, Any]) -> int | None:
    """Return how many prompt tokens came from the prefix cache; None where it is not told."""
    details = (answer.get("usage") or {}).get("prompt_tokens_details")
    return None if details is None else int(details.get("cached_tokens") or 0)


def _nothing() -> LogProbs:
    return np.empty(0, dtype=np.float32)


def _label_request(model: str, read: Read) -> dict[str, Any]:
    return {
        "model": model,
        "prompt": list(read.ids),
        "max_tokens": 1,
        "temperature": 0.0,
        "logprobs": len(read.labels),
        "logprob_token_ids": list(read.labels),
        "return_tokens_as_token_ids": True,
        "add_special_tokens": False,
    }


def _labels(read: Read, answer: Mapping[str, Any]) -> LogProbs:
    try:
        found = answer["choices"][0]["logprobs"]["top_logprobs"][0]
        values = [found[f"token_id:{token}"] for token in read.labels]
    except (KeyError, IndexError, TypeError) as error:
        raise CannotScoreError(
            f"of the tokens {list(read.labels)} not all were scored ({type(error).__name__} "
            f"{error}); logprobs was {str(answer.get('choices'))[:200]}"
        ) from error
    return np.array(values, dtype=np.float32)


def _row_request(model: str, read: Read) -> dict[str, Any]:
    """Ask for rows and one label; this route cuts its list by one, so a spare label is last."""
    label = read.labels[0]
    sampling = {
        "max_tokens": 1,
        "temperature": 0.0,
        "logprobs": 2,
        "logprob_token_ids": [label, 0 if label else 1],
        "prompt_logprobs": 0,
        "skip_reading_prefix_cache": False,
        "detokenize": False,
    }
    return {"model": model, "token_ids": list(read.ids), "sampling_params": sampling}


def _rows(read: Read, answer: Mapping[str, Any]) -> Reading:
    cached = cached_tokens(answer)
    if cached is None:
        raise EngineError("the server does not tell which tokens were cached")
    try:
        top = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        label = next(entry["logprob"] for entry in top if entry["token_id"] == read.labels[0])
        given = answer["prompt_logprobs"]
        rows, missing = read_rows(
            read, cached, lambda place, token: given[place][str(token)]["logprob"]
        )
    except (KeyError, IndexError, TypeError, StopIteration) as error:
        raise EngineError(f"the server's rows cannot be read: {error!r}") from error
    return Reading(labels=np.array([label], dtype=np.float32), rows=rows, missing=missing)
