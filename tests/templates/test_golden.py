"""Golden files: every released template for fixed inputs in four chat formats, to the byte.

``WRITE_GOLDEN=1 pytest tests/templates/test_golden.py`` writes those that do not exist yet, and
never changes one that does: a released version never changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from llmrec.llm import ByteTokenizer
from llmrec.templates import load_template, released, render
from llmrec.templates.example import EXAMPLE_AS_OF

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
WRITE = os.environ.get("WRITE_GOLDEN") == "1"
CHAT = ["rank/labels.v1", "rank/likelihood.v1", "rank/markers.v1", "rank/pointwise.v1"]
CHAT += ["explain/reason.v1", "explain/rewrite.v1", "judge/pair.v1"]
TOKENIZERS = [
    *("bytes", "llama3", "qwen3", "gemma"),
    pytest.param("smollm2", marks=pytest.mark.engine),
]

FULL = {
    "history": (
        "Today is Thursday 2024-02-29, 07:05, winter.\n"
        "Earlier: 3 events, from 2022-10-02 to 2022-12-24, most often Drama (2).\n"
        "-- 2023-05-06\n"
        "18:30 “Stalker” (1979) · Drama, Sci-Fi · rated 4.5 of 5\n"
        "20:59 “千と千尋の神隠し” (2001) · Animation · 2 times\n"
        "-- 9 months later, new session, 2024-02-20\n"
        "09:00 “¡Átame!” (1989) · Comedy · viewed"
    ),
    "candidates": (
        {"label": "A", "line": "“Амели” (2001) · Comedy, Romance"},
        {"label": "B", "line": "“Solaris” (1972) · Drama, Sci-Fi"},
        {"label": "C", "line": "“दंगल” (2016) · Drama"},
        {"label": "D", "line": "“😀: The (Movie)” (2017)"},
    ),
    "listed": ("“Амели” (2001) · Comedy, Romance", "“Solaris” (1972) · Drama, Sci-Fi", "“Up”"),
    "item": "“Solaris” (1972) · Drama, Sci-Fi",
    "evidence": (
        {"number": 1, "line": "“Stalker” (1979) · 2023-05-06 · rated 4.5 of 5"},
        {"number": 2, "line": "“¡Átame!” (1989) · 2024-02-20 · viewed"},
    ),
    "language": "English",
    "draft": "You gave [1] five stars.",
    "faults": ("The rating of [1] is 4.5 of 5.", "[2] is not cited."),
    "first": "You rated “Stalker” (1) 4.5 of 5.",
    "second": "It fits what you chose before.",
}
BARE = {
    "history": "",
    "candidates": (),
    "listed": ("“기생충” (2019)",),
    "item": "“기생충” (2019)",
    "evidence": (),
    "language": "Français",
    "draft": "Vous aimez tout.",
    "faults": ("Nothing shown says so.",),
    "first": "Vous aimez tout.",
    "second": "기생충?",
}
CASES = {"full": FULL, "bare": BARE}

TEXTS = {
    "item/text.v1": {
        "title": "Solaris",
        "attributes": {
            "year": 1972,
            "genres": ("Drama", "Sci-Fi"),
            "director": "Андрей Тарковский",
            "cast": ("Donatas Banionis", "Natalya Bondarchuk"),
            "keywords": ("ocean", "memory"),
            "description": "A psychologist comes to a station where the past pays visits.",
            "length_min": 167,
            "Country": "USSR",
        },
    },
    "query/history.v1": {"history": "Solaris (1972), Drama\nStalker (1979), Drama"},
}


def compare(file, text):
    """Compare with the golden file; write it where it is missing and writing was asked for."""
    if WRITE and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    assert file.exists(), f"{file} is missing; write it with WRITE_GOLDEN=1"
    assert file.read_bytes().decode() == text


def compare_ids(key, ids):
    """Compare the ids' number and hash with ``ids.json``."""
    file = GOLDEN / "ids.json"
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    found = {"n": len(ids), "sha256": hashlib.sha256(json.dumps(list(ids)).encode()).hexdigest()}
    if WRITE and key not in known:
        known[key] = found
        file.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", "utf-8")
    assert known.get(key) == found


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("template_id", CHAT)
def test_prompts_are_as_released(request, template_id, name, case):
    tokenizer = ByteTokenizer() if name == "bytes" else request.getfixturevalue(name)
    template = load_template(template_id)
    values = {key: CASES[case][key] for key in template.variables}
    prompt = render(template, values, tokenizer=tokenizer, as_of=EXAMPLE_AS_OF)
    compare(GOLDEN / template_id / f"{name}.{case}.txt", tokenizer.decode(prompt.token_ids))
    compare_ids(f"{template_id} {name} {case}", prompt.token_ids)


@pytest.mark.parametrize("template_id", TEXTS)
def test_texts_are_as_released(template_id):
    compare(
        GOLDEN / template_id / "text.txt", load_template(template_id).text(**TEXTS[template_id])
    )


def test_every_released_template_has_golden_files_and_none_is_left_over():
    whole = {template_id for template_id in released() if not template_id.startswith("shared/")}
    assert whole == {*CHAT, *TEXTS}
    expected = {
        GOLDEN / template_id / f"{getattr(name, 'values', [name])[0]}.{case}.txt"
        for template_id in CHAT
        for name in TOKENIZERS
        for case in CASES
    } | {GOLDEN / template_id / "text.txt" for template_id in TEXTS}
    found = {file for template_id in whole for file in (GOLDEN / template_id).parent.rglob("*.txt")}
    assert found == expected
