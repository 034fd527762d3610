"""``llmrec adapter``: look at adapters, merge them into their base, hand them to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.output import JsonFlag, console, print_json, print_rows

if TYPE_CHECKING:
    from llmrec.llm.adapter import Adapter

app = typer.Typer(no_args_is_help=True)

AdapterFolder = Annotated[Path, typer.Argument(help="An adapter's folder.")]
OutFolder = Annotated[Path, typer.Argument(help="Folder to write.")]


@app.command("list")
def list_(
    folder: Annotated[Path, typer.Argument(help="Where to look.")] = Path(),
    *,
    as_json: JsonFlag = False,
) -> None:
    """List the adapters right in a folder."""
    from llmrec.artifacts import MANIFEST
    from llmrec.errors import ArtifactError
    from llmrec.llm.adapter import Adapter

    rows = []
    for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
        try:
            rows.append(_row(Adapter.read(manifest.parent)))
        except ArtifactError as error:
            if "artifact of kind" not in error.message:
                rows.append({"adapter": manifest.parent.name, "fault": error.message})
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(rows)
    else:
        console().print(f"no adapters in {folder}; llmrec finetune trains one")


@app.command()
def show(path: AdapterFolder, *, as_json: JsonFlag = False) -> None:
    """Show what an adapter was made from and how well it ranks, after checking every file."""
    from llmrec.llm.adapter import Adapter

    adapter = Adapter.read(path)
    if as_json:
        print_json({"sha256": adapter.sha256, **adapter.made_from, "metrics": adapter.metrics})
        return
    console().print((path / "README.md").read_text(encoding="utf-8"), markup=False, highlight=False)


@app.command()
def merge(
    path: AdapterFolder,
    out: OutFolder,
    *,
    base: Annotated[
        str | None, typer.Option(help="The base where it has another name here: folder or hub id.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="bfloat16, float16 or float32.")] = "bfloat16",
) -> None:
    """Write a plain model: the base with the adapter's weights added in."""
    from llmrec.llm.adapter import Adapter, save_merged

    adapter = Adapter.read(path)
    save_merged(base or adapter.made_from["base"], path, out, dtype=dtype)
    console().print(f"{out} is a model of its own now: --model {out}", highlight=False)


@app.command()
def export(path: AdapterFolder, out: OutFolder) -> None:
    """Write PEFT's two files alone, under a folder named by the content hash.

    That is what `llmrec vllm up --lora NAME=PATH` and other programs load; a folder of another
    adapter has another name, so nothing that caches by path mixes them up.
    """
    from llmrec.llm.adapter import Adapter, export_adapter

    place = export_adapter(Adapter.read(path), out)
    console().print(str(place), highlight=False)


def _row(adapter: Adapter) -> dict[str, Any]:
    """Return an adapter in one line."""
    ndcg = adapter.metrics.get("conditional_ndcg@10", {}).get("adapter", {}).get("value")
    return {
        "adapter": adapter.path.name,
        "sha256": adapter.sha256[:12],
        "base": adapter.made_from["base"],
        "recipe": adapter.made_from.get("recipe"),
        "template": adapter.made_from["template"],
        "ndcg@10": None if ndcg is None else round(ndcg, 4),
    }
