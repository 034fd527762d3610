"""HTTP to a model server: retried, timed, many requests at once, and faults said plainly."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llmrec.errors import EngineError, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")
R = TypeVar("R")

PASSING = frozenset({429, 502, 503, 504})
"""Answers that a server gives while it is busy or starting."""
KEY_VARIABLES = ("VLLM_API_KEY", "OPENAI_API_KEY")
"""Where a key is looked for; vLLM reads the first one itself."""
FIRST_PAUSE_S = 0.25
"""Before the first repetition; doubled before each further one."""


REFUSED = frozenset({401, 403})
"""Answers to a key that is missing or wrong."""
_NAME_KEY = f"Put the server's key into the environment variable {KEY_VARIABLES[0]}."


class ServerError(EngineError):
    """The server answered with a fault.

    Args:
        message: What it said.
        status: The HTTP status.
    """

    def __init__(self, message: str, *, status: int) -> None:
        refused = status in REFUSED
        super().__init__(message, remedy=_NAME_KEY if refused else None)
        self.status = status


class ServerClient:
    """JSON over HTTP to one server.

    Args:
        url: ``http://host:port``, with or without ``/v1``.
        api_key: Sent as a bearer token; None takes the environment's ``VLLM_API_KEY``, else its
            ``OPENAI_API_KEY``. It stands in no message.
        timeout_s: Seconds that one answer may take.
        retries: Repetitions after a failed connection or a passing fault.
        concurrency: Requests on their way at once.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = 300.0,
        retries: int = 3,
        concurrency: int = 32,
    ) -> None:
        self._httpx = require("httpx", "cpu")
        self.url = url.rstrip("/").removesuffix("/v1")
        self._retries = retries
        api_key = api_key or next(filter(None, map(os.environ.get, KEY_VARIABLES)), None)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        limits = self._httpx.Limits(max_connections=concurrency)
        timeout = self._httpx.Timeout(timeout_s, connect=10.0)
        self._client = self._httpx.Client(headers=headers, limits=limits, timeout=timeout)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="llmrec-server")

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at a path.

        Raises:
            EngineError: No server answers, or it answers with a fault.
        """
        return self._object(self._send("GET", path, None))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON object that a request gives. Raises as ``get`` does."""
        return self._object(self._send("POST", path, body))

    def each(self, function: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
        """Call a function that sends requests for many arguments at once; keep their order."""
        return list(self._threads.map(function, arguments))

    def events(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects of a server-sent event stream as they come."""
        try:
            with self._client.stream("POST", self.url + path, json=dict(body)) as response:
                if response.status_code >= 400:
                    response.read()
                    raise self._fault(path, response)
                for line in response.iter_lines():
                    data = line.removeprefix("data:").strip()
                    if line.startswith("data:") and data != "[DONE]":
                        yield self._event(path, data)
        except self._httpx.TransportError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
        pause_s = FIRST_PAUSE_S
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                response = self._client.request(method, self.url + path, json=body)
            except self._httpx.TransportError as error:
                # A long answer that timed out would time out again.
                if last or isinstance(error, self._httpx.ReadTimeout):
                    raise self._unreachable(error) from error
            else:
                if response.status_code < 400:
                    return response
                if last or response.status_code not in PASSING:
                    raise self._fault(path, response)
            time.sleep(pause_s)
            pause_s *= 2
        raise AssertionError("unreachable")

    def _object(self, response: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            value = response.json()
        except ValueError as error:
            raise EngineError(
                f"{response.url} answered with something other than JSON: {response.text[:80]!r}",
                remedy="Is this a vLLM server's address?",
            ) from error
        if not isinstance(value, dict):
            raise EngineError(f"{response.url} answered with a {type(value).__name__}")
        return value

    def _event(self, path: str, data: str) -> dict[str, Any]:
        try:
            event = json.loads(data)
        except ValueError as error:
            raise EngineError(f"{self.url}{path} sent a broken event: {data[:80]!r}") from error
        if "error" in event:
            raise EngineError(f"{self.url}{path} broke off: {event['error']}")
        return cast("dict[str, Any]", event)

    def _fault(self, path: str, response: Any) -> ServerError:  # noqa: ANN401
        try:
            said = response.json()
            said = said.get("error", said)
            said = said.get("message", said) if isinstance(said, dict) else said
        except (ValueError, AttributeError):
            said = response.text[:200]
        return ServerError(
            f"{self.url}{path} answered {response.status_code}: {said}",
            status=response.status_code,
        )

    def _unreachable(self, error: Exception) -> EngineError:
        fault = str(error) or type(error).__name__
        return EngineError(
            f"no answer from {self.url}: {fault}",
            remedy="Start a server with `llmrec vllm up MODEL`, or correct the address.",
        )
