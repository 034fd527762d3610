"""Tune a peer on an exported split's validation, fit it again for the test, write a TREC run file.

peers/bin/python eval/peers/peer.py EXPORT MODEL OUT.trec [--trials 8] [--seed 0] [--keep-seen]

MODEL: sasrec, esasrec, ease (RecTools) or als, item-knn (implicit). It runs in an environment of
its own (requirements.txt beside this file) and never imports llmrec. Trials are drawn by the seed
from the spaces below, the first being the library's or the paper's usual setting; the best NDCG@10
on validation is fitted again. Beside OUT stands OUT.json with every trial and its seconds.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import pandas as pd

SPACES: dict[str, dict[str, list[Any]]] = {
    "sasrec": {
        "n_factors": [128, 64, 256],
        "n_blocks": [2, 1],
        "session_max_len": [100, 50, 200],
        "dropout_rate": [0.2, 0.4],
        "epochs": [30, 60, 15],
        "lr": [1e-3, 3e-3],
    },
    "ease": {"regularization": [500.0, 50.0, 100.0, 200.0, 1000.0, 2000.0, 5000.0, 300.0]},
    "als": {
        "factors": [64, 32, 128, 256],
        "regularization": [0.01, 0.1, 1.0, 10.0],
        "alpha": [1.0, 5.0, 20.0, 40.0],
        "iterations": [15, 30],
    },
    "item-knn": {
        "K": [20, 50, 100, 200, 400],
        "kind": ["cosine", "tfidf", "bm25"],
    },
}
SPACES["esasrec"] = SPACES["sasrec"] | {"n_negatives": [256, 64, 1024], "lr": [1e-3, 3e-4]}


def drawn(model: str, trials: int, seed: int) -> list[dict[str, Any]]:
    """Return distinct settings: the usual one, then random ones."""
    space, rng = SPACES[model], random.Random(seed)  # noqa: S311 - no secret
    found = [{name: values[0] for name, values in space.items()}]
    most = min(trials, math.prod(map(len, space.values())))
    while len(found) < most:
        one = {name: rng.choice(values) for name, values in space.items()}
        if one not in found:
            found.append(one)
    return found


def made(model: str, settings: dict[str, Any], seed: int) -> Any:  # noqa: ANN401
    """Return an unfitted model of RecTools."""
    if model in ("sasrec", "esasrec"):
        return _transformer(model, settings, seed)
    if model == "ease":
        from rectools.models import EASEModel

        return EASEModel(**settings)
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
    from rectools.models import ImplicitALSWrapperModel, ImplicitItemKNNWrapperModel

    if model == "als":
        return ImplicitALSWrapperModel(AlternatingLeastSquares(**settings, random_state=seed))
    kinds = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}
    return ImplicitItemKNNWrapperModel(kinds[settings["kind"]](K=settings["K"]))


def _transformer(model: str, settings: dict[str, Any], seed: int) -> Any:  # noqa: ANN401
    from lightning_fabric import seed_everything
    from rectools.models import SASRecModel
    from rectools.models.nn.item_net import IdEmbeddingsItemNet
    from rectools.models.nn.transformers.ligr import LiGRLayers

    seed_everything(seed)
    more: dict[str, Any] = {"item_net_block_types": (IdEmbeddingsItemNet,), "deterministic": True}
    if model == "esasrec":
        more |= {"transformer_layers_type": LiGRLayers, "loss": "sampled_softmax"}
    return SASRecModel(**settings, **more)


def fitted(folder: Path, model: str, settings: dict[str, Any], seed: int) -> tuple[Any, Any]:
    """Fit on a part and return the model with its dataset."""
    from rectools import Columns
    from rectools.dataset import Dataset

    events = table_of(folder / "train.csv")
    # RecTools sorts by time alone: a second for each place keeps the card's order of ties.
    moments = pd.to_datetime(events["place"], unit="s")
    table = pd.DataFrame(
        {
            Columns.User: events["user_id"],
            Columns.Item: events["item_id"],
            Columns.Weight: 1.0,
            Columns.Datetime: moments,
        }
    )
    dataset = Dataset.construct(table)
    return made(model, settings, seed).fit(dataset), dataset


def table_of(path: Path) -> pd.DataFrame:
    """Read a table; ids are text, whatever they look like."""
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(("query", "user_id", "item_id", "target"), str),
        keep_default_na=False,
    )


def lists_of(model: Any, dataset: Any, users: pd.Series, *, keep_seen: bool) -> pd.DataFrame:  # noqa: ANN401
    """Return the 50 best items of each user, one line an item."""
    found: pd.DataFrame = model.recommend(
        users=users.unique(),
        dataset=dataset,
        k=50,
        filter_viewed=not keep_seen,
        on_unsupported_targets="ignore",
    )
    return found


def ndcg_at_10(found: pd.DataFrame, queries: pd.DataFrame) -> float:
    """Return the mean over queries with one target each; not found counts 0."""
    joined = queries.merge(found, on="user_id")
    hits = joined[(joined["item_id"] == joined["target"]) & (joined["rank"] <= 10)]
    return float((1 / (hits["rank"] + 1).map(math.log2)).sum() / len(queries))


def tune(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Fit every trial on the training part and return them with NDCG@10 and seconds."""
    queries = table_of(args.export / "validation" / "queries.csv")
    trials = []
    for settings in drawn(args.model, args.trials, args.seed):
        started = time.perf_counter()
        model, dataset = fitted(args.export / "validation", args.model, settings, args.seed)
        found = lists_of(model, dataset, queries["user_id"], keep_seen=args.keep_seen)
        value = ndcg_at_10(found, queries)
        trials.append(
            {"settings": settings, "ndcg@10": value, "seconds": time.perf_counter() - started}
        )
        print(json.dumps(trials[-1]), flush=True)
    return trials


def main() -> None:
    """Tune, fit again, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("model", choices=sorted(SPACES))
    parser.add_argument("out", type=Path)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep-seen", action="store_true")
    args = parser.parse_args()
    trials = tune(args)
    best = max(trials, key=lambda trial: trial["ndcg@10"])
    queries = table_of(args.export / "test" / "queries.csv")
    started = time.perf_counter()
    model, dataset = fitted(args.export / "test", args.model, best["settings"], args.seed)
    found = lists_of(model, dataset, queries["user_id"], keep_seen=args.keep_seen)
    seconds = time.perf_counter() - started
    lines = queries.merge(found, on="user_id").sort_values(["query", "rank"])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", encoding="utf-8", newline="\n") as stream:
        for query, item, rank, score in lines[["query", "item_id", "rank", "score"]].itertuples(
            index=False
        ):
            stream.write(f"{query} Q0 {item} {rank} {score!r} {args.model}\n")
    told = {"model": args.model, "trials": trials, "chosen": best["settings"], "seconds": seconds}
    args.out.with_suffix(".json").write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
