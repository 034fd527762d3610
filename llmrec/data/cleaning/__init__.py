"""Cleaning in the open: named rules, each counted and shown with examples."""

from __future__ import annotations

from llmrec.data.cleaning.events import CORE, EVENT_RULES, LAST_RULES, core, core_rows
from llmrec.data.cleaning.journal import Journal, Step, as_words
from llmrec.data.cleaning.page import check_report, compared, write_report
from llmrec.data.cleaning.rules import STRICT, CleaningRules

__all__ = [
    "CORE",
    "EVENT_RULES",
    "LAST_RULES",
    "STRICT",
    "CleaningRules",
    "Journal",
    "Step",
    "as_words",
    "check_report",
    "compared",
    "core",
    "core_rows",
    "write_report",
]
