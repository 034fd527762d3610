"""Language-model engines behind one Protocol: token ids in, log-probabilities or text out."""

from llmrec.llm.base import Engine, EngineCard, EngineStats, LogProbs
from llmrec.llm.byte_tokenizer import ByteTokenizer
from llmrec.llm.cached import CachedEngine
from llmrec.llm.opening import EngineConfig, open_engine
from llmrec.llm.scripted import Call, ScriptedEngine
from llmrec.llm.server_client import ServerClient
from llmrec.llm.server_engine import ServerEngine
from llmrec.llm.tokenizer import ChatTokenizer
from llmrec.llm.transformers_engine import TransformersEngine
from llmrec.llm.vllm_engine import VllmEngine

__all__ = [
    "ByteTokenizer",
    "CachedEngine",
    "Call",
    "ChatTokenizer",
    "Engine",
    "EngineCard",
    "EngineConfig",
    "EngineStats",
    "LogProbs",
    "ScriptedEngine",
    "ServerClient",
    "ServerEngine",
    "TransformersEngine",
    "VllmEngine",
    "open_engine",
]
