"""Stores read back from disk, in memory or mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import ArtifactError, ConfigError, require
from llmrec.retrieval.stores.approximate import INDEX_FILE, VECTORS_FILE, ApproximateStore
from llmrec.retrieval.stores.flat import FLAT_FILE, FlatStore
from llmrec.retrieval.stores.kinds import check_kind
from llmrec.retrieval.stores.parameters import FlatParameters, StoreParameters, store_parameters
from llmrec.retrieval.stores.vectors import VectorTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmrec.retrieval.stores.base import VectorStore

_AGAIN = "Make the index again."


def store_files(parameters: StoreParameters) -> tuple[str, ...]:
    """Return the names of the files that a store of a kind writes."""
    exact = isinstance(parameters, FlatParameters)
    return (FLAT_FILE,) if exact else (INDEX_FILE, VECTORS_FILE)


def large_files() -> frozenset[str]:
    """Return the names of the files that can be mapped into memory: those of whole vectors."""
    return frozenset((FLAT_FILE, VECTORS_FILE))


def read_store(
    folder: Path, settings: Mapping[str, Any] | None, *, memory_map: bool
) -> VectorStore:
    """Read a store.

    Args:
        folder: Where it was written.
        settings: Its parameters as JSON values; None for an exact store.
        memory_map: Leave the vectors on disk, and let the system read those that are needed.

    Raises:
        ArtifactError: A file is missing, or not what it should be.
    """
    try:
        given = dict(settings or {"kind": "flat"})
        parameters = store_parameters(str(given.pop("kind", "")), given, source=str(folder))
    except (ConfigError, TypeError) as error:
        fault = f"{folder} does not say which kind of store it holds: {error}"
        raise ArtifactError(fault, remedy=_AGAIN) from error
    for name in store_files(parameters):
        if not (folder / name).is_file():
            raise ArtifactError(f"{folder / name} is missing", remedy=_AGAIN)
    if isinstance(parameters, FlatParameters):
        return _read_flat(folder / FLAT_FILE, memory_map=memory_map)
    vectors = _read_vectors(folder / VECTORS_FILE, parameters.vectors, memory_map=memory_map)
    index = _read_index(folder / INDEX_FILE)
    check_kind(index, parameters, source=str(folder / INDEX_FILE))
    if index.ntotal != len(vectors) or index.d != vectors.shape[1]:
        raise ArtifactError(
            f"{folder}: {INDEX_FILE} and {VECTORS_FILE} do not belong together", remedy=_AGAIN
        )
    return ApproximateStore(index, VectorTable(vectors), parameters)


def _read_flat(file: Path, *, memory_map: bool) -> FlatStore:
    """Read an exact store; refuse what is not an exact inner-product index."""
    faiss = require("faiss", "cpu")
    index = _read_index(file, flags=faiss.IO_FLAG_MMAP_IFC if memory_map else 0)
    if not isinstance(index, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ArtifactError(
            f"{file} holds a {type(index).__name__}, not an exact inner product", remedy=_AGAIN
        )
    return FlatStore(index, mapped=memory_map)


def _read_index(file: Path, *, flags: int = 0) -> Any:  # noqa: ANN401
    try:
        return require("faiss", "cpu").read_index(str(file), flags)
    except RuntimeError as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=_AGAIN) from error


def _read_vectors(file: Path, dtype: str, *, memory_map: bool) -> np.ndarray[Any, Any]:
    """Read ``(n, dimension)`` vectors of a type from a NumPy file."""
    try:
        vectors: np.ndarray[Any, Any] = np.load(file, mmap_mode="r" if memory_map else None)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=_AGAIN) from error
    if vectors.ndim != 2 or vectors.dtype != dtype or not vectors.flags.c_contiguous:
        raise ArtifactError(
            f"{file} holds {vectors.dtype} of shape {vectors.shape}, not vectors of {dtype}",
            remedy=_AGAIN,
        )
    return vectors
