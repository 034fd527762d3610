"""``llmrec vllm``: start a vLLM server fit for scoring, or check one."""

from __future__ import annotations

import contextlib
import shlex
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from llmrec.cli.output import JsonFlag, console, note, print_json, print_rows
from llmrec.errors import ConfigError, EngineError

app = typer.Typer(no_args_is_help=True, help="Start a vLLM server fit for scoring, or check one.")


@app.command(
    context_settings={"allow_extra_args": True}, epilog="After --: any options of vllm serve."
)
def up(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="An embedded name, a folder or a hub id.")],
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default is this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8000,
    dtype: Annotated[str, typer.Option(help="bfloat16, float16 or float32.")] = "bfloat16",
    tensor_parallel: Annotated[
        int, typer.Option("--tensor-parallel", help="GPUs to split the model over.", min=1)
    ] = 1,
    quantization: Annotated[
        str | None, typer.Option(help="E.g. fp8, awq, bitsandbytes; as vLLM names them.")
    ] = None,
    max_model_len: Annotated[
        int | None, typer.Option("--max-model-len", help="Context length in tokens.", min=1)
    ] = None,
    gpu_memory_utilization: Annotated[
        float | None,
        typer.Option("--gpu-memory-utilization", help="Share of a GPU's memory.", min=0, max=1),
    ] = None,
    lora: Annotated[
        list[str] | None, typer.Option("--lora", help="NAME=PATH of an adapter; repeatable.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show vLLM's own log.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the command and start nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start a server with prefix caching and LoRA on; wait until it is ready; Ctrl-C ends it."""
    from rich.console import Console

    from llmrec.llm.vllm_server import ServeOptions, VllmServer, serve_command

    options = ServeOptions(
        model=model,
        host=host,
        port=port,
        dtype=dtype,
        tensor_parallel=tensor_parallel,
        quantization=quantization,
        max_model_len=max_model_len,
        gpu_memory_utilization=gpu_memory_utilization,
        adapters=_adapters(lora or []),
        extra=tuple(ctx.args),
    )
    if dry_run:
        command = serve_command(options)
        if as_json:
            print_json({"command": command})
        else:
            typer.echo(shlex.join(command))
        return
    screen = Console(stderr=True) if as_json else console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.ExitStack() as running:
            with screen.status(f"vLLM is loading {model}"):
                server = running.enter_context(VllmServer(options, verbose=verbose))
            if as_json:
                print_json({"url": server.url, "model": model})
            else:
                screen.print(f"ready: {server.url} serves {model}")
            note("Ctrl-C ends it")
            status = server.wait()
    except KeyboardInterrupt:
        note("ended")
        raise typer.Exit(130) from None
    raise EngineError(f"vLLM ended by itself with status {status}", remedy="--verbose shows why.")


@app.command()
def check(
    url: Annotated[str, typer.Argument(help="E.g. http://127.0.0.1:8000")],
    *,
    model: Annotated[
        str | None, typer.Option(help="The served name; without it the first base model.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell whether a server can score, and how; exit code 7 when it cannot."""
    from llmrec.llm.server_client import ServerClient
    from llmrec.llm.server_reads import offers_rows, probe_labels, served_model

    client = ServerClient(url, retries=0, timeout_s=60.0)
    try:
        entry, base = served_model(client, model)
        name = str(entry["id"])
        length = int(base.get("max_model_len") or 2**31)
        start = time.perf_counter()
        probe_labels(client, name)
        facts = {
            "url": client.url,
            "model": name,
            "base": str(base["id"]),
            "root": entry.get("root"),
            "context_length": base.get("max_model_len"),
            "scores_labels": True,
            "label_read_ms": round(1000 * (time.perf_counter() - start), 1),
            "continuations": "by rows" if offers_rows(client, name, length) else "token by token",
        }
    finally:
        client.close()
    if as_json:
        print_json(facts)
    else:
        print_rows([{"what": key, "found": str(value)} for key, value in facts.items()])


def _adapters(pairs: list[str]) -> dict[str, Path]:
    named = {}
    for pair in pairs:
        name, found, path = pair.partition("=")
        if not (name and found and path):
            raise ConfigError(f"--lora {pair}: not of the form NAME=PATH")
        named[name] = Path(path)
    return named
