"""The weights' digest in a model's configuration."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from triton_models.minis.seal import seal, weights_sha256

CONFIG = Path(__file__).resolve().parents[2] / "triton_models" / "pixtral_mini" / "config.pbtxt"


def test_sealing_writes_the_digest_and_nothing_else(tmp_path: Path) -> None:
    shutil.copy(CONFIG, tmp_path)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "model.safetensors").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert seal(tmp_path) == weights_sha256(tmp_path / "1") == digest
    before, after = CONFIG.read_text(), (tmp_path / "config.pbtxt").read_text()
    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 1
    assert digest in changed[0][1]


def test_a_configuration_without_the_parameter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.pbtxt").write_text('name: "x"\n')
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(ValueError, match="weights_sha256"):
        seal(tmp_path)
