"""Measured figures as JSON: what they depend on, and where they go."""

from __future__ import annotations

import json
import math
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


def without_nan(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON values with null for every number that is not finite, which JSON cannot hold."""
    if isinstance(value, dict):
        return {name: without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
