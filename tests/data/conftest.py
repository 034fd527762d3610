"""Small logs on disk."""

from __future__ import annotations

import pytest


@pytest.fixture
def write(tmp_path):
    """Write text or bytes under a name in the test's folder and return the path."""

    def _write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write
