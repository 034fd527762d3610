"""Third parties' progress bars where a person sees them, and nowhere else."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def no_bars() -> Iterator[None]:
    """Drop what a block writes to standard error as it goes (log handlers keep their stream)."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def bars_on_terminals_only() -> Iterator[None]:
    """Let bars through where standard error is a terminal."""
    with contextlib.nullcontext() if sys.stderr.isatty() else no_bars():
        yield
