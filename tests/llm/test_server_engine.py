"""Against real HTTP servers: one that cannot score, ones that fail, and one that is not there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from llmrec.errors import CannotScoreError, EngineError, ModelNotFoundError
from llmrec.llm import ServerClient, ServerEngine
from llmrec.llm.server_client import ServerError

pytest.importorskip("httpx")


class PlainServer(BaseHTTPRequestHandler):
    """Speaks OpenAI's completions: text, and the likeliest five tokens by their text."""

    models = ("gpt-plain", "gpt-other")
    faults: ClassVar[list[int]] = []  # statuses to answer with before any other answer
    seen: ClassVar[list[str]] = []
    scores_labels = False
    refuses_fields = False

    def do_GET(self):
        self.answer({"data": [{"id": name, "max_model_len": 2048} for name in self.models]})

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(size))
        if self.path != "/v1/completions":
            self.answer({"error": {"message": "no such route"}}, 404)
            return
        if body["model"] not in self.models:
            self.answer({"error": {"message": f"no model {body['model']}"}}, 404)
            return
        if self.refuses_fields and "logprob_token_ids" in body:
            self.answer({"error": {"message": "unknown field logprob_token_ids"}}, 400)
            return
        top = {" the": -0.9, " a": -1.3, " it": -2.0, " and": -2.2, "!": -3.0}
        if self.scores_labels:
            top = {f"token_id:{token}": -float(token) for token in body["logprob_token_ids"]}
        choice = {"text": " the", "logprobs": {"top_logprobs": [top]}, "index": 0}
        self.answer({"choices": [choice], "usage": {"prompt_tokens": 3}})

    def answer(self, value, status=200):
        self.seen.append(self.path)
        if self.faults:
            status, value = self.faults.pop(0), {"error": {"message": "busy"}}
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Start a server of a handler class with these attributes; return its URL and the class."""
    started = []

    def start(**attributes):
        handler = type("Handler", (PlainServer,), {"faults": [], "seen": [], **attributes})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        started.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}", handler

    yield start
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("llmrec.llm.server_client.FIRST_PAUSE_S", 0.01)


def test_a_server_that_only_generates_is_refused_at_once(serve):
    url, _ = serve()
    with pytest.raises(CannotScoreError, match=r"no log-probabilities of given tokens") as caught:
        ServerEngine(url, "gpt-plain")
    assert "llmrec vllm up" in caught.value.remedy
    assert url in caught.value.message


def test_a_server_that_refuses_the_fields_is_refused(serve):
    url, _ = serve(refuses_fields=True)
    with pytest.raises(CannotScoreError, match="unknown field logprob_token_ids"):
        ServerEngine(url, "gpt-plain")


def test_a_wrong_model_name_lists_what_is_served(serve):
    url, _ = serve()
    with pytest.raises(EngineError, match=r"'gpt-plane'; it serves 'gpt-plain', 'gpt-other'") as e:
        ServerEngine(url, "gpt-plane")
    assert e.value.remedy == "Did you mean 'gpt-plain'?"


def test_a_tokenizer_that_is_not_here_must_be_named(serve):
    url, _ = serve(scores_labels=True)
    with pytest.raises(ModelNotFoundError, match="uses the tokenizer of 'gpt-plain'") as caught:
        ServerEngine(url)
    assert "tokenizer=" in caught.value.remedy


def test_no_server_at_all_is_said_with_the_way_to_start_one(quick):
    del quick
    with pytest.raises(EngineError, match=r"no answer from http://127\.0\.0\.1:9") as caught:
        ServerEngine("http://127.0.0.1:9/v1")
    assert "llmrec vllm up" in caught.value.remedy


def test_a_busy_server_is_asked_again(serve, quick):
    del quick
    url, handler = serve(faults=[503, 429])
    client = ServerClient(url + "/v1/")
    assert client.get("/v1/models")["data"][0]["id"] == "gpt-plain"
    assert len(handler.seen) == 3
    client.close()


def test_a_server_that_stays_busy_fails_with_its_words(serve, quick):
    del quick
    url, handler = serve(faults=[503] * 9)
    client = ServerClient(url, retries=2)
    with pytest.raises(ServerError, match="answered 503: busy"):
        client.get("/v1/models")
    assert len(handler.seen) == 3
    client.close()


def test_a_refusal_is_not_repeated(serve):
    url, handler = serve(faults=[400])
    client = ServerClient(url)
    with pytest.raises(ServerError, match="answered 400: busy"):
        client.post("/v1/completions", {"model": "gpt-plain"})
    assert len(handler.seen) == 1
    client.close()


def test_something_that_is_no_model_server(serve):
    class Page(PlainServer):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>")

    url, _ = serve(do_GET=Page.do_GET)
    with pytest.raises(EngineError, match="something other than JSON: '<html>welcome") as caught:
        ServerEngine(url)
    assert "vLLM server" in caught.value.remedy
