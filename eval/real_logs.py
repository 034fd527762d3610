"""The whole line on published logs: import, index, recommend with reasons, check, write figures.

python eval/real_logs.py OUT.json NAME=FOLDER [NAME=FOLDER ...] [--users 20]
"""

from __future__ import annotations

from typing import Annotated

import typer

from llmrec.evaluation.line_check import run_published
from llmrec.explain import EvidenceConfig


def main(out: str, logs: list[str], users: Annotated[int, typer.Option()] = 20) -> None:
    """Run every named folder and write one JSON of counts and times."""
    evidence = EvidenceConfig(max_groups=4, max_events=3)
    folders = dict(pair.split("=", 1) for pair in logs)
    run_published(folders, out=out, n_users=users, evidence=evidence)


if __name__ == "__main__":
    typer.run(main)
