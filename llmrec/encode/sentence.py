"""Encoders of the sentence-transformers library: embedded, in a folder, or on a model hub."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.encode.base import EncoderCard, Vectors
from llmrec.encode.locate import locate
from llmrec.encode.weights import refuse_random_weights, weights_sha256
from llmrec.errors import DataError, EngineError, require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class SentenceEncoder:
    """A sentence-transformers model that runs here, in float32.

    Weights are read from safetensors only, and code that comes with a model is not run. Texts are
    encoded as they are: a prefix that a model wants ("query: ") belongs into the text template.

    Args:
        name_or_path: ``minilm`` (the embedded all-MiniLM-L6-v2), a folder, or a hub id.
        device: ``auto`` takes the accelerator that is here; else ``cpu``, ``cuda``, ``cuda:1``.
        batch_size: Texts a forward pass.

    Raises:
        MissingExtraError: sentence-transformers is not installed.
        ModelNotFoundError: No model of this name is here, nor can it be fetched.
        EngineError: It is here but cannot be loaded whole, or the device is not there.
    """

    def __init__(
        self, name_or_path: str = "minilm", *, device: str = "auto", batch_size: int = 32
    ) -> None:
        name, folder = locate(name_or_path)
        self._model = _load(folder, device)
        refuse_random_weights(self._model, folder)
        self._batch_size = batch_size
        # The tokenizer keeps its padding and cutting as state, so one text batch at a time.
        self._lock = threading.Lock()
        tokenizer = self._model.tokenizer
        self._control_strings = frozenset(map(str, tokenizer.all_special_tokens))
        self._card = EncoderCard(
            name=name,
            weights_sha256=weights_sha256(folder),
            dimension=int(self._model.get_embedding_dimension()),
            max_tokens=self._model.max_seq_length - tokenizer.num_special_tokens_to_add(pair=False),
        )

    @property
    def card(self) -> EncoderCard:
        """Which encoder this is."""
        return self._card

    @property
    def control_strings(self) -> frozenset[str]:
        """Every string that the model's tokenizer turns into a control token."""
        return self._control_strings

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return each text's tokens by the model's tokenizer, without special tokens."""
        if not texts:
            return []
        _check_text(texts)
        with self._lock:
            encoded = self._model.tokenizer(
                list(texts),
                add_special_tokens=False,
                truncation=False,
                padding=False,
                return_attention_mask=False,
                verbose=False,
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return ``(n_texts, dimension) float32, L2-normalised``.

        Raises:
            DataError: A text holds half of a surrogate pair, which is no character.
            EngineError: The model gave something that is not a finite number.
        """
        if not texts:
            return np.empty((0, self._card.dimension), dtype=np.float32)
        _check_text(texts)
        with self._lock:
            vectors = self._model.encode(
                list(texts),
                prompt="",
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        unit: Vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        bad = np.flatnonzero(~np.isfinite(unit).all(axis=1))
        if bad.size:
            raise EngineError(
                f"encoder {self._card.name!r} gave a vector that is not finite for text "
                f"{int(bad[0]) + 1} of {len(texts)}: {texts[bad[0]][:80]!r}",
                remedy="Run it on another device, or use another encoder.",
            )
        return unit


def _check_text(texts: Sequence[str]) -> None:
    """Refuse what no tokenizer reads, naming the text."""
    for number, text in enumerate(texts, start=1):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"text {number} of {len(texts)} cannot be encoded: {error}",
                remedy="Clean it first, e.g. with llmrec.neutralize.neutralize.",
            ) from None


def _load(folder: Path, device: str) -> Any:  # noqa: ANN401
    """Load the model of a folder, offline and without its progress bar."""
    library = require("sentence_transformers", "cpu")
    torch = require("torch", "cpu")
    damaged = require("safetensors", "cpu").SafetensorError
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise EngineError(
            f"device {device!r} was asked for, and no CUDA device is here",
            remedy="Use device 'auto' or 'cpu'.",
        )
    bars = require("transformers.utils.logging", "cpu")
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        return library.SentenceTransformer(
            str(folder),
            device=None if device == "auto" else device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )
    except (OSError, RuntimeError, ValueError, KeyError, damaged) as error:
        raise EngineError(f"the encoder in {folder} cannot be loaded: {error}") from error
    finally:
        if shown:
            bars.enable_progress_bar()
