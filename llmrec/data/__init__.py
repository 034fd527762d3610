"""Tables in, validated tables out: readers, datasets and splits."""

from __future__ import annotations

from llmrec.data.appending import append_dataset
from llmrec.data.cleaning import STRICT, CleaningRules
from llmrec.data.dataset import Dataset, load
from llmrec.data.describe import event_rows, summary
from llmrec.data.drawing import out_of_fold
from llmrec.data.filtering import prepare
from llmrec.data.importing import READERS, guess_format, import_dataset
from llmrec.data.inspecting import inspect
from llmrec.data.leakage import check_leakage, check_new_domain, check_split
from llmrec.data.options import ImportOptions
from llmrec.data.protocol import SplitProtocol
from llmrec.data.sample import write_sample
from llmrec.data.saved import read_splits, write_splits
from llmrec.data.single import read_history
from llmrec.data.splitting import Split, split, splits
from llmrec.data.times import iso, parse_moment
from llmrec.data.writing import write_dataset

__all__ = [
    "READERS",
    "STRICT",
    "CleaningRules",
    "Dataset",
    "ImportOptions",
    "Split",
    "SplitProtocol",
    "append_dataset",
    "check_leakage",
    "check_new_domain",
    "check_split",
    "event_rows",
    "guess_format",
    "import_dataset",
    "inspect",
    "iso",
    "load",
    "out_of_fold",
    "parse_moment",
    "prepare",
    "read_history",
    "read_splits",
    "split",
    "splits",
    "summary",
    "write_dataset",
    "write_sample",
    "write_splits",
]
