"""Where training keeps its checkpoints until the adapter stands, so that a kill costs little."""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import replace_file, replace_folder, write_faults
from llmrec.errors import ArtifactError, EngineError, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PLAN, _STATE, _RECORD = "plan.json", "trainer_state.json", "record.json"


class Workplace:
    """A folder beside the adapter's, of one plan: recipe, data and base.

    Args:
        out: Where the adapter will stand.
        plan: JSON values; what lies there is gone on with only if it is of the same plan.

    Raises:
        ArtifactError: Work of another plan lies there, or nothing can be written.
    """

    def __init__(self, out: Path, plan: Mapping[str, Any]) -> None:
        self.path = out.with_name(f"{out.name}.work")
        file = self.path / _PLAN
        if file.is_file():
            self._check(file, plan)
            return
        with replace_file(file) as draft:
            draft.write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")

    def _check(self, file: Path, plan: Mapping[str, Any]) -> None:
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{file} cannot be read: {error}", remedy=self._remedy) from error
        for name, value in plan.items():
            if known.get(name) != value:
                raise ArtifactError(
                    f"{self.path} holds unfinished training of {name} {known.get(name)!r:.80}, "
                    f"but {value!r:.80} is asked for",
                    remedy=self._remedy,
                )

    @property
    def _remedy(self) -> str:
        return f"Name another --out, or remove {self.path}."

    def stage(self, number: int) -> Path:
        """Return a stage's folder of checkpoints."""
        return self.path / f"stage-{number}"

    def checkpoint(self, number: int) -> Path | None:
        """Return a stage's newest whole checkpoint; one that a kill cut short is passed over."""
        found = sorted(
            self.stage(number).glob("checkpoint-*"), key=lambda p: -int(p.name.split("-")[1])
        )
        return next((folder for folder in found if _is_whole(folder)), None)

    def finished(self, number: int) -> tuple[Path, dict[str, Any]] | None:
        """Return a finished stage's weights and record."""
        folder = self.path / f"finished-{number}"
        if not folder.is_dir():
            return None
        return folder, json.loads((folder / _RECORD).read_text(encoding="utf-8"))

    def finish(self, number: int, model: Any, record: Mapping[str, Any]) -> None:  # noqa: ANN401
        """Keep a stage's weights and record, whole or not at all, and drop its checkpoints."""
        with replace_folder(self.path / f"finished-{number}") as draft, full_disk(draft):
            model.save_pretrained(str(draft))
            (draft / _RECORD).write_text(json.dumps(record), encoding="utf-8")
        shutil.rmtree(self.stage(number), ignore_errors=True)

    def remove(self) -> None:
        """Remove everything, once the adapter stands."""
        shutil.rmtree(self.path, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    """Return whether a checkpoint's last file is there and readable."""
    try:
        json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


@contextlib.contextmanager
def full_disk(place: Path) -> Iterator[None]:
    """Turn every library's word for a disk that takes no more into one error."""
    safetensors: Any = require("safetensors", "cpu")
    with write_faults(place):
        try:
            yield
        except safetensors.SafetensorError as error:
            raise OSError(str(error)) from error
        except RuntimeError as error:
            if "PytorchStreamWriter" not in str(error) and "write failed" not in str(error):
                raise
            raise OSError(str(error)) from error


@contextlib.contextmanager
def out_of_memory(batch_size: int, kept: Path) -> Iterator[None]:
    """Turn a lack of memory into an error that offers a smaller batch."""
    torch: Any = require("torch", "cpu")
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        lacking = not isinstance(error, RuntimeError) or "memory" in str(error)
        if not lacking:
            raise
        smaller = f"batch_size: {batch_size // 2}, twice the accumulation" if batch_size > 1 else ""
        raise EngineError(
            f"memory ran out with batches of {batch_size}; what was learnt is kept under {kept}",
            remedy=f"Set {smaller or 'a smaller max_tokens'} or gradient_checkpointing: true in "
            "the recipe.",
        ) from error
