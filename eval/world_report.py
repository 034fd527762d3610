"""Measure both simulated worlds: two parameter sets, three seeds; 9 came after all was fixed.

python eval/world_report.py [PAGES]    the HTML pages' folder; figures go to eval/results/
"""

import sys
from pathlib import Path

from llmrec.cli.world import report

RESULTS = Path(__file__).parent / "results"
PAGES = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
SEEDS = [7, 8, 9]
for name in ("film", "kitchen"):
    figures = RESULTS / f"world-{name}.json"
    report(PAGES / f"world-{name}.html", world=name, figures=figures, seed=SEEDS)
