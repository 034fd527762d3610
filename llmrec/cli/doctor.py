"""``llmrec doctor``: what is installed, what works here, and how to mend the rest."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from llmrec.cli.output import JsonFlag, console, print_json

app = typer.Typer()

_STYLES = {"works": "green", "missing": "yellow", "broken": "bold red", "absent": "dim"}


@app.command()
def doctor(
    *,
    full: Annotated[bool, typer.Option("--full", help="Also start vLLM (half a minute).")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Try each package, model, encoder and engine; print the command that mends what fails.

    Exit code 0 when nothing is broken (missing optional parts are not broken), else 1.
    """
    from llmrec.cli.checks import run_checks
    from llmrec.progress import track

    checks = list(track(run_checks(full=full), "Looking around", total=16 + full))
    if as_json:
        print_json([dataclasses.asdict(check) for check in checks])
    else:
        screen = console()
        for check in checks:
            style = _STYLES[check.state]
            screen.print(
                f"[{style}]{check.state:<8}[/{style}] {check.area:<12} [bold]{check.name}[/bold]  ",
                end="",
            )
            screen.print(check.detail, markup=False)
            if check.mend:
                screen.print(f"{'':<21} mend: {check.mend}", markup=False, style="cyan")
    if any(check.state == "broken" for check in checks):
        raise typer.Exit(1)
