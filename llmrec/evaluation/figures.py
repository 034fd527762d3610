"""Measured figures as JSON: what they depend on, and where they go."""

from __future__ import annotations

import json
import os
import platform
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def machine() -> dict[str, str]:
    """Return what times depend on: the kind of processor, and Python's version."""
    return {
        "cpu": f"{os.cpu_count()} cores, {platform.machine()}",
        "python": platform.python_version(),
    }


def save(figures: Mapping[str, Any], out: Path | None) -> None:
    """Print figures with the machine's kind as JSON, and write them where a file is named.

    Raises:
        ArtifactError: Nothing can be written there.
    """
    from llmrec.artifacts import replace_file

    text = json.dumps({"machine": machine(), **figures}, indent=2) + "\n"
    sys.stdout.write(text)
    if out is not None:
        with replace_file(out) as draft:
            draft.write_text(text, encoding="utf-8")
