"""What figures were made with: versions, the commit, the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

_PACKAGES = ("llmrec", "numpy", "scipy", "polars", "torch", "transformers", "vllm", "faiss-cpu")


def environment() -> dict[str, Any]:
    """Return versions, git commit and hardware, in JSON values."""
    return {
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES if _version(name)},
        "git_sha": git_sha(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def git_sha() -> str | None:
    """Return the source tree's commit, ``-dirty`` with changes; None for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    sha = _git(git, root, "rev-parse", "HEAD")
    changed = _git(git, root, "status", "--porcelain", "--untracked-files=no")
    return None if sha is None else sha + ("-dirty" if changed else "")


def _git(git: str, root: Path, *words: str) -> str | None:
    done = subprocess.run(  # noqa: S603 - fixed words
        [git, "-C", str(root), *words], capture_output=True, text=True, check=False, timeout=20
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
