"""Small HTTP servers that speak as much of vLLM's language as a test needs."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest


class PlainServer(BaseHTTPRequestHandler):
    """Speaks OpenAI's completions: text, and the likeliest five tokens by their text."""

    models = ("gpt-plain", "gpt-other")
    faults: ClassVar[list[int]] = []  # statuses to answer with before any other answer
    seen: ClassVar[list[str]] = []
    scores_labels = False
    shift = 0.0  # by which this model's scores differ from another's
    roots: ClassVar[dict[str, str]] = {}
    parents: ClassVar[dict[str, str]] = {}
    key = None  # that a request must bring
    refuses_fields = False

    def do_GET(self):
        entries = [{"id": name, "max_model_len": 2048} for name in self.models]
        for entry in entries:
            entry["root"] = self.roots.get(entry["id"])
            entry["parent"] = self.parents.get(entry["id"])
        self.answer({"data": entries})

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
            top = {f"token_id:{token}": self.shift - token for token in body["logprob_token_ids"]}
        choice = {"text": " the", "logprobs": {"top_logprobs": [top]}, "index": 0}
        self.answer({"choices": [choice], "usage": {"prompt_tokens": 3}})

    def answer(self, value, status=200):
        self.seen.append(self.path)
        if self.key and self.headers["Authorization"] != f"Bearer {self.key}":
            status, value = 401, {"error": "Unauthorized"}
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


@pytest.fixture
def model_folder(tmp_path):
    """Make a folder that looks like a model: a tokenizer, a config, and weights of any bytes."""
    pytest.importorskip("transformers")
    from tests.templates.conftest import QWEN3_STYLE, QWEN_CONTROLS, _byte_level, _wrapped

    def make(name, weights=b"weights"):
        folder = tmp_path / name
        _wrapped(_byte_level(), QWEN_CONTROLS, QWEN3_STYLE, eos="<|im_end|>").save_pretrained(
            str(folder)
        )
        (folder / "config.json").write_text('{"model_type": "llama"}')
        (folder / "model.safetensors").write_bytes(weights)
        return folder

    return make
