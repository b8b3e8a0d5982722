"""A scoring worker without its embedder does not start, and says why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("weights", [None, b"other weights"])
def test_a_scoring_worker_without_the_known_weights_ends_with_the_reason(
    tmp_path: Path, weights: bytes | None
) -> None:
    if weights is not None:
        (tmp_path / "model.safetensors").write_bytes(weights)
    environment = os.environ | {
        "SIGHTLINE_PRELOAD_EMBEDDER": "true",
        "SIGHTLINE_EMBEDDER_DIR": str(tmp_path),
        "SIGHTLINE_DATA_DIR": str(tmp_path),
    }
    argv = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", "score"]
    ended = subprocess.run(
        argv, check=False, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode != 0
    expected = "are missing" if weights is None else "is not all-MiniLM-L6-v2"
    assert "this worker cannot score" in ended.stderr
    assert expected in ended.stderr
