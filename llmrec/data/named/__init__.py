"""Published data sets, each read as its publisher wrote it."""

from __future__ import annotations

from llmrec.data.named.known import NAMED, Named, recognised

__all__ = ["NAMED", "Named", "recognised"]
