"""What the pages on adding a metric and a benchmark show works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sightline.benchmarks.base import Benchmark, Task
from sightline.metrics import METRICS, PARSERS

DOCS = Path(__file__).parents[2] / "docs"


def run_snippets(page: str) -> dict[str, Any]:
    """Every Python block of a page, one after the other in one namespace."""
    blocks = re.findall(
        r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL
    )
    assert blocks
    names: dict[str, Any] = {"__name__": page}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    return names


def test_the_metric_is_one() -> None:
    metric = run_snippets("adding-a-metric.md")["WORD_OVERLAP"]
    assert metric.name not in METRICS
    assert metric.id == "word_overlap/1"


def test_the_benchmark_is_one() -> None:
    benchmark = run_snippets("adding-a-benchmark.md")["SUMS"]
    wanted = {name for name in vars(Benchmark) if not name.startswith("_")}
    assert {name for name in wanted if not hasattr(benchmark, name)} == set()
    tasks: dict[str, Task] = benchmark.tasks
    assert {one.sample.task for one in benchmark.samples()} == set(tasks)
    assert all(
        task.parser in PARSERS and set(task.metrics) <= set(METRICS) for task in tasks.values()
    )


@pytest.mark.parametrize("page", ["adding-a-metric.md", "adding-a-benchmark.md"])
def test_files_named_on_the_page_exist(page: str) -> None:
    # The example's own files are not there, and shall not be.
    named = set(
        re.findall(r"`((?:sightline|tests)/[a-z_/]+\.(?:py|json))`", (DOCS / page).read_text())
    )
    assert {path for path in named if not (DOCS.parent / path).exists()} <= {
        "sightline/metrics/word_overlap.py",
        "tests/golden/word_overlap.json",
    }
