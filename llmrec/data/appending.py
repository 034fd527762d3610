"""New events into a dataset that is there: what it has already is not added again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.artifacts import MANIFEST, read_manifest
from llmrec.data.cleaning import STRICT
from llmrec.data.dataset import Dataset, load
from llmrec.data.importing import import_dataset, read_log
from llmrec.data.mapped import tables_of
from llmrec.data.options import ImportOptions
from llmrec.data.tables import columns_of
from llmrec.data.times import iso
from llmrec.data.writing import CLEANING, HELD_OUT, KIND, write_dataset
from llmrec.errors import ConfigError
from llmrec.types import Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from llmrec.data.cleaning import CleaningRules
    from llmrec.data.tables import RawLog, Tables

APPENDED = "appended"
"""Where the manifest's ``metrics`` list what was added when."""

_OF_WHOLE_HISTORIES = ("core", "min_history", "max_events_per_hour", "regular_gaps")


def append_dataset(
    source: str | Path,
    out: str | Path,
    *,
    at: datetime,
    format: str | None = None,
    options: ImportOptions | None = None,
    rules: CleaningRules = STRICT,
) -> Dataset:
    """Add a log's events to a dataset; where none is there, this imports the log.

    A file whose content was added before changes nothing at all. Of another file, events that the
    dataset has already (the same in every column that both have) are not added; new ones of a
    second in which the user has events come after those. Items of an items file are added, and take
    the place of those of the same id; without one, the dataset's own are the known items.

    Args:
        source: What ``import_dataset`` takes.
        out: The dataset folder; it is replaced when everything succeeded.
        at: The aware moment that is recorded as the time of the addition.
        format: A key of ``READERS``; None goes by the ending, or by the folder's files.
        options: The column mapping and conventions.
        rules: What is left out of the new events; no rule that judges whole histories.

    Returns:
        The dataset, loaded from ``out``.

    Raises:
        ConfigError: An unknown format, or a rule that judges whole histories.
        DataError: Any fault in the input, with file, row, column, value and remedy.
        ArtifactError: Something else than a dataset stands at ``out``.
    """
    out, options = Path(out), options or ImportOptions()
    _refuse_rules(rules)
    if not (out / MANIFEST).is_file():
        return import_dataset(source, out, format=format, options=options, rules=rules)
    old = load(out)
    _, log = read_log(source, format=format, options=options)
    if set(log.sources.values()) <= set(old.made_from.get("sources", {}).values()):
        return old
    tables = tables_of(_with_known_items(log, old), rules)
    before = old.interactions.collect()
    added = _unknown(tables.interactions, before)
    record = {
        "at": iso(at),
        "sources": dict(log.sources),
        "events_added": added.height,
        "events_known": tables.interactions.height - added.height,
        CLEANING: tables.journal.as_json(),
    }
    history = [*read_manifest(out, KIND, verify=False).metrics.get(APPENDED, []), record]
    made_from = {name: value for name, value in old.made_from.items() if name != HELD_OUT}
    sources = _joined_sources(old.made_from.get("sources", {}), log.sources)
    write_dataset(
        out,
        items=_joined_items(old, tables),
        interactions=pl.concat([before, _placed(added, before)], how="diagonal"),
        made_from={**made_from, "sources": sources},
        held_out_users=sorted(old.held_out_users),
        metrics={**({CLEANING: dict(old.cleaning)} if old.cleaning else {}), APPENDED: history},
        users=_joined_users(old.users_table, tables.users),
    )
    return load(out)


def _refuse_rules(rules: CleaningRules) -> None:
    for name in _OF_WHOLE_HISTORIES:
        if getattr(rules, name) is not None:
            raise ConfigError(
                f"the rule {name} judges whole histories, and an addition has only their ends",
                remedy="Import all files at once to use it, or leave it out here.",
            )


def _with_known_items(log: RawLog, old: Dataset) -> RawLog:
    """Without an items file, the dataset's items are the known ones, unless they are bare ids."""
    if log.items is not None or all(i.title == i.item_id for i in old.catalogue.values()):
        return log
    return dataclasses.replace(log, items=tuple(old.catalogue.values()), items_path=old.path)


def _unknown(new: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return the new events that are not there, in their order."""
    compared = [n for n in columns_of(new) if n in before.columns and n != "sequence"]
    return new.join(before, on=compared, how="anti", nulls_equal=True, maintain_order="left")


def _placed(added: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Number new events of a second after those that are there."""
    moment = ["user_id", "timestamp_s"]
    taken = before.group_by(moment).agg(taken=pl.col("sequence").max() + 1)
    number = pl.int_range(pl.len(), dtype=pl.Int64).over(moment)
    placed = added.join(taken, on=moment, how="left", maintain_order="left")
    return placed.with_columns(sequence=number + pl.col("taken").fill_null(0)).drop("taken")


def _joined_items(old: Dataset, tables: Tables) -> Catalogue:
    joined = {**dict(old.catalogue), **{item.item_id: item for item in tables.items}}
    return Catalogue(list(joined.values()))


def _joined_users(old: pl.DataFrame | None, new: pl.DataFrame | None) -> pl.DataFrame | None:
    """Return the facts about all users; of a user who is in both, the new ones."""
    if old is None or new is None:
        return old if new is None else new
    rest = old.join(new, on="user_id", how="anti")
    return pl.concat([rest, new], how="diagonal_relaxed")


def _joined_sources(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Any]:
    """Return all sources; another file of a known name is told apart by its hash."""
    joined = dict(old)
    for name, digest in new.items():
        known = joined.get(name)
        joined[name if known in (None, digest) else f"{name} {digest[:12]}"] = digest
    return joined
