"""Seconds and memory of full ranking, all accuracy metrics and 1,000 bootstrap draws.

python eval/bench_metrics.py [--users 6040] [--items 3706]     (or --users 100000 --items 100000)
"""

import json

import typer

from llmrec.evaluation.benchmark import measure_metrics


def main(users: int = 6040, items: int = 3706, draws: int = 1000) -> None:
    """Measure one size and print it as JSON."""
    print(json.dumps(measure_metrics(users=users, items=items, draws=draws), indent=2))


if __name__ == "__main__":
    typer.run(main)
