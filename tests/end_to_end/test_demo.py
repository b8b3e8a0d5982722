"""``make demo`` as a user sees it: the real stack, both leaderboards, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sightline.demo import RECORDED, SCENES_LIMIT, SERVED
from sightline.stack import processes

LIMIT_S = 280


def demo(data_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "sightline.demo", "--data-dir", str(data_dir), *arguments],
        env={**env, "SIGHTLINE_API_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_on(data_dir: Path) -> list[str]:
    """Processes that still belong to this data directory's stack."""
    found = processes.tagged(processes.of_data_dir(data_dir.resolve()))
    return [" ".join(each.cmdline()) for each in found]


@pytest.mark.timeout(LIMIT_S + 20)
def test_the_demo_prints_the_leaderboards_and_ends_by_itself(tmp_path: Path) -> None:
    data_dir = tmp_path / "demo"
    process = demo(data_dir, "--once")
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert process.returncode == 0, out + err
    for model in (*SERVED, *RECORDED):
        assert f"  {model}  " in out
    scenes, captions, mmmu = (part.split("\n\n\n")[0] for part in boards(out))
    assert f"  {SCENES_LIMIT}  " in scenes
    assert "win at 0.8" in captions
    assert "top-10" in captions
    assert "not run here" in mmmu
    for figure in ("0.366", "0.343", "0.367", "0.361"):
        assert figure in mmmu
    assert "\x1b" not in out
    assert f"{SCENES_LIMIT}/{SCENES_LIMIT}  finished" in err
    assert left_on(data_dir) == []


def boards(out: str) -> list[str]:
    """The parts of the output that begin with a board's heading."""
    lines = out.splitlines()
    starts = [number for number, line in enumerate(lines) if " · protocol " in line]
    assert len(starts) == 3, out
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]


def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path: Path) -> None:
    data_dir = tmp_path / "demo"
    process = demo(data_dir)
    try:
        assert process.stdout is not None
        while "redis" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1, out + err
    assert "Traceback" not in err
    assert time.monotonic() - began < 45
    assert left_on(data_dir) == []
