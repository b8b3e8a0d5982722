"""Requests per second of one mini by NVIDIA's own load generator, ``perf_analyzer``.

    python bench/perf_analyzer.py [--model pixtral_mini] [--url HOST:PORT] [--concurrency 16]

The requests are those that Sightline makes for the captions of ``scenes``: a rendered prompt, one
picture, temperature 0, at most 48 tokens. The binary comes out of the wheel of tritonclient 2.51.0,
the last to carry it, which pip downloads once into ``var/`` (it is not installed: its library is
older than ours); two libraries that it needs come from ``nvidia-pytriton``.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import distribution
from itertools import islice
from pathlib import Path

from sightline.benchmarks.scenes import train_samples
from sightline.inference.prompts import render
from sightline.stack.triton import serve_triton
from sightline.values import images_of

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = ROOT / "triton_models"
HOME = ROOT / "var" / "perf_analyzer"
WHEEL = "tritonclient==2.51.0"
# Their names in nvidia_pytriton.libs carry a hash behind the first part.
LIBRARIES = {"libb64-*.so.0d": "libb64.so.0d", "libcudart-*.so.12*": "libcudart.so.12"}
FAMILIES = {"pixtral_mini": "pixtral", "qwen2_vl_mini": "qwen2_vl"}
DIFFERENT_QUESTIONS = 256


@dataclass(frozen=True, slots=True)
class Measured:
    """``latencies_s`` is sorted: from a request's start to the end of its answer."""

    requests: int
    failed: int
    seconds: float
    latencies_s: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies_s[min(len(self.latencies_s) - 1, int(share * len(self.latencies_s)))]


def unpacked() -> Path:
    """The binary, with its two libraries beside it; downloaded and unpacked the first time."""
    binary = HOME / "perf_analyzer"
    if binary.exists():
        return binary
    HOME.mkdir(parents=True, exist_ok=True)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    download += ["--only-binary", ":all:", "--dest", str(HOME), WHEEL]
    subprocess.run(download, check=True)
    libraries = Path(str(distribution("nvidia-pytriton").locate_file("nvidia_pytriton.libs")))
    for pattern, name in LIBRARIES.items():
        shutil.copy2(next(libraries.glob(pattern)), HOME / name)
    [wheel] = HOME.glob("tritonclient-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [member] = [name for name in archive.namelist() if name.endswith("/bin/perf_analyzer")]
        partial = HOME / "perf_analyzer.partial"
        partial.write_bytes(archive.read(member))
    partial.chmod(0o755)
    wheel.unlink()
    partial.replace(binary)
    return binary


def requests_of(model: str, max_tokens: int) -> dict[str, object]:
    """Scenes as perf_analyzer reads its input data."""
    sampling = json.dumps({"max_tokens": max_tokens, "temperature": 0})
    data = []
    for one in islice(train_samples(7, ("caption",)), DIFFERENT_QUESTIONS):
        [picture] = [one.images[part.digest] for part in images_of(one.sample.prompt)]
        data.append(
            {
                "text_input": [render(FAMILIES[model], one.sample.prompt)],
                "image": {"content": [base64.b64encode(picture).decode()], "shape": [1]},
                "sampling_parameters": [sampling],
                "exclude_input_in_output": [True],
                "return_finish_reason": [True],
                "return_num_input_tokens": [True],
                "return_num_output_tokens": [True],
            }
        )
    return {"data": data}


def measure(url: str, model: str, *, concurrency: int, requests: int, max_tokens: int) -> Measured:
    """Keep ``concurrency`` requests in flight at ``url`` until ``requests`` are done."""
    binary = unpacked()
    with tempfile.TemporaryDirectory() as directory:
        questions, profile = Path(directory) / "in.json", Path(directory) / "profile.json"
        questions.write_text(json.dumps(requests_of(model, max_tokens)))
        command = [str(binary), "-m", model, "-u", url, "-i", "grpc", "--streaming", "--async"]
        command += ["--input-data", str(questions), "--concurrency-range", str(concurrency)]
        command += ["--request-count", str(requests), "--profile-export-file", str(profile)]
        environment = os.environ | {"LD_LIBRARY_PATH": str(HOME)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"perf_analyzer failed:\n{done.stdout}\n{done.stderr}")
        return _measured(json.loads(profile.read_text()))


def _measured(profile: dict[str, object]) -> Measured:
    [experiment] = profile["experiments"]  # type: ignore[misc]
    records = experiment["requests"]
    answered = [each for each in records if each["response_timestamps"]]
    nanoseconds = [each["response_timestamps"][-1] - each["timestamp"] for each in answered]
    begun = min(each["timestamp"] for each in answered)
    ended = max(each["response_timestamps"][-1] for each in answered)
    return Measured(
        requests=len(answered),
        failed=len(records) - len(answered),
        seconds=(ended - begun) / 1e9,
        latencies_s=tuple(sorted(value / 1e9 for value in nanoseconds)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=sorted(FAMILIES), default="pixtral_mini")
    parser.add_argument("--url", help="host:port of a running server's gRPC endpoint")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--max-tokens", type=int, default=48)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        url = chosen.url
        if url is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            served = serve_triton(directory, REPOSITORY, [chosen.model])
            url = stack.enter_context(served).grpc
        measured = measure(
            url,
            chosen.model,
            concurrency=chosen.concurrency,
            requests=chosen.requests,
            max_tokens=chosen.max_tokens,
        )
    print(
        f"{chosen.model}, {chosen.concurrency} in flight: {measured.per_second:.1f} requests/s, "
        f"{measured.requests} answered, {measured.failed} failed, latency p50 "
        f"{measured.percentile(0.5):.3f} s, p95 {measured.percentile(0.95):.3f} s"
    )


if __name__ == "__main__":
    main()
