"""Are the reasons true? python eval/reasons.py DATASET OUT [--users 100] [--world]."""

from pathlib import Path

import typer

from llmrec.cli.truth import world_truth
from llmrec.data import SplitProtocol
from llmrec.evaluation.reasons import ReasonsConfig, measure_reasons
from llmrec.recommender import Recommender, RecommenderConfig
from llmrec.retrieval import ItemIndex

RECIPE = Path(__file__).with_suffix(".yaml")


def main(  # noqa: D103 - see above
    dataset: Path, out: Path, *, users: int = 100, world: bool = False, config: Path = RECIPE
) -> None:
    cache = {"cache": out.with_name(out.name + ".sqlite")}
    choices = RecommenderConfig.read(config, dataset=dataset, engine=cache)
    card, how = (
        SplitProtocol.named("leave-one-out.v1"),
        ReasonsConfig(users=users, drafted_users=20),
    )
    with Recommender.open(choices) as line:
        index = ItemIndex.load(choices.index_path)
        truth = world_truth(line.dataset) if world and line.dataset else None
        measure_reasons(line, card, index, out=out, config=how, truth=truth)


if __name__ == "__main__":
    typer.run(main)
