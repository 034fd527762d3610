"""Ablations by name: an LLM row with one choice changed at a time, on the same queries."""

from __future__ import annotations

from llmrec.evaluation.ablations.results import ablation_results
from llmrec.evaluation.ablations.variants import (
    ABLATIONS,
    Ablation,
    Variant,
    variant_records,
    with_variants,
)

__all__ = [
    "ABLATIONS",
    "Ablation",
    "Variant",
    "ablation_results",
    "variant_records",
    "with_variants",
]
