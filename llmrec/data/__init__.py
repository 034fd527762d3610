"""Tables in, validated tables out: readers, datasets and splits."""

from __future__ import annotations

from llmrec.data.dataset import Dataset, load
from llmrec.data.importing import READERS, guess_format, import_dataset
from llmrec.data.leakage import check_leakage
from llmrec.data.options import ImportOptions
from llmrec.data.protocol import SplitProtocol, load_protocol
from llmrec.data.splitting import Split, split
from llmrec.data.times import parse_moment
from llmrec.data.writing import write_dataset

__all__ = [
    "READERS",
    "Dataset",
    "ImportOptions",
    "Split",
    "SplitProtocol",
    "check_leakage",
    "guess_format",
    "import_dataset",
    "load",
    "load_protocol",
    "parse_moment",
    "split",
    "write_dataset",
]
