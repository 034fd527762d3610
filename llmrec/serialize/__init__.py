"""Histories and items as timestamped text."""

from llmrec.serialize.config import QUERY_CONFIG, SerializerConfig, TimeStyle
from llmrec.serialize.history import HistorySerializer, HistoryText
from llmrec.serialize.items import candidate_lines, evidence_line, item_line, title_text

__all__ = [
    "QUERY_CONFIG",
    "HistorySerializer",
    "HistoryText",
    "SerializerConfig",
    "TimeStyle",
    "candidate_lines",
    "evidence_line",
    "item_line",
    "title_text",
]
