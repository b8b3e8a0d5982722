"""The Triton server out of the wheel: put together once, and clear about what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sightline.errors import StackError
from sightline.stack.triton import prepare_triton, serve_triton, system_python, triton_ready

REPOSITORY = Path(__file__).resolve().parents[2] / "triton_models"
SYSTEM = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")


def test_the_second_time_nothing_is_copied(tmp_path: Path) -> None:
    first = prepare_triton(tmp_path)
    stub = first.backends / "python" / "triton_python_backend_stub"
    before = stub.stat()
    assert prepare_triton(tmp_path) == first
    assert stub.stat() == before
    assert first.binary.exists()
    assert (first.python_bin / "python3").exists()


def test_two_data_directories_share_no_memory_names(tmp_path: Path) -> None:
    one, other = prepare_triton(tmp_path / "one"), prepare_triton(tmp_path / "other")
    assert one.shm_prefix != other.shm_prefix


def test_memory_that_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    prefix = prepare_triton(tmp_path).shm_prefix
    left_over = Path("/dev/shm") / f"{prefix}left-over"
    left_over.write_bytes(b"x")
    prepare_triton(tmp_path)
    assert not left_over.exists()


@pytest.mark.skipif(not SYSTEM.exists(), reason=f"the system has no {SYSTEM}")
def test_the_systems_python_reads_our_packages(tmp_path: Path) -> None:
    """What stands in for a Python without a shared library."""
    python_bin, library = system_python(tmp_path / "python")
    assert list(library.glob("libpython3.*.so.1.0"))
    # safetensors has an extension module and imports fast.
    program = "import safetensors, sys; print(sys.prefix)"
    done = subprocess.run(
        [python_bin / "python3", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(tmp_path / "python")
    assert system_python(tmp_path / "python") == (python_bin, library)


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(StackError, match="no_such_model"),
        serve_triton(tmp_path, REPOSITORY, ["no_such_model"]),
    ):
        pass


def test_no_server_is_not_ready() -> None:
    assert not triton_ready("http://127.0.0.1:9")
