"""Small logs on disk."""

from __future__ import annotations

import pytest

from llmrec.data import import_dataset


@pytest.fixture
def write(tmp_path):
    """Write text or bytes under a name in the test's folder and return the path."""

    def _write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.fixture(scope="session")
def ml_100k(shared_data, tmp_path_factory):
    """The published MovieLens 100K, imported."""
    return import_dataset(shared_data / "ml-100k", tmp_path_factory.mktemp("ml") / "100k")


@pytest.fixture(scope="session")
def ml_small(shared_data, tmp_path_factory):
    """The published MovieLens latest-small, imported."""
    return import_dataset(shared_data / "ml-latest-small", tmp_path_factory.mktemp("ml") / "small")
