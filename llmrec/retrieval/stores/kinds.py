"""How FAISS makes and asks each approximate kind of index."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import ArtifactError, ConfigError, require
from llmrec.retrieval.stores.parameters import (
    ApproximateParameters,
    HnswParameters,
    IvfPqParameters,
    SqParameters,
)

if TYPE_CHECKING:
    from llmrec.retrieval.stores.hits import Rows
    from llmrec.retrieval.stores.vectors import VectorTable

_TRAIN_SEED = 20_250_701
_ROWS_A_LIST = 39  # with fewer, FAISS finds that centroids are learnt badly
_OPQ_ROUNDS, _OPQ_STEPS, _OPQ_ROWS = 8, 4, 32_768  # turns, k-means steps in each, vectors
_SQ_CODES = {"sq8": "SQ8", "sq6": "SQ6", "sq4": "SQ4", "fp16": "SQfp16", "float32": "Flat"}


def build_index(vectors: VectorTable, parameters: ApproximateParameters) -> Any:  # noqa: ANN401
    """Train a FAISS index on a sample of the vectors and add them all.

    Raises:
        ConfigError: The settings do not suit the vectors' dimension or number.
    """
    index = empty_index(vectors, parameters)
    train_rows = getattr(parameters, "train_rows", len(vectors))
    sample = np.arange(len(vectors))
    if train_rows < len(vectors):
        chosen = np.random.default_rng(_TRAIN_SEED).choice(len(vectors), train_rows, replace=False)
        sample = np.sort(chosen)
    try:
        index.train(vectors.rows(sample))
    except RuntimeError as error:
        raise ConfigError(
            f"an index of kind {parameters.kind!r} cannot be learnt from {len(sample)} vectors: "
            f"{str(error).splitlines()[-1]}",
            remedy="Ask for fewer lists or bits, or for kind 'flat'.",
        ) from error
    add_all(index, vectors)
    return index


def add_all(index: Any, vectors: VectorTable) -> None:  # noqa: ANN401
    """Add all vectors to a trained FAISS index, part by part."""
    for _, part in vectors.blocks():
        index.add(np.ascontiguousarray(part))


def empty_index(vectors: VectorTable, parameters: ApproximateParameters) -> Any:  # noqa: ANN401
    """Return an untrained FAISS index of a kind, for inner products."""
    faiss = require("faiss", "cpu")
    text = _factory(parameters, vectors.dimension, len(vectors))
    index = faiss.index_factory(vectors.dimension, text, faiss.METRIC_INNER_PRODUCT)
    if isinstance(parameters, HnswParameters):
        index.hnsw.efConstruction = parameters.build_width
    elif not isinstance(parameters, SqParameters):
        inverted = faiss.extract_index_ivf(index)
        inverted.cp.min_points_per_centroid = 1  # no words on the terminal: we chose their number
        inverted.cp.seed = _TRAIN_SEED
    if isinstance(index, faiss.IndexPreTransform):
        rotation = faiss.downcast_VectorTransform(index.chain.at(0))
        rotation.niter, rotation.max_train_points = _OPQ_ROUNDS, _OPQ_ROWS
        rotation.niter_pq = rotation.niter_pq_0 = _OPQ_STEPS
    return index


def _factory(parameters: ApproximateParameters, dimension: int, n_rows: int) -> str:
    """Return FAISS's name of an index."""
    if isinstance(parameters, HnswParameters):
        return f"HNSW{parameters.links},{_SQ_CODES[parameters.codes]}"
    if isinstance(parameters, SqParameters):
        return _SQ_CODES[parameters.codes]
    lists = f"IVF{parameters.lists or _lists_for(n_rows)}"
    if not isinstance(parameters, IvfPqParameters):
        return f"{lists},Flat"
    if dimension % parameters.parts:
        raise ConfigError(
            f"parts is {parameters.parts}, which does not divide the vectors' {dimension} numbers"
        )
    rotation = f"OPQ{parameters.parts}_{dimension}," if parameters.rotate else ""
    codes = f"PQ{parameters.parts}" + ("x4fs" if parameters.bits == 4 else "")
    return f"{rotation}{lists},{codes}"


def _lists_for(n_rows: int) -> int:
    return max(1, min(4 * math.isqrt(n_rows), n_rows // _ROWS_A_LIST))


def selector(allowed: Rows, n_rows: int) -> Any:  # noqa: ANN401
    """Return FAISS's selector of rows, one bit a row of the index.

    Args:
        allowed: Rows that may be found.
        n_rows: Of the index.
    """
    mask = np.zeros(n_rows, dtype=np.bool_)
    mask[allowed] = True
    return require("faiss", "cpu").IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def first_effort(parameters: ApproximateParameters) -> int:
    """Return how much a search looks at by these settings: probes, or the search's width."""
    if isinstance(parameters, HnswParameters):
        return int(parameters.search_width)
    if isinstance(parameters, SqParameters):
        return 1
    probes: int = parameters.probes
    return probes


def most_effort(index: Any) -> int:  # noqa: ANN401
    """Return the effort at which a FAISS index looks at everything that it can reach."""
    faiss = require("faiss", "cpu")
    if isinstance(index, faiss.IndexHNSW):
        return int(index.ntotal)
    inverted = faiss.try_extract_index_ivf(index)
    return 1 if inverted is None else int(inverted.nlist)


def search_parameters(index: Any, effort: int, chosen: Any) -> Any:  # noqa: ANN401
    """Return FAISS's parameters of one search.

    Args:
        index: The FAISS index.
        effort: Probes, or the search's width.
        chosen: A selector of rows; None for all.
    """
    faiss = require("faiss", "cpu")
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=effort, sel=chosen)
    if isinstance(index, faiss.IndexPreTransform):
        inner = faiss.SearchParametersIVF(nprobe=effort, sel=chosen)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(nprobe=effort, sel=chosen)
    return faiss.SearchParameters(sel=chosen)


def check_kind(index: Any, parameters: ApproximateParameters, *, source: str) -> None:  # noqa: ANN401
    """Refuse a FAISS index that is not of the kind of the parameters, or not of inner products.

    Raises:
        ArtifactError: It is something else.
    """
    faiss = require("faiss", "cpu")
    if isinstance(index, faiss.IndexPreTransform):
        inner = faiss.downcast_index(index.index)
    else:
        inner = index
    wanted = {
        "hnsw": faiss.IndexHNSW,
        "sq": faiss.IndexScalarQuantizer,
        "ivf-flat": faiss.IndexIVFFlat,
        "ivf-pq": (faiss.IndexIVFPQ, faiss.IndexIVFPQFastScan),
    }[parameters.kind]
    if not isinstance(inner, wanted) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ArtifactError(
            f"{source} holds a {type(inner).__name__}, not an index of kind {parameters.kind!r}",
            remedy="Make the index again.",
        )
