"""``llmrec demo``: explained recommendations on the embedded sample, from nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmrec.cli.output import JsonFlag, console, print_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from llmrec.data import Dataset
    from llmrec.recommender import Recommender

    T = TypeVar("T")

app = typer.Typer()

EVIDENCE_SESSIONS = 6


@app.command()
def demo(
    *,
    model: Annotated[str, typer.Option(help="LLM: embedded name, folder or hub id.")] = (
        "smollm2-135m"
    ),
    encoder: Annotated[str, typer.Option(help="Encoder: embedded name, folder, hub id.")] = (
        "minilm"
    ),
    language: Annotated[str, typer.Option(help="Language of the reasons.")] = "en",
    k: Annotated[int, typer.Option("-k", help="How many items a user.")] = 5,
    as_json: JsonFlag = False,
) -> None:
    """Recommend to three people of a simulated film world, with reasons.

    The sample, its index and the unpacked models are kept under LLMREC_HOME, so the second run
    starts at once. The same prompts are not asked twice.
    """
    from llmrec.cli import render
    from llmrec.llm import models
    from llmrec.world import sample

    steps = Steps(quiet=as_json)
    home = models.cache_root() / "demo" / sample.sha256()[:12]
    dataset = steps("Sample of the film world", lambda: _dataset(home / "film-world"))
    steps(f"Language model {model}", lambda: models.obtain(model))
    index = steps(f"Item index ({encoder})", lambda: _index(home, dataset, encoder))
    recommender = steps(
        "Recommender", lambda: _open(dataset.path, index, home, model, encoder, language)
    )
    histories = dataset.histories(sample.demo_users())
    lists = steps(
        f"Ranking, evidence and reasons for {len(histories)} people",
        lambda: recommender.batch([{"history": h, "k": k} for h in histories]),
    )
    if as_json:
        rows = zip(histories, lists, strict=True)
        print_json([render.as_json(history, row) for history, row in rows])
        return
    screen = console()
    weight = recommender.pipeline.decision.weight
    screen.print(
        f"\nScores are z-scores: {1 - weight:.2f} x retriever + {weight:.2f} x language model.\n"
    )
    for history, row in zip(histories, lists, strict=True):
        render.print_history(screen, history, dataset.catalogue)
        screen.print()
        render.print_recommendations(screen, row)


class Steps:
    """Runs named steps one after the other, showing which one runs and how long each took."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, name: str, step: Callable[[], T]) -> T:
        """Run one step under a spinner; leave a line with its time."""
        if self._quiet:
            return step()
        screen = console()
        started = time.perf_counter()
        with screen.status(f"{name} ..."):
            result = step()
        screen.print(f"[green]done[/green] {name} ({time.perf_counter() - started:.1f} s)")
        return result


def _dataset(path: Path) -> Dataset:
    """Load the sample, writing it first where it is not yet there."""
    from llmrec.data import load, write_sample

    if not path.exists():
        write_sample(path)
    return load(path)


def _index(home: Path, dataset: Dataset, encoder: str) -> Path:
    """Return the sample's index by this encoder, built first where it is not yet there."""
    path = home / f"index-{encoder.replace('/', '--')}"
    if not path.exists():
        from llmrec.encode import open_encoder
        from llmrec.retrieval import ItemIndex

        ItemIndex.build(dataset.catalogue, open_encoder(encoder)).save(path)
    return path


def _open(
    dataset: Path, index: Path, home: Path, model: str, encoder: str, language: str
) -> Recommender:
    """Open the recommender; the sample's own fusion weight belongs to the embedded models."""
    from llmrec.recommender import Recommender

    embedded = model == "smollm2-135m" and encoder == "minilm"
    return Recommender.open(
        dataset=dataset,
        index=index,
        fusion="sample" if embedded else None,
        engine={"model": model, "cache": home / "answers.sqlite"},
        explain={"language": language, "evidence": {"max_groups": EVIDENCE_SESSIONS}},
    )
