"""What the service answers, typed. Fields that a newer service adds are kept, not refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ENDED = frozenset({"finished", "cancelled", "failed"})


class Result(BaseModel):
    """Base: immutable, and tolerant of what it does not know."""

    model_config = ConfigDict(frozen=True, extra="allow")


T = TypeVar("T")


class Page(Result, Generic[T]):
    """One page of a listing; ``next_cursor`` is None on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None = None


# --- jobs ------------------------------------------------------------------------------


class Progress(Result):
    """Counts of items (samples times repeats). ``failed`` are failures of ours."""

    items: int
    answered: int
    failed: int
    scored: int

    @property
    def settled(self) -> int:
        """Items that will not be asked again: answered, or ended by a failure of ours."""
        return self.answered + self.failed


class RunSummary(Result):
    """One model's part of a job."""

    id: str
    model: str
    benchmark: str
    status: str
    error: str | None = None
    progress: Progress


class JobProgress(Result):
    """How far a job is: the status is queued, running, finished, cancelled or failed."""

    status: str
    progress: Progress
    runs: tuple[RunSummary, ...]

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Job(JobProgress):
    """A job; ``request`` is what was asked, with what was left out filled in."""

    id: str
    kind: str
    name: str
    tags: tuple[str, ...] = ()
    priority: int = 0
    deadline: datetime | None = None
    created_at: datetime
    finished_at: datetime | None = None
    request: Mapping[str, Any] = Field(default_factory=dict)


class ModelEstimate(Result):
    """What one model of a job would cost; ``seconds`` is None where it never ran."""

    model: str
    requests: int
    cache_hits: int
    seconds: float | None = None


class Estimate(Result):
    """What a job would do: the answer to a dry run."""

    samples: int
    requests: int
    cache_hits: int
    seconds: float | None = None
    per_model: tuple[ModelEstimate, ...] = ()


class Retry(Result):
    """What a retry opened again: ``reopened`` counts items without an answer of the model."""

    job: Job
    reopened: int


# --- runs and their samples ------------------------------------------------------------


class Aggregate(Result):
    """A metric over a slice of a run ("" is the whole run) with its n and its 95% interval."""

    slice: str
    metric: str
    version: str
    n: int
    mean: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = ""
    statistics: Mapping[str, Any] = Field(default_factory=dict)


class Run(Result):
    """One model on one benchmark version under one protocol."""

    id: str
    job: str
    benchmark: str
    benchmark_version: str
    model: str
    model_revision: str | None = None
    status: str
    error: str | None = None
    protocol_digest: str
    protocol: Mapping[str, Any] = Field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    repeats: int = 1
    read_cache: bool = True
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress
    totals: Mapping[str, Any] | None = None
    aggregates: tuple[Aggregate, ...] = ()


class Part(Result):
    """A text, or an image by the digest of its bytes, inside a message."""

    type: str
    text: str | None = None
    digest: str | None = None
    width: int | None = None
    height: int | None = None


class Message(Result):
    """One turn of a prompt."""

    role: str
    parts: tuple[Part, ...]


class Parsed(Result):
    """What a parser read in an answer: a value, or why there is none."""

    parser: str
    value: str | None = None
    failure: str | None = None


class Score(Result):
    """One metric on one answer: a value, or the reason for having none."""

    metric: str
    version: str
    value: float | None = None
    reason: str | None = None


class Sample(Result):
    """One item of a run that has come to its end: a question, its answer, its scores."""

    key: str
    ordinal: int
    repeat: int
    task: str
    category: str = ""
    messages: tuple[Message, ...]
    choices: Mapping[str, str] = Field(default_factory=dict)
    references: tuple[str, ...] = ()
    answer: str | None = None
    failure: str | None = None
    failure_detail: str | None = None
    finish_reason: str | None = None
    parsed: Parsed | None = None
    scores: tuple[Score, ...] = ()
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_s: float | None = None
    cached: bool = False
    recorded_at: datetime

    @property
    def question(self) -> str:
        """The texts of the prompt, in order; an image stands as "[image]"."""
        parts = (part for message in self.messages for part in message.parts)
        return "\n".join(part.text or "[image]" for part in parts)


# --- leaderboards ----------------------------------------------------------------------


class Figure(Result):
    """A figure with its n and its 95% interval; None where it cannot be had."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    method: str = ""


class Similarity(Result):
    """Derived from the samples' similarities: shown, never ranked by.

    ``win_rate`` by threshold ("0.8"), ``top_k`` by k ("10"): the mean of the k highest.
    """

    win_rate: Mapping[str, float | None] = Field(default_factory=dict)
    top_k: Mapping[str, float | None] = Field(default_factory=dict)


class BoardRow(Result):
    """One model on a board: its newest finished run under the board's protocol.

    ``failures`` are ours (excluded, they lower the coverage), ``model_failures`` the model's
    (scored as wrong); ``without_model_failures`` is what the figure would be without the latter.
    """

    rank: int
    model: str
    run: str
    model_revision: str | None = None
    finished_at: datetime | None = None
    figure: Figure
    accuracy: Figure | None = None
    similarity: Similarity | None = None
    coverage: float
    n_items: int
    failures: Mapping[str, int] = Field(default_factory=dict)
    model_failures: Mapping[str, int] = Field(default_factory=dict)
    without_model_failures: float | None = None
    latency_p50_s: float | None = None
    latency_p95_s: float | None = None
    samples_per_s: float | None = None
    samples_per_hour: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached: int = 0


class PublishedRow(Result):
    """A figure somebody else published: shown beside ours, never ranked."""

    model: str
    metric: str
    value: float
    source: str
    note: str = ""


class ExcludedRun(Result):
    """A run that does not stand on the board, and why."""

    model: str
    run: str
    coverage: float
    reason: str


class ProtocolChoice(Result):
    """A protocol under which there are finished runs; a board shows one of them."""

    digest: str
    samples: int
    subset: str = "all"
    tasks: tuple[str, ...] = ()
    version: str = ""
    models: int = 0
    shown: bool = False


class Leaderboard(Result):
    """The board of a benchmark under one protocol, best first."""

    benchmark: str
    title: str
    version: str | None = None
    metric: str
    slice: str = ""
    protocol: str | None = None
    coverage_floor: float = 0.0
    rows: tuple[BoardRow, ...] = ()
    excluded: tuple[ExcludedRun, ...] = ()
    published: tuple[PublishedRow, ...] = ()
    protocols: tuple[ProtocolChoice, ...] = ()
    metrics: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# --- the catalogue ---------------------------------------------------------------------


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
