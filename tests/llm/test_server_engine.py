"""Against real HTTP servers: one that cannot score, ones that fail, and one that is not there."""

from __future__ import annotations

import pytest

from llmrec.errors import CannotScoreError, EngineError, ModelNotFoundError
from llmrec.llm import ServerClient, ServerEngine
from llmrec.llm.server_client import ServerError

pytest.importorskip("httpx")


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
    assert "--tokenizer" in caught.value.remedy


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
    def page(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"<html>welcome</html>")

    url, _ = serve(do_GET=page)
    with pytest.raises(EngineError, match="something other than JSON: '<html>welcome") as caught:
        ServerEngine(url)
    assert "vLLM server" in caught.value.remedy
