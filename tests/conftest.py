"""What all tests share: the benchmark data where it exists, and one of each real model."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public benchmark logs; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the benchmark logs are not at {SHARED_DATA}")
    return SHARED_DATA
