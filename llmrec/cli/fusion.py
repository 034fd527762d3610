"""``llmrec fusion``: fit how much the LLM's ranking counts, and look at a fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.conditions import SeenOption
from llmrec.cli.options import (
    CacheOption,
    ConfigFile,
    DatasetOption,
    EngineOption,
    IndexOption,
    ModelOption,
    NoCacheFlag,
    RetrieverOption,
    ScorerOption,
    TokenizerOption,
    UrlOption,
    settings,
)
from llmrec.cli.output import JsonFlag, console, print_json

if TYPE_CHECKING:
    from llmrec.rerank import FusionArtifact

app = typer.Typer(no_args_is_help=True)


@app.command()
def fit(
    out: Annotated[Path, typer.Argument(help="Folder to write the fitted weight to.")],
    *,
    queries: Annotated[int, typer.Option(help="Validation queries, at most.")] = 300,
    seed: Annotated[int, typer.Option(help="Of the sample and the interval.")] = 0,
    protocol: Annotated[str, typer.Option(help="How validation is split.")] = "leave-one-out.v1",
    config: ConfigFile = None,
    dataset: DatasetOption = None,
    index: IndexOption = None,
    retriever: RetrieverOption = None,
    candidates: Annotated[int | None, typer.Option(help="How many are scored.")] = None,
    seen: SeenOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    url: UrlOption = None,
    tokenizer: TokenizerOption = None,
    scorer: ScorerOption = None,
    cache: CacheOption = None,
    no_cache: NoCacheFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Fit the weight on validation queries; the test events are never looked at.

    The LLM's answers are kept, so an interrupted fit goes on where it stopped. A trained retriever
    has learnt from the events that are asked here: its settings are fitted anew on those before
    them, and the weight holds for the retriever in the folder.
    """
    from llmrec.artifacts import check_place
    from llmrec.data import SplitProtocol, load, split
    from llmrec.errors import ConfigError
    from llmrec.evaluation.fusion import fit_fusion, sample_queries
    from llmrec.evaluation.retrievers import fit_again
    from llmrec.recommender import build_pipeline
    from llmrec.retrieval import load_retriever

    choices = settings(
        config,
        engine=engine,
        model=model,
        url=url,
        tokenizer=tokenizer,
        cache=cache,
        no_cache=no_cache,
        dataset=dataset,
        index=index,
        retriever=retriever,
        candidates=candidates,
        seen=seen,
        scorer=scorer,
        weight=0.0,  # in place of what the YAML says: it is what is looked for
    )
    card = SplitProtocol.named(protocol)
    if card.seen != choices.seen:
        raise ConfigError(
            f"the recommender's seen is {choices.seen!r}, but {card.id} asks with {card.seen!r}",
            remedy="Give --protocol a card of the same setting: repeats.v1 allows seen items, "
            "repeats-only.v1 ranks them alone, leave-one-out.v1 masks them.",
        )
    check_place(out, "fusion")
    data = load(choices.dataset)
    parts = split(data, card)
    asked = parts.calibration or parts.validation
    chosen = sample_queries(asked, queries, seed=seed)
    refitted, identity = None, None
    if isinstance(choices.retriever, Path):  # it has learnt from what is asked here
        refitted = fit_again(choices.retriever, data, parts.train)
        identity = load_retriever(
            choices.retriever, catalogue=data.catalogue, interactions=parts.train
        ).identity
    pipeline, _ = build_pipeline(choices, dataset=data, train=parts.train, retriever=refitted)
    artifact = fit_fusion(pipeline, chosen, seed=seed, retriever=identity)
    artifact.save(out)
    _answer(artifact, as_json=as_json)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="A fitted weight's folder.")],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show a fitted weight, what it was fitted on and what every weight would give."""
    from llmrec.rerank import FusionArtifact

    _answer(FusionArtifact.read(path), as_json=as_json)


def _answer(artifact: FusionArtifact, *, as_json: bool) -> None:
    import dataclasses

    fitted = artifact.fit
    if as_json:
        value: dict[str, Any] = dataclasses.asdict(fitted)
        print_json({**value, "made_from": dict(artifact.made_from)})
        return
    screen = console()
    low, high = fitted.gain_interval
    curve = dict(fitted.curve)
    screen.print(
        f"weight [bold]{fitted.weight:.2f}[/bold] from {fitted.n_queries} validation queries, "
        f"{fitted.n_with_target} of them with the target among the candidates"
    )
    screen.print(
        f"NDCG@10  retriever {curve[0.0]:.4f} · LLM alone {curve[1.0]:.4f} · "
        f"fusion {curve[fitted.weight]:.4f}"
    )
    verdict = "proven on these queries" if fitted.proven else "not proven on these queries"
    screen.print(f"gain {fitted.gain:+.4f} (95 % interval {low:+.4f} to {high:+.4f}): {verdict}")
    for name, origin in artifact.made_from.items():
        screen.print(f"  {name}: {origin}", style="dim", markup=False)
