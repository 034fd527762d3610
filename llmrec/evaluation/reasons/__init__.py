"""Are the reasons true: grounded, faithful to the decision, right about a world, readable?"""

from __future__ import annotations

from llmrec.evaluation.reasons.judge import Judge
from llmrec.evaluation.reasons.report import reason_page, reason_tables
from llmrec.evaluation.reasons.run import ReasonsConfig, measure_reasons
from llmrec.evaluation.reasons.truth import Truth

__all__ = ["Judge", "ReasonsConfig", "Truth", "measure_reasons", "reason_page", "reason_tables"]
