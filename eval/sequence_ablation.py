"""Variants of the sequence retriever on a dataset's validation queries, every trial kept.

python eval/sequence_ablation.py DATASET CARD OUT [--index FOLDER]
"""

from pathlib import Path

import typer

from llmrec.evaluation.sequence_trials import SequenceTrials, run_sequence_trials


def main(data: Path, card: str, out: Path, index: Path | None = None) -> None:
    """Train and measure the variants of sequence_ablation.yaml that OUT does not hold."""
    trials = SequenceTrials.load(Path(__file__).with_suffix(".yaml"))
    run_sequence_trials(data, card, trials, out, index=index)


if __name__ == "__main__":
    typer.run(main)
