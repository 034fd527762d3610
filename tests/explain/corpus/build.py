"""Make the corpus: ``python tests/explain/corpus/build.py [--check]``.

Writes ``scenarios.jsonl`` and ``cases.jsonl`` beside this file; with ``--check`` it only compares
them with what it would write (exit code 1 where they differ).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from corpus_parts.compose import Writer, hand_cases  # noqa: E402
from corpus_parts.false_claims import CATEGORIES  # noqa: E402
from corpus_parts.scenarios import all_scenarios  # noqa: E402
from corpus_parts.view import View  # noqa: E402

SEED = 20
N_TRUE = {"dev": 125, "test": 290}
N_FALSE = {"dev": 11, "test": 27}
"""Per category."""


def _made(split: str, views: list[View]) -> list[dict[str, Any]]:
    writer = Writer(split, seed=SEED)
    order = list(views)
    writer.rng.shuffle(order)
    cases: list[dict[str, Any]] = []
    for category in (None, *CATEGORIES):
        wanted = len(cases) + (N_TRUE[split] if category is None else N_FALSE[split])
        turn = writer.rng.randrange(len(order))
        while len(cases) < wanted:
            turn += 1
            v = order[turn % len(order)]
            case = writer.true_case(v) if category is None else writer.false_case(v, category)
            if case is not None:
                cases.append(case)
    return cases


def build() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the scenarios and the cases."""
    scenarios = all_scenarios(seed=SEED)
    views = [View(scenario) for scenario in scenarios]
    cases = hand_cases({v.id: v.split for v in views})
    for split in ("dev", "test"):
        cases += _made(split, [v for v in views if v.split == split])
    return scenarios, [{"id": f"c{n:04}", **case} for n, case in enumerate(cases, 1)]


def render() -> dict[str, str]:
    """Return the text of each file by its name."""
    scenarios, cases = build()
    return {
        name: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        for name, rows in (("scenarios.jsonl", scenarios), ("cases.jsonl", cases))
    }


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    same = True
    for name, text in render().items():
        path = HERE / name
        if "--check" in arguments:
            same &= path.is_file() and path.read_text(encoding="utf-8") == text
        else:
            path.write_text(text, encoding="utf-8")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
