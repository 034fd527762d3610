"""Split protocols as cards: what is asked, and what a model may learn from."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from llmrec.artifacts import sha256_of
from llmrec.config import Settings, Shipped

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.types import Seen

Kind = Literal["leave-one-out", "last-m", "global-temporal", "sliding-windows"]

_SHARES = ("validation_share", "calibration_share", "test_share")
_MOMENTS = ("validation_from", "calibration_from", "test_from")
_WINDOWS = ("windows", "window_share")
_LAST = ("test_targets", "validation_targets")
_OF_PERIODS = ("targets", "users", "items", "as_of")
# kind -> the sets of fields of which exactly one must be given
_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "leave-one-out": ((),),
    "last-m": (_LAST,),
    # one, two or three cuts; each set in the order of the fields
    "global-temporal": tuple(
        names for three in (_SHARES, _MOMENTS) for names in ((three[0], three[2]), three[2:], three)
    ),
    "sliding-windows": (_WINDOWS,),
}


class SplitProtocol(Settings):
    """One way to split a dataset. Order is always (timestamp_s, sequence) within a user.

    ``leave-one-out``: per user, the last target is for testing, the one before it for validation,
    and what stands before both is for training. Other users' later events are in training, as in
    the literature.

    ``last-m``: the same with several targets per user; each is asked with everything before it,
    earlier targets included.

    ``global-temporal``: the same moments for all. Events from the first cut on are never in
    training, those from the last cut on are asked in the test. One cut makes training and test; two
    have the validation period between them; three also a calibration period after the validation,
    for what is fitted once settings are chosen (a fusion weight, a temperature).

    ``sliding-windows``: several global temporal splits one after the other. Each window is the
    test of one split, and the window before it its validation.

    A query's history is everything of the user that stands before its target, events between the
    training cut and the target included, unless ``as_of`` says otherwise.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(ge=1)
    kind: Kind

    min_user_events: int | None = Field(default=None, ge=1)
    """Users and items with fewer events are dropped, in turns until none is left to drop; the
    catalogue is then what has events. None drops nobody."""
    min_item_events: int | None = Field(default=None, ge=1)
    untitled_items: Literal["keep", "drop"] = "keep"
    """Whether items whose title is blank or only their id are dropped with their events."""
    tie_order: Literal["as-imported", "item-id"] = "as-imported"
    """The order of a user's events of one second: the dataset's, or by item id as a number."""

    ties: Literal["keep-earlier", "leave-out"] = "keep-earlier"
    """Events of the target's own second with a lower sequence: in the history, or left out."""
    seen_items: Literal["mask", "rank", "only"] = "mask"
    """Whether a ranking leaves out items of the history, ranks them too, or ranks nothing else.
    With ``mask`` an event on an item that the user had before is no target, with ``only`` one on
    any other item is none, for no ranking could hold it."""
    min_rating: float | None = None
    """Events rated lower (or not at all) are no targets; they stay in histories and training."""
    min_history: int = Field(default=1, ge=0)
    """A target with fewer events before it is not asked; the event then counts as any other."""
    max_history: int | None = Field(default=None, ge=0)
    """Nor is one with more events before it."""
    leave_out_users: tuple[str, ...] = ()
    """Users who are neither trained on nor asked."""
    held_out_users: Literal["leave-out", "ask"] = "leave-out"
    """The dataset's held-out users are never trained on; with ``ask`` they are asked."""

    learn: Literal["train", "nothing"] = "train"
    """``nothing``: no event of this dataset is learnt from; what ranks was made elsewhere."""
    train_for_test: Literal["train", "with-validation"] = "train"
    """What models learn from once their settings are chosen: the training events, or all that
    stands before what the test asks."""

    shots: int | None = Field(default=None, ge=1)
    """Learn from the events of only so many users, drawn by ``draw_seed``; fewer shots are always
    among the more. None learns from everyone."""
    folds: int | None = Field(default=None, ge=2)
    """Deal the training users into so many folds by ``draw_seed``, so that what is fitted on some
    can be asked about the others."""
    draw_seed: int | None = None
    """Of the draw of shots and folds; None is 0."""

    test_targets: int | None = Field(default=None, ge=1)
    """last-m only: how many targets a user."""
    validation_targets: int | None = Field(default=None, ge=1)
    """last-m only: how many targets a user, before those of the test."""

    targets: Literal["first", "all"] = "first"
    """With periods only: ask a user's first target of a period, or every one."""
    users: Literal["all", "new"] = "all"
    """With periods only: ask everyone, or only users who are not in training."""
    items: Literal["all", "new"] = "all"
    """With periods only: targets are any items, or only those that are not in training."""
    as_of: Literal["target", "period"] = "target"
    """With periods only: a history ends just before its target, or where the period begins."""
    validation_share: float | None = Field(default=None, gt=0, lt=1)
    """Share of all events in the validation period (at least: a tied second is not cut)."""
    calibration_share: float | None = Field(default=None, gt=0, lt=1)
    """Share of all events in the calibration period, between validation and test."""
    test_share: float | None = Field(default=None, gt=0, lt=1)
    """Share of all events in the test period."""
    validation_from: AwareDatetime | None = None
    """Begin of the validation period, instead of shares."""
    calibration_from: AwareDatetime | None = None
    """Begin of the calibration period, instead of shares."""
    test_from: AwareDatetime | None = None
    """Begin of the test period, instead of shares."""
    windows: int | None = Field(default=None, ge=1)
    """sliding-windows only: how many test windows."""
    window_share: float | None = Field(default=None, gt=0, lt=1)
    """sliding-windows only: share of all events in each; the last ends with the data."""

    candidates: int = Field(default=20, ge=1)
    """How many items a reranker gets, straight from its retriever; the target is never added."""
    candidate_order: Literal["shuffled", "retriever"] = "shuffled"
    """How they stand in a prompt. The retriever's order tells the reranker what it thought."""
    cutoffs: tuple[int, ...] = (1, 5, 10, 20, 50)
    """The k of every metric."""
    metrics: tuple[str, ...] = ("recall", "ndcg", "mrr")
    """What is reported at each cut-off, full ranking; names of ``llmrec.metrics.METRICS``."""
    headline: str = "ndcg@10"
    """What settings are chosen by on validation, and what rows are compared by."""
    metric_ties: Literal["expected", "pessimistic"] = "expected"
    """Equal scores count as every order at once, or as the worst one."""

    @field_validator("cutoffs")
    @classmethod
    def _check_cutoffs(cls, cutoffs: tuple[int, ...]) -> tuple[int, ...]:
        if not cutoffs or any(k < 1 for k in cutoffs) or sorted(set(cutoffs)) != list(cutoffs):
            raise ValueError("cutoffs are different whole numbers from 1 on, rising")
        return cutoffs

    @field_validator("headline")
    @classmethod
    def _check_headline(cls, headline: str) -> str:
        name, _, k = headline.partition("@")
        if not name or not k.isdigit() or int(k) < 1:
            raise ValueError("the headline is a metric and a cut-off, e.g. ndcg@10")
        return headline

    @model_validator(mode="after")
    def _check_fields_of_kind(self) -> Self:
        optional = (*_SHARES, *_MOMENTS, *_WINDOWS, *_LAST)
        given = tuple(name for name in optional if getattr(self, name) is not None)
        needed = _NEEDED[self.kind]
        if given not in needed:
            wants = ", or ".join(" and ".join(names) for names in needed)
            if needed == ((),):
                raise ValueError(f"{self.kind} has no periods, so no {list(given)}")
            raise ValueError(f"{self.kind} needs {wants}; here are {list(given) or 'none'}")
        defaults = type(self).model_fields
        changed = [n for n in _OF_PERIODS if getattr(self, n) != defaults[n].default]
        if changed and not self.has_periods:
            raise ValueError(f"{self.kind} has no periods, so no {changed}")
        return self

    @model_validator(mode="after")
    def _check_periods(self) -> Self:
        if sum(getattr(self, name) or 0 for name in _SHARES) >= 1:
            raise ValueError("the shares of the periods leave nothing to train on")
        if (self.window_share or 0) * ((self.windows or 0) + 1) >= 1:
            raise ValueError("the windows, and the one before them, leave nothing to train on")
        begins = [(name, getattr(self, name)) for name in _MOMENTS if getattr(self, name)]
        for (name, begin), (next_name, next_begin) in itertools.pairwise(begins):
            if begin >= next_begin:
                raise ValueError(f"{name} must lie before {next_name}")
        if self.draw_seed is not None and self.shots is None and self.folds is None:
            raise ValueError("draw_seed draws nothing without shots or folds")
        if self.max_history is not None and self.max_history < self.min_history:
            raise ValueError(f"max_history {self.max_history} is below min_history")
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
        cards = Shipped(model=cls, what="split protocol", package="llmrec.eval", folder="protocols")
        return cards.load(name)

    @property
    def id(self) -> str:
        """``<name>.v<version>``."""
        return f"{self.name}.v{self.version}"

    @property
    def seen(self) -> Seen:
        """What rankers and retrievers are told of seen items."""
        return "allow" if self.seen_items == "rank" else self.seen_items

    @property
    def has_periods(self) -> bool:
        """Whether it cuts all users at the same moments."""
        return self.kind in {"global-temporal", "sliding-windows"}

    @property
    def sha256(self) -> str:
        """Hash of the whole card; fields that do not apply to it (None) are no part of it."""
        return sha256_of(self.model_dump(mode="json", exclude_none=True))
