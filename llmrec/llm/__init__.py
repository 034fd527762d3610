"""Language-model engines behind one Protocol: token ids in, log-probabilities or text out."""

from llmrec.llm.base import Engine, EngineCard, EngineStats, LogProbs
from llmrec.llm.byte_tokenizer import ByteTokenizer
from llmrec.llm.scripted import Call, ScriptedEngine
from llmrec.llm.transformers_engine import TransformersEngine

__all__ = [
    "ByteTokenizer",
    "Call",
    "Engine",
    "EngineCard",
    "EngineStats",
    "LogProbs",
    "ScriptedEngine",
    "TransformersEngine",
]
