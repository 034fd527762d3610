"""Split protocols as cards: what is asked, and what a model may learn from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from llmrec.artifacts import sha256_of
from llmrec.config import Settings
from llmrec.errors import ConfigError, did_you_mean

_TEMPORAL = ("validation_share", "test_share", "validation_from", "test_from")


class SplitProtocol(Settings):
    """One way to split a dataset. Order is always (timestamp_s, sequence) within a user.

    ``leave-one-out``: per user, the last target is for testing, the one before it for validation,
    and what stands before both is for training. Other users' later events are in training, as in
    the literature.

    ``global-temporal``: one moment for all. Events from ``validation_from`` on are never in
    training, those from ``test_from`` on are asked in the test.

    A query's history is always everything of the user that stands before its target, events
    between the training cut and the target included.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(ge=1)
    kind: Literal["leave-one-out", "global-temporal"]

    ties: Literal["keep-earlier", "leave-out"] = "keep-earlier"
    """Events of the target's own second with a lower sequence: in the history, or left out."""
    seen_items: Literal["mask", "rank"] = "mask"
    """Whether a ranking leaves out items of the history. With ``mask`` an event on an item that
    the user had before is no target, for no ranking could hold it."""
    min_rating: float | None = None
    """Events rated lower (or not at all) are no targets; they stay in histories and training."""
    min_history: int = Field(default=1, ge=0)
    """A target with fewer events before it is not asked; the event then counts as any other."""
    leave_out_users: tuple[str, ...] = ()
    """Users who are neither trained on nor asked."""
    held_out_users: Literal["leave-out", "ask"] = "leave-out"
    """The dataset's held-out users are never trained on; with ``ask`` they are asked."""

    targets: Literal["first", "all"] = "first"
    """Global temporal only: ask a user's first target of a period, or every one."""
    validation_share: float | None = Field(default=None, gt=0, lt=1)
    """Share of all events in the validation period (at least: a tied second is not cut)."""
    test_share: float | None = Field(default=None, gt=0, lt=1)
    """Share of all events in the test period."""
    validation_from: AwareDatetime | None = None
    """Begin of the validation period, instead of shares."""
    test_from: AwareDatetime | None = None
    """Begin of the test period, instead of shares."""

    @model_validator(mode="after")
    def _check_periods(self) -> Self:
        given = [name for name in _TEMPORAL if getattr(self, name) is not None]
        if self.kind == "leave-one-out":
            if given or self.targets != "first":
                raise ValueError(f"leave-one-out has no periods, so no {given or ['targets']}")
        elif given not in (list(_TEMPORAL[:2]), list(_TEMPORAL[2:])):
            raise ValueError(
                "global-temporal needs validation_share and test_share, or validation_from and "
                f"test_from; here are {given or 'none'}"
            )
        if (
            self.validation_share
            and self.test_share
            and self.validation_share + self.test_share >= 1
        ):
            raise ValueError("validation_share and test_share leave nothing to train on")
        if self.validation_from and self.test_from and self.validation_from >= self.test_from:
            raise ValueError("validation_from must lie before test_from")
        return self

    @classmethod
    def named(cls, name: str | Path) -> Self:
        """Read a card.

        Args:
            name: The id of a card that ships with llmrec, e.g. ``leave-one-out.v1``, or a path to
                a YAML file.

        Raises:
            ConfigError: No such card, or one that is not valid.
        """
        path = Path(name)
        if path.suffix in {".yaml", ".yml"}:
            return cls.load(path)
        cards = {
            card.name.removesuffix(".yaml"): card
            for card in resources.files("llmrec.eval").joinpath("protocols").iterdir()
            if card.name.endswith(".yaml")
        }
        if str(name) not in cards:
            raise ConfigError(
                f"there is no split protocol {str(name)!r}",
                remedy=did_you_mean(str(name), sorted(cards)),
            )
        with resources.as_file(cards[str(name)]) as file:
            return cls.load(file)

    @property
    def id(self) -> str:
        """``<name>.v<version>``."""
        return f"{self.name}.v{self.version}"

    @property
    def sha256(self) -> str:
        """Hash of the whole card."""
        return sha256_of(self.model_dump(mode="json"))
