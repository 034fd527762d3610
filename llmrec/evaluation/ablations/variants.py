"""The names of ablations, and the variants of an LLM row that each stands for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import ConfigError, did_you_mean
from llmrec.evaluation.llm_rows import LlmRows, RerankSpec
from llmrec.recommender import LISTED, scorer_kind
from llmrec.templates import released

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmrec.data import SplitProtocol

    Changes = Mapping[str, Any]

PLACES = 5
"""At how many listed places the target is put in turn."""
COUNTS = (5, 10, 20, 50)
EVENTS = (1, 5, 10, 20, 50)
ORDERS = (1, 2, 4)
OWN_TEMPLATE = "rank/{kind}.v1"
"""What a scorer renders where a row names no template."""
STYLES = ("none", "relative", "absolute", "both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """One choice of an LLM row that is varied, all others kept."""

    what: str
    """For the reader of a report, in a line."""
    variants: Callable[[RerankSpec, str], Mapping[str, Changes]]
    """From a row and its scorer's kind to label -> the fields that are changed; a field of the
    serializer stands as ``serializer.<field>``. Nothing where it has no meaning for the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One changed row."""

    ablation: str
    label: str
    base: str
    """The row that it differs from."""
    changes: Changes
    spec: RerankSpec


def _each(field: str, values: tuple[Any, ...]) -> Callable[[RerankSpec, str], dict[str, Changes]]:
    return lambda _spec, _kind: {str(value): {field: value} for value in values}


def _orders(_spec: RerankSpec, kind: str) -> dict[str, Changes]:
    return {str(n): {"n_orders": n} for n in ORDERS} if kind in LISTED else {}


def _places(spec: RerankSpec, kind: str) -> dict[str, Changes]:
    """Return the target at places from first to last, and the retriever's own order."""
    if kind not in LISTED:
        return {}
    last = (spec.candidates or 1) - 1
    places = dict.fromkeys(round(n * last / (PLACES - 1)) for n in range(PLACES))
    shown = {
        f"place-{place}": {"target_place": place, "candidate_order": "shuffled"} for place in places
    }
    return {**shown, "retriever": {"candidate_order": "retriever"}}


def _versions(spec: RerankSpec, kind: str) -> dict[str, Changes]:
    """Return the other released versions of the row's prompt."""
    own = spec.template or OWN_TEMPLATE.format(kind=kind)
    stem = own.rpartition(".")[0]
    names = [name for name in released() if name.rpartition(".")[0] == stem and name != own]
    return {name.rpartition(".")[2]: {"template": name} for name in names}


ABLATIONS: dict[str, Ablation] = {
    "time-style": Ablation(
        what="how the history tells time", variants=_each("serializer.time_style", STYLES)
    ),
    "history-length": Ablation(
        what="the most events shown, within the same number of tokens",
        variants=_each("serializer.max_events", EVENTS),
    ),
    "candidate-count": Ablation(
        what="how many candidates are reranked", variants=_each("candidates", COUNTS)
    ),
    "candidate-order": Ablation(
        what="where the target is listed, and the retriever's order", variants=_places
    ),
    "n-orders": Ablation(what="how many listed orders are averaged", variants=_orders),
    "prompt-version": Ablation(what="the version of the prompt", variants=_versions),
}


def with_variants(llm: LlmRows, card: SplitProtocol) -> LlmRows:
    """Return the same rows and, behind them, the variants that their ablations stand for.

    Raises:
        ConfigError: An unknown ablation, or one that varies nothing of any row.
    """
    variants = tuple(variant.spec for variant in _variants(llm, card))
    return dataclasses.replace(llm, specs=(*llm.specs, *variants))


def variant_records(llm: LlmRows, card: SplitProtocol) -> list[dict[str, Any]]:
    """Return what a run's file says of the variants; arguments and errors as ``with_variants``."""
    return [
        {
            "row": variant.spec.name,
            "ablation": variant.ablation,
            "what": ABLATIONS[variant.ablation].what,
            "label": variant.label,
            "base": variant.base,
            "changes": dict(variant.changes),
        }
        for variant in _variants(llm, card)
    ]


def _variants(llm: LlmRows, card: SplitProtocol) -> list[Variant]:
    found: list[Variant] = []
    for name in dict.fromkeys(llm.ablations):
        if name not in ABLATIONS:
            raise ConfigError(
                f"there is no ablation {name!r}", remedy=did_you_mean(name, ABLATIONS)
            )
        some = [v for spec in llm.specs for v in _of_row(name, spec, llm, card)]
        if not some:
            kinds = ", ".join(
                f"{spec.name} ({scorer_kind(spec, llm.engine)})" for spec in llm.specs
            )
            raise ConfigError(
                f"ablation {name!r} varies nothing of {kinds}",
                remedy="Orders need a scorer that lists candidates (labels, markers); prompts "
                "need a second version.",
            )
        found += some
    return found


def _of_row(name: str, spec: RerankSpec, llm: LlmRows, card: SplitProtocol) -> list[Variant]:
    """Return the variants of one row under one ablation; the row itself is none of them."""
    base = spec.under(card)
    found = []
    for label, changes in ABLATIONS[name].variants(base, scorer_kind(base, llm.engine)).items():
        values = {**base.model_dump(), "name": f"{spec.name}-{name}-{label}", "fusion_queries": 0}
        for field, value in changes.items():
            inside, _, last = field.rpartition(".")
            (values[inside] if inside else values)[last] = value
        changed = RerankSpec.of(values, source=f"ablation {name!r}")
        if not _same(changed, base):
            found.append(
                Variant(ablation=name, label=label, base=spec.name, changes=changes, spec=changed)
            )
    return found


def _same(changed: RerankSpec, base: RerankSpec) -> bool:
    """Return whether nothing differs that could change a score."""
    besides = {"name", "fusion_queries"}
    return changed.model_dump(exclude=besides) == base.model_dump(exclude=besides)
