"""Memory, and on a CUDA GPU the share of what its matrix units could do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from llmrec.errors import EngineError
from llmrec.evaluation.benchmark import peak_gib
from llmrec.llm.models import find
from llmrec.llm.size import count_parameters

if TYPE_CHECKING:
    from llmrec.evaluation.llm_rows.meter import Cost
    from llmrec.llm import EngineCard

BF16_PEAK = {
    "H200": 989e12,
    "H100 80GB HBM3": 989e12,
    "H100 PCIe": 756e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "A10": 125e12,
}
"""Dense bf16 operations a second by a part of the device's name, from NVIDIA's data sheets; a
longer name is looked for first."""


def peak_memory() -> dict[str, float]:
    """Return the most memory held, in GiB: ``process``, and ``gpu`` where PyTorch used one."""
    found = {"process": round(peak_gib(), 2)}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        found["gpu"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return found


def roofline(card: EngineCard, cost: Cost) -> dict[str, Any]:
    """Return the share of the device's bf16 peak that scoring reached, or why it is not known.

    A forward pass takes about two operations a parameter and token (Kaplan et al., "Scaling Laws
    for Neural Language Models", 2020, section 2.1); attention is left out.

    Args:
        card: Who answered.
        cost: Its tokens and seconds.
    """
    device = _device()
    if device is None or card.engine not in ("transformers", "vllm"):
        return {"left_out": "the model did not run on a CUDA GPU of this process"}
    peak = next((BF16_PEAK[part] for part in _longest_first() if part in device), None)
    if peak is None:
        return {"device": device, "left_out": f"the bf16 peak of {device} is not known here"}
    n_parameters = _parameters(card)
    if cost.score_s == 0:
        return {"device": device, "left_out": "nothing was asked of the model"}
    if n_parameters is None:
        return {"device": device, "left_out": "the model's parameters cannot be counted here"}
    done = 2.0 * n_parameters * cost.computed_tokens / cost.score_s
    return {"device": device, "operations_per_s": done, "share": done / peak}


def _device() -> str | None:
    """Return the name of the GPU that PyTorch works on in this process."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return str(torch.cuda.get_device_name())


def _longest_first() -> list[str]:
    return sorted(BF16_PEAK, key=len, reverse=True)


def _parameters(card: EngineCard) -> int | None:
    folder = find(card.model)
    try:
        return None if folder is None else count_parameters(folder)
    except EngineError:
        return None
