"""The catalogue: models, benchmarks, metrics, uploads; and the health of the service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from sightline.client.results.base import Result
from sightline.client.results.boards import PublishedRow


class Model(Result):
    """A model under test; ``recorded`` counts its recorded answers by benchmark.

    ``serving`` is family, context and image limits; None where answers were recorded.
    """

    name: str
    source: str
    title: str = ""
    tags: tuple[str, ...] = ()
    queue: str = ""
    revision: str | None = None
    serving: Mapping[str, Any] | None = None
    recorded: Mapping[str, int] = Field(default_factory=dict)
    created_at: datetime


class RefusedLine(Result):
    """A line of an upload that was not taken (lines count from 1)."""

    line: int
    problem: str


class Upload(Result):
    """What became of an upload of recorded answers; ``refusals`` are the first of them."""

    accepted: int
    duplicates: int
    refused: int
    refusals: tuple[RefusedLine, ...] = ()


class Task(Result):
    """One kind of question of a benchmark."""

    name: str
    title: str = ""
    parser: str = ""
    metrics: tuple[str, ...] = ()
    correct_by: str | None = None
    sampling: Mapping[str, Any] = Field(default_factory=dict)
    chance: float | None = None


class Benchmark(Result):
    """A benchmark: the newest version that was imported whole."""

    name: str
    title: str
    version: str
    samples: int
    description: str = ""
    licence: str = ""
    source: str = ""
    primary_metric: str = ""
    coverage_floor: float = 0.0
    recorded_only: bool = False
    tasks: tuple[Task, ...] = ()
    published: tuple[PublishedRow, ...] = ()


class Metric(Result):
    """A metric: its range is ``low`` to ``high``, and higher is better."""

    name: str
    version: str
    title: str = ""
    description: str = ""
    source: str = ""
    low: float
    high: float
    binary: bool = False


class PartState(Result):
    """One part the service works with."""

    ok: bool
    needed: bool = True
    detail: str = ""


class Readiness(Result):
    """Whether the service can do its work, and which parts answer."""

    status: str
    parts: Mapping[str, PartState] = Field(default_factory=dict)
