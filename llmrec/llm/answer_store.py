"""Answers of models in one SQLite file, which several processes may share."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

import numpy as np

from llmrec.artifacts import sha256_of, write_faults
from llmrec.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llmrec.llm.base import LogProbs

APPLICATION_ID = 0x6C6C7263
"""Marks the SQLite file as ours ("llrc")."""
SAME_PROBE = 0.02
"""Log-probabilities of the probe that differ by more are taken for another model's. Where a server
itself differs by more from one asking to the next, questions are only asked again."""
WAIT_S = 60.0
"""Seconds that a write waits for another process's."""


class AnswerStore:
    """Keys and values in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with write_faults(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._faults():
            self._file = sqlite3.connect(path, timeout=WAIT_S, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._file.close()
                raise

    def _prepare(self) -> None:
        """Make a new file a cache; refuse one that is something else."""
        (mark,) = self._file.execute("PRAGMA application_id").fetchone()
        (tables,) = self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and mark != APPLICATION_ID:
            raise ArtifactError(
                f"{self._path} is a database of something else, no engine cache",
                remedy="Name another file.",
            )
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
            " WITHOUT ROWID"
        )
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS models (identity TEXT NOT NULL, probe BLOB NOT NULL)"
        )
        self._file.commit()

    def model(self, identity: str, probe: Sequence[float]) -> str:
        """Return what tells a model from others of the same identity that answered otherwise."""
        if not probe:
            return identity
        mine = np.array(probe, dtype="<f4")
        with self._lock, self._faults(), self._file:
            query = "SELECT probe FROM models WHERE identity = ? ORDER BY rowid"
            for (kept,) in self._file.execute(query, (identity,)):
                if len(kept) == mine.nbytes and _near(np.frombuffer(kept, dtype="<f4"), mine):
                    return sha256_of([identity, kept.hex()])
            new = mine.tobytes()
            self._file.execute("INSERT INTO models VALUES (?, ?)", (identity, new))
        return sha256_of([identity, new.hex()])

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those that are known."""
        found: dict[bytes, bytes] = {}
        with self._lock, self._faults():
            for start in range(0, len(keys), 500):
                some = keys[start : start + 500]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM answers WHERE key IN ({marks})"  # noqa: S608
                found.update(self._file.execute(query, some))
        return found

    def put(self, answers: dict[bytes, bytes]) -> None:
        """Keep answers; what another process kept meanwhile stays."""
        with self._lock, self._faults(), self._file:
            self._file.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?)", answers.items())

    def close(self) -> None:
        """Close the file; calling it twice is allowed."""
        self._file.close()

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ArtifactError(
                f"the engine cache {self._path} cannot be used: {error}",
                remedy="Is it a writable place, and no other process stuck on it?",
            ) from error
        except sqlite3.DatabaseError as error:
            raise self.damaged(str(error)) from error

    def damaged(self, fault: str) -> ArtifactError:
        """Return the error for a file that does not hold what it should."""
        return ArtifactError(
            f"the engine cache {self._path} is damaged or no cache: {fault}",
            remedy="Remove the file (answers are then computed again), or name another.",
        )


def _near(one: LogProbs, other: LogProbs) -> bool:
    return bool(np.all(np.abs(one - other) <= SAME_PROBE))
