"""A GGUF file to a safetensors folder, through Transformers' own reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.errors import EngineError, require
from llmrec.llm.quiet import no_bars
from llmrec.progress import track

if TYPE_CHECKING:
    from pathlib import Path


def convert(source: Path, folder: Path, *, description: str) -> None:
    """De-quantise ``source`` to bfloat16 and save weights, tokenizer and chat template.

    Args:
        source: A ``.gguf`` file of an architecture that Transformers knows.
        folder: An existing, empty folder.
        description: What the progress bar says.

    Raises:
        EngineError: The file holds no chat template.
    """
    require("gguf", "cpu")
    require("accelerate", "cpu")  # Transformers reads GGUF through it
    torch = require("torch", "cpu")
    transformers = require("transformers", "cpu")
    place = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    made: dict[str, Any] = {}

    def tokenizer() -> None:
        made["tokenizer"] = transformers.AutoTokenizer.from_pretrained(**place)
        if not made["tokenizer"].chat_template:
            raise EngineError(f"{source} holds no chat template")
        made["tokenizer"].save_pretrained(folder)

    def weights() -> None:
        made["model"] = transformers.AutoModelForCausalLM.from_pretrained(
            **place,
            dtype=torch.bfloat16,
            quantization_config=transformers.GgufConfig(dequantize=True),
        )

    def save() -> None:
        made["model"].save_pretrained(folder)

    for step in track((tokenizer, weights, save), description):
        with no_bars():
            step()
    for file in folder.iterdir():
        file.chmod(0o644)
