"""Small logs on disk."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["in one piece", "in parts"])
def either_way(request, monkeypatch):
    """Import small logs as small ones are, and as large ones are."""
    from llmrec.data import large

    if request.param == "in parts":
        monkeypatch.setattr(large, "LARGE_BYTES", {"csv": 0, "jsonl": 0, "parquet": 0})
        monkeypatch.setattr(large, "PART_EVENTS", 3)


@pytest.fixture
def write(tmp_path):
    """Write text or bytes under a name in the test's folder and return the path."""

    def _write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write
