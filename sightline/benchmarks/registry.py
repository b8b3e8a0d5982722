"""Every built-in benchmark, and the digest that names a version of one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from types import MappingProxyType

from sightline.benchmarks.base import Benchmark
from sightline.benchmarks.mmmu import MMMU
from sightline.benchmarks.scenes import SCENES
from sightline.benchmarks.visit_bench import VISIT_BENCH_MULTI
from sightline.digests import canonical_json
from sightline.values import Json, Sample, prompt_to_json

_ALL: tuple[Benchmark, ...] = (SCENES, MMMU, VISIT_BENCH_MULTI)

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {benchmark.name: benchmark for benchmark in _ALL}
)


def benchmark_digest(benchmark: Benchmark) -> str:
    """SHA-256 (hex) over the task definitions and every sample in order, streamed.

    Images come in by the digests in the prompts. Titles, description and published rows do not
    count: words about a benchmark do not make another version of it.
    """
    digest = hashlib.sha256()

    def take(value: object) -> None:
        digest.update(canonical_json(value).encode())
        # A line end cannot occur inside of canonical JSON: no two streams run into one another.
        digest.update(b"\n")

    take({name: asdict(replace(task, title="")) for name, task in benchmark.tasks.items()})
    for one in benchmark.samples():
        take(_sample_json(one.sample))
    return digest.hexdigest()


def _sample_json(sample: Sample) -> Json:
    return {
        "key": sample.key,
        "task": sample.task,
        "prompt": prompt_to_json(sample.prompt),
        "references": list(sample.references),
        "category": sample.category,
        "cluster": sample.cluster,
        "choices": dict(sample.choices),
    }
