"""``llmrec evaluate``: how good every row is on a dataset, how sure that is, as a report."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.evaluate_llm import open_llm_rows, print_plan, with_sources
from llmrec.cli.evaluate_reasons import print_reasons, reasons_folder
from llmrec.cli.options import (
    CacheOption,
    ConfigFile,
    EngineOption,
    NoCacheFlag,
    TokenizerOption,
    UrlOption,
    settings,
)
from llmrec.cli.output import JsonFlag, console, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

app = typer.Typer()


@app.command()
def evaluate(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A dataset folder.")],
    *,
    protocol: Annotated[
        str, typer.Option(help="A card: leave-one-out.v1, llamarec.v1, ..., or a YAML file.")
    ] = "leave-one-out.v1",
    rows: Annotated[
        str | None, typer.Option(help="Rows, with commas; 'all'; default: those of the log alone.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder (default: runs/DATASET-CARD).")
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="Item index, for the rows mean and text.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Ask only so many queries, drawn by the seed.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of samples, draws and intervals.")] = 0,
    trec: Annotated[bool, typer.Option(help="Also write a TREC run file a row, and qrels.")] = True,
    explain: Annotated[
        int | None,
        typer.Option(min=1, help="Also explain so many users and measure the reasons."),
    ] = None,
    run_file: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="Also judge another program's TREC run file."),
    ] = None,
    list_length: Annotated[int, typer.Option(min=1, help="Best items kept of each query.")] = 50,
    llm: Annotated[
        str | None, typer.Option(help="LLM that reranks: embedded name, folder or hub id.")
    ] = None,
    scorer: Annotated[
        str | None,
        typer.Option(help="How the LLM scores, with commas: labels,markers,likelihood,pointwise."),
    ] = None,
    rerank_row: Annotated[
        str | None, typer.Option(help="Rows to rerank, with commas (default: ease-recency).")
    ] = None,
    llm_rows: Annotated[
        Path | None, typer.Option(help="YAML with LLM rows and all their settings.")
    ] = None,
    fusion_queries: Annotated[
        int, typer.Option(min=0, help="Validation queries for the weight; 0: no fusion.")
    ] = 300,
    ablate: Annotated[
        str | None,
        typer.Option(help="Ablations, with commas: time-style,candidate-order,evidence-method."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the LLM rows would cost, and stop.")
    ] = False,
    config: ConfigFile = None,
    engine: EngineOption = None,
    url: UrlOption = None,
    tokenizer: TokenizerOption = None,
    cache: CacheOption = None,
    no_cache: NoCacheFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Rank the whole catalogue for every query of a card and write a report.

    With --llm (or --url, --llm-rows) an LLM reranks the first items of a row: alone, and fused
    with it by a weight that is fitted on validation. The same command into the same folder goes
    on where a stopped one ended; finished rows are kept, and more can be added.

    With --run-file a run file of another program becomes a row beside ours: its queries are called
    q0, q1, ... as in the trec/ folder that a first run of the same card writes.

    With --explain the recommender that the same options (and the YAML) describe explains users;
    its reasons are measured into a folder of their own, beside the run's. There the ablation
    evidence-method also finds evidence by whole sessions and by single events, and compares.
    """
    from llmrec.artifacts import check_writable
    from llmrec.cli.reasons import run_reasons
    from llmrec.data import SplitProtocol, load
    from llmrec.errors import ConfigError
    from llmrec.evaluation import EvaluateConfig, plan
    from llmrec.evaluation import evaluate as run
    from llmrec.evaluation.reasons import ReasonsConfig

    data, card = load(dataset), SplitProtocol.named(protocol)
    folder = out or Path("runs") / f"{data.path.resolve().name}-{card.id}"
    check_writable(folder / "run.json")
    what = EvaluateConfig(sample=sample, seed=seed, list_length=list_length, trec=trec)
    asks_llm = bool(llm or engine or url or llm_rows)
    ablations, varies_evidence = _ablations(ablate, explained=explain is not None)
    if not asks_llm and (dry_run or scorer or rerank_row or ablations):
        raise ConfigError("this asks for an LLM's rows", remedy="Name the LLM with --llm.")
    choices, reranks = None, None
    if asks_llm or explain:
        choices = settings(
            config,
            engine=engine,
            model=llm if asks_llm or config else "none",
            url=url,
            tokenizer=tokenizer,
            cache=cache,
            no_cache=no_cache,
            dataset=dataset,
            index=index,
        )
    if choices is not None and asks_llm:
        reranks = open_llm_rows(
            choices,
            scorers=scorer,
            sources=rerank_row,
            file=llm_rows,
            fusion_queries=fusion_queries,
            ablations=ablations,
        )
    chosen = _rows(rows, with_index=index is not None)
    with contextlib.ExitStack() as stack:
        if reranks is not None:
            stack.callback(reranks.engine.close)
            chosen = with_sources(chosen, reranks)
        if dry_run and reranks is not None:
            plans = plan(data, card, out=folder, rows=chosen, config=what, index=index, llm=reranks)
            print_json(plans) if as_json else print_plan(plans)
            return
        results = run(
            data,
            card,
            out=folder,
            rows=chosen,
            config=what,
            index=index,
            llm=reranks,
            given=_named_files(run_file or []),
        )
    reasons = None
    if explain is not None and choices is not None:
        how = ReasonsConfig(users=explain, seed=seed, vary_evidence=varies_evidence)
        reasons = run_reasons(choices, protocol, reasons_folder(folder), how)
    if as_json:
        print_json(results if reasons is None else {**results, "reasons": reasons})
        return
    _print(results, folder)
    if reasons is not None:
        print_reasons(reasons, reasons_folder(folder))


def _ablations(ablate: str | None, *, explained: bool) -> tuple[list[str], bool]:
    """Return the ablations of the LLM's rows, and whether ways to find evidence are compared."""
    from llmrec.errors import ConfigError

    names = [name.strip() for name in (ablate or "").split(",") if name.strip()]
    varies_evidence = "evidence-method" in names
    if varies_evidence and not explained:
        raise ConfigError(
            "evidence-method is an ablation of reasons, and none are asked for",
            remedy="Say how many users are explained with --explain.",
        )
    return [name for name in names if name != "evidence-method"], varies_evidence


def _rows(rows: str | None, *, with_index: bool) -> list[str]:
    from llmrec.evaluation import DEFAULT_ROWS, ROWS

    if rows is None:
        return list(DEFAULT_ROWS)
    if rows == "all":
        return [name for name, spec in ROWS.items() if with_index or not spec.needs_index]
    return [name.strip() for name in rows.split(",") if name.strip()]


def _named_files(values: Sequence[str]) -> dict[str, Path]:
    """Read NAME=FILE; each name once."""
    from llmrec.errors import ConfigError

    found: dict[str, Path] = {}
    for value in values:
        name, equals, file = value.partition("=")
        if not (name and equals and file) or name in found:
            raise ConfigError(
                f"--run-file {value!r} is not NAME=FILE with a name of its own",
                remedy="For example: --run-file bm25=runs/bm25.trec",
            )
        found[name] = Path(file)
    return found


def _print(results: Mapping[str, Any], folder: Path) -> None:
    from llmrec.evaluation.report.tables import brief_table

    screen, run, queries = console(), results["run"], results["queries"]
    title = f"{run['dataset']} under {run['protocol']}: {queries['queries']:,} queries, "
    print_rows(brief_table(results), title=f"{title}{run['n_items']:,} items ranked")
    for note in results["notes"]:
        screen.print(f"- {note}", markup=False)
    screen.print(f"written to {folder}: report.html, report.md, results.json", markup=False)
