"""Seconds and memory of full ranking, all accuracy metrics and 1,000 bootstrap draws, by size.

python eval/bench_metrics.py [--large] [--out eval/results/bench-metrics.json]

``--large`` adds 100,000 users on 100,000 items. Figures depend on what else the machine does.
"""

from pathlib import Path

import typer

from llmrec.evaluation.benchmark import LARGEST, SIZES, measure_sizes
from llmrec.evaluation.figures import save


def main(*, large: bool = False, draws: int = 1000, out: Path | None = None) -> None:
    """Measure every size and print the table as JSON."""
    sizes = (*SIZES, LARGEST) if large else SIZES
    save({"draws": draws, "sizes": measure_sizes(sizes, draws=draws)}, out)


if __name__ == "__main__":
    typer.run(main)
