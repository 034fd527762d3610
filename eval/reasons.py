"""Are reasons true? python eval/reasons.py DATASET OUT [--users 100] [--drafted 20] [--world]."""

from pathlib import Path

import typer

from llmrec.cli.reasons import run_reasons
from llmrec.evaluation.reasons import ReasonsConfig
from llmrec.recommender import RecommenderConfig


def main(
    data: Path, out: Path, users: int = 100, drafted: int = 20, *, world: bool = False
) -> None:
    """Explain users of leave-one-out.v1 with the recommender of reasons.yaml."""
    recipe, kept = Path(__file__).with_suffix(".yaml"), {"cache": out.with_suffix(".sqlite")}
    choices = RecommenderConfig.read(recipe, dataset=data, engine=kept)
    how = ReasonsConfig(users=users, drafted_users=drafted)
    run_reasons(choices, "leave-one-out.v1", out, how, world=world)


typer.run(main)
