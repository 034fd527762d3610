"""Splits on disk, as ids with a manifest: the same split again, here or on another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.artifacts import check_made_from, read_manifest, write_artifact
from llmrec.data.drawing import NO_FOLDS
from llmrec.data.filtering import prepare
from llmrec.data.leakage import check_split
from llmrec.data.protocol import SplitProtocol
from llmrec.data.splitting import Split
from llmrec.data.tables import moment_of
from llmrec.errors import ArtifactError, LlmrecError
from llmrec.types import Query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from llmrec.data.dataset import Dataset

KIND = "split"
_EVENT = pl.Schema(
    {
        "user_id": pl.String(),
        "item_id": pl.String(),
        "timestamp_s": pl.Int64(),
        "sequence": pl.Int64(),
    }
)
_QUERY = pl.Schema({**_EVENT, "as_of_s": pl.Int64(), "as_of_sequence": pl.Int64()})
_TABLES = {
    "train": _EVENT,
    "train_for_test": _EVENT,
    "validation": _QUERY,
    "calibration": _QUERY,
    "test": _QUERY,
    "folds": NO_FOLDS.schema,
}
"""Table -> its columns, behind ``window`` (int64, from 0)."""
_MOMENTS = ("validation_from", "calibration_from", "test_from")
_AGAIN = "Make the split again."


def write_splits(path: Path, parts: Sequence[Split], dataset: Dataset) -> None:
    """Write what ``splits`` returned: ids of events, and the moments of histories, no contents.

    Args:
        path: The folder; an older split there is replaced.
        parts: All splits of one card.
        dataset: What was split, before the card's filter.

    Raises:
        ArtifactError: Nothing can be written there, or something else stands there.
    """
    card = parts[0].protocol
    made_from = {
        "dataset_sha256": dataset.sha256,
        "protocol": card.id,
        "protocol_sha256": card.sha256,
        "card": card.model_dump(mode="json", exclude_none=True),
        "moments": [[_seconds(getattr(part, name)) for name in _MOMENTS] for part in parts],
    }
    metrics = {name: [_frame(part, name).height for part in parts] for name in _TABLES}
    with write_artifact(path, KIND, made_from=made_from, metrics=metrics) as draft:
        for name in _TABLES:
            frames = [
                _frame(part, name).select(pl.lit(part.window, pl.Int64).alias("window"), pl.all())
                for part in parts
            ]
            pl.concat(frames).write_parquet(draft / f"{name}.parquet", compression="zstd")


def read_splits(path: Path, dataset: Dataset) -> list[Split]:
    """Return the splits of a folder; each has passed ``check_split`` again.

    Args:
        path: What ``write_splits`` wrote.
        dataset: The dataset that was split.

    Raises:
        ArtifactError: Missing, damaged, of another dataset, or of events that are not in it.
        LeakageError: The ids break the card.
    """
    manifest = read_manifest(path, KIND, needs=[f"{name}.parquet" for name in _TABLES])
    check_made_from(path, manifest, dataset_sha256=dataset.sha256)
    try:
        card = SplitProtocol.of(manifest.made_from["card"], source=f"{path}: card")
        moments = [[_moment(second) for second in row] for row in manifest.made_from["moments"]]
        begins = [dict(zip(_MOMENTS, row, strict=True)) for row in moments]
    except (LlmrecError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: the origin cannot be read: {error}", remedy=_AGAIN) from error
    tables = {name: _read(path / f"{name}.parquet", schema) for name, schema in _TABLES.items()}
    prepared = prepare(dataset, card)
    return [
        _rebuilt(path, prepared, card, tables, window, row) for window, row in enumerate(begins)
    ]


def _rebuilt(
    path: Path,
    dataset: Dataset,
    card: SplitProtocol,
    tables: dict[str, pl.DataFrame],
    window: int,
    begins: dict[str, datetime | None],
) -> Split:
    """Make one window's split of its ids."""
    own = {
        name: frame.filter(pl.col("window") == window).drop("window")
        for name, frame in tables.items()
    }
    validation, calibration, test = (
        [_query(path, dataset, row) for row in own[name].iter_rows()]
        for name in ("validation", "calibration", "test")
    )
    result = Split(
        protocol=card,
        dataset=dataset,
        train=_events(path, dataset, own["train"]),
        train_for_test=_events(path, dataset, own["train_for_test"]),
        validation=validation,
        calibration=calibration,
        test=test,
        folds=own["folds"],
        validation_from=begins["validation_from"],
        calibration_from=begins["calibration_from"],
        test_from=begins["test_from"],
        window=window,
    )
    check_split(result)
    return result


def _frame(part: Split, name: str) -> pl.DataFrame:
    """Return a table of a split as ids."""
    if name == "folds":
        return part.folds
    if name in {"train", "train_for_test"}:
        frame: pl.LazyFrame = getattr(part, name)
        return frame.select(*_EVENT).collect()
    rows = [
        (
            query.history.user_id,
            query.target.item_id,
            _seconds(query.target.timestamp),
            query.target.sequence,
            _seconds(query.history.as_of),
            query.history.as_of_sequence,
        )
        for query in getattr(part, name)
    ]
    return pl.DataFrame(rows, schema=_QUERY, orient="row")


def _read(file: Path, columns: pl.Schema) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(file, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=_AGAIN) from error
    if frame.schema != pl.Schema({"window": pl.Int64(), **columns}):
        raise ArtifactError(f"{file} has the columns {dict(frame.schema)}", remedy=_AGAIN)
    return frame


def _events(path: Path, dataset: Dataset, ids: pl.DataFrame) -> pl.LazyFrame:
    """Return the events of these ids, in the dataset's order."""
    found = dataset.interactions.join(ids.lazy(), on=list(_EVENT), how="semi").collect()
    if found.height != ids.height:
        raise ArtifactError(
            f"{path} names {ids.height} training events, of which {dataset.path} has "
            f"{found.height}",
            remedy=_AGAIN,
        )
    return found.sort("user_id", "timestamp_s", "sequence").lazy()


def _query(path: Path, dataset: Dataset, row: tuple[str, str, int, int, int, int]) -> Query:
    """Return the query of a target and its history's moment."""
    user, item, second, sequence, as_of_s, as_of_sequence = row
    wanted = (moment_of(second), sequence, item)
    for event in dataset.events(user):
        if (*event.moment, event.item_id) == wanted:
            as_of = moment_of(as_of_s)
            history = dataset.history(user, as_of=as_of, as_of_sequence=as_of_sequence)
            return Query(history=history, target=event)
    raise ArtifactError(
        f"{path} asks user {user!r} about item {item!r} at {second} s, which is no event of "
        f"{dataset.path}",
        remedy=_AGAIN,
    )


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _moment(second: int | None) -> datetime | None:
    return None if second is None else moment_of(second)
