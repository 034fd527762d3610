"""The command tree. A group's module is imported only when the group is used."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

# name -> (module that holds `app`, one-line help)
GROUPS: dict[str, tuple[str, str]] = {
    "data": ("llmrec.cli.data", "Import logs, look at datasets, write the embedded sample."),
    "index": ("llmrec.cli.index", "Build an item index, search it, look at it."),
    "retriever": ("llmrec.cli.retriever", "Train a retriever, look at a trained one."),
    "recommend": ("llmrec.cli.recommend", "Recommend next items, with reasons."),
    "rerank": ("llmrec.cli.rerank", "Rerank your own candidates (JSONL or TREC run)."),
    "evaluate": ("llmrec.cli.evaluate", "How good every row is on a dataset, and how sure."),
    "compare": ("llmrec.cli.compare", "Two evaluation runs, query by query: is it chance?"),
    "fusion": ("llmrec.cli.fusion", "Fit how much the LLM's ranking counts."),
    "finetune": ("llmrec.cli.finetune", "Train a ranking adapter on a dataset, by a recipe."),
    "adapter": ("llmrec.cli.adapter", "List, show, merge and export ranking adapters."),
    "prompt": ("llmrec.cli.prompt", "List, check and render prompt templates."),
    "models": ("llmrec.cli.models", "Obtain, list and locate models."),
    "vllm": ("llmrec.cli.vllm", "Start a vLLM server fit for scoring, or check one."),
    "world": ("llmrec.cli.world", "Simulate people whose causes are known."),
    "demo": ("llmrec.cli.demo", "Explained recommendations on the embedded sample."),
    "doctor": ("llmrec.cli.doctor", "What is installed, what works here, how to mend the rest."),
}


class LazyGroup(TyperGroup):
    """Lists every group from the table above; imports one when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Return the names in the table's order."""
        del ctx
        return list(GROUPS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Return a stub for listing, or the real command where it is called."""
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        module, summary = GROUPS[cmd_name]
        if ctx.resilient_parsing or getattr(ctx, "llmrec_listing", False):
            return TyperCommand(cmd_name, help=summary)
        command = get_command(importlib.import_module(module).app)
        command.name, command.short_help = cmd_name, summary
        for part in (command, *getattr(command, "commands", {}).values()):
            part.rich_markup_mode = "markdown"  # else a docstring's line breaks stay in the help
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Print the help without importing any group."""
        ctx.llmrec_listing = True
        super().format_help(ctx, formatter)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


def _version(value: bool) -> None:  # noqa: FBT001
    if value:
        from importlib.metadata import version

        typer.echo(version("llmrec"))
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Explained next-item recommendations: FAISS retrieval, LLM reranking, checked reasons."""
    del version
