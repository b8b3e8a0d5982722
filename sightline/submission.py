"""From a request to a job: everything is checked before anything is stored."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sightline import queue
from sightline.benchmarks.base import Task
from sightline.benchmarks.card import tasks_of
from sightline.digests import digest_bytes, digest_json
from sightline.errors import InvalidInput
from sightline.inference.models import ModelSpec
from sightline.inference.prompts import TEMPLATE_VERSION
from sightline.inference.tokens import check_fits
from sightline.metrics import METRICS
from sightline.settings import get_settings
from sightline.store import boards, catalogue, inferences, jobs
from sightline.store.database import Database
from sightline.store.jobs import NewJob, NewRun, NewShard
from sightline.store.tables import BenchmarkVersion, Job, Model, SampleRow
from sightline.values import Sampling, prompt_from_json


@dataclass(frozen=True, slots=True)
class SamplingOverrides:
    """What a job says about sampling; None leaves the benchmark's own value."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None

    def over(self, sampling: Sampling) -> Sampling:
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(sampling, **given)


@dataclass(frozen=True, slots=True)
class JobRequest:
    """An evaluation as it was asked for.

    tasks    empty: all of the benchmark's
    limit    at most so many samples, drawn by ``seed``: the same for every model
    metrics  computed besides the benchmark's own
    """

    benchmark: str
    models: tuple[str, ...]
    tasks: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    repeats: int = 1
    sampling: SamplingOverrides = SamplingOverrides()
    metrics: tuple[str, ...] = ()
    name: str = ""
    tags: tuple[str, ...] = ()
    priority: int = 0
    deadline_at: datetime | None = None
    read_cache: bool | None = None


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """What one model of a job would cost; ``seconds`` is None where it never ran before."""

    model: str
    requests: int
    cache_hits: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would do, without doing it."""

    samples: int
    requests: int
    cache_hits: int
    seconds: float | None
    per_model: tuple[ModelEstimate, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    version: BenchmarkVersion
    tasks: Mapping[str, Task]
    models: Sequence[Model]
    ordinals: Sequence[int]


def submit(
    database: Database,
    project_id: str,
    request: JobRequest,
    *,
    idempotency_key: str | None,
    body_digest: str,
) -> tuple[Job, bool]:
    """Check, store in one transaction, and wake the models' queues after the commit.

    Returns the job and whether it is new (False: the Idempotency-Key was seen before).
    Raises InvalidInput, NotFound, PromptTooLong, IdempotencyMismatch, Unavailable.
    """
    if idempotency_key is not None:
        with database.reading() as session:
            known = jobs.find_by_key(session, project_id, idempotency_key, body_digest)
        if known is not None:
            return known, False
    with database.reading() as session:
        plan = _plan(session, project_id, request)
    new = _new_job(plan, request, idempotency_key, body_digest)
    with database.transaction() as session:
        job, created = jobs.create_job(session, project_id, new)
    if created:
        queue.wake_models(model.queue for model in plan.models)
    return job, created


def estimate(database: Database, project_id: str, request: JobRequest) -> Estimate:
    """What the job would do: samples, requests, cache hits, time by each model's last run."""
    with database.reading() as session:
        plan = _plan(session, project_id, request)
        per_model = tuple(_estimate_model(session, plan, model, request) for model in plan.models)
    known = [one.seconds for one in per_model if one.seconds is not None]
    return Estimate(
        samples=len(plan.ordinals),
        requests=sum(one.requests for one in per_model),
        cache_hits=sum(one.cache_hits for one in per_model),
        # Models run side by side, so the slowest one is the job's time.
        seconds=max(known) if len(known) == len(per_model) else None,
        per_model=per_model,
    )


def _plan(session: Session, project_id: str, request: JobRequest) -> _Plan:
    version = catalogue.get_benchmark(session, project_id, request.benchmark)
    tasks = tasks_of(version.card)
    _check_request(request, tasks)
    models = [catalogue.get_model(session, project_id, name) for name in request.models]
    _check_sources(version, models)
    session.expunge_all()
    rows = catalogue.iterate_samples(session, version.id, request.tasks)
    ordinals = _choose(_checked(rows, models, tasks, request), request)
    if not ordinals:
        raise InvalidInput("tasks", "no sample of the benchmark is left", "choose other tasks")
    return _Plan(version, tasks, models, ordinals)


def _check_request(request: JobRequest, tasks: Mapping[str, Task]) -> None:
    for field, values in (("models", request.models), ("tasks", request.tasks)):
        if len(set(values)) != len(values):
            raise InvalidInput(field, "names something twice", "name each once")
    if not request.models:
        raise InvalidInput("models", "is empty", "name at least one model")
    for task in request.tasks:
        if task not in tasks:
            raise InvalidInput("tasks", f"has no task {task!r}", f"tasks: {', '.join(tasks)}")
    for metric in request.metrics:
        if metric not in METRICS:
            raise InvalidInput("metrics", f"no metric {metric!r}", f"metrics: {', '.join(METRICS)}")
    if request.repeats > 1 and not request.sampling.temperature:
        raise InvalidInput(
            "repeats",
            "repeats of a greedy answer are the same answer",
            "set sampling.temperature above 0, or repeats to 1",
        )


def _check_sources(version: BenchmarkVersion, models: Sequence[Model]) -> None:
    for model in models:
        if version.card["recorded_only"] and model.source != "recorded":
            raise InvalidInput(
                "models",
                f"{model.name!r} cannot be asked: this copy of {version.name!r} has no images",
                "name models with recorded answers",
            )


def _checked(
    rows: Iterator[SampleRow],
    models: Sequence[Model],
    tasks: Mapping[str, Task],
    request: JobRequest,
) -> Iterator[SampleRow]:
    """Pass samples on, once it is clear that each fits every model's context."""
    served = [ModelSpec.from_json(model.spec) for model in models if model.source != "recorded"]
    sampling = {name: request.sampling.over(task.sampling) for name, task in tasks.items()}
    for row in rows:
        prompt = prompt_from_json(row.prompt)
        for spec in served:
            check_fits(spec, row.key, prompt, sampling[row.task])
        yield row


def _choose(rows: Iterator[SampleRow], request: JobRequest) -> list[int]:
    """The ordinals to run: all, or ``limit`` drawn by the seed, the same for every model."""
    if request.limit is None:
        return [row.ordinal for row in rows]
    drawn = heapq.nsmallest(
        request.limit,
        ((digest_bytes(f"{request.seed}:{row.key}".encode()), row.ordinal) for row in rows),
    )
    return sorted(ordinal for _, ordinal in drawn)


def _protocol(plan: _Plan, request: JobRequest) -> dict[str, Any]:
    """What must be equal for two runs to stand on one board (DESIGN.md, invariant 4)."""
    chosen = {
        name: task
        for name, task in plan.tasks.items()
        if not request.tasks or name in request.tasks
    }
    complete = len(plan.ordinals) == plan.version.n_samples
    return {
        "benchmark": plan.version.name,
        "version": plan.version.digest,
        "samples": len(plan.ordinals),
        "subset": "all" if complete else digest_json(list(plan.ordinals)),
        "tasks": sorted(chosen),
        "template": TEMPLATE_VERSION,
        "sampling": {
            name: request.sampling.over(task.sampling).to_json() for name, task in chosen.items()
        },
        "repeats": request.repeats,
        "parsers": {name: task.parser for name, task in chosen.items()},
    }


def _new_job(
    plan: _Plan, request: JobRequest, idempotency_key: str | None, body_digest: str
) -> NewJob:
    protocol = _protocol(plan, request)
    size = get_settings().shard_size
    slices = [plan.ordinals[i : i + size] for i in range(0, len(plan.ordinals), size)]
    shards = [NewShard(repeat, part) for repeat in range(request.repeats) for part in slices]
    read_cache = get_settings().read_cache if request.read_cache is None else request.read_cache
    runs = [
        NewRun(
            model_id=model.id,
            model=model.name,
            queue=model.queue,
            benchmark=plan.version.name,
            benchmark_version_id=plan.version.id,
            protocol_digest=digest_json(protocol),
            protocol=protocol,
            metrics=request.metrics,
            repeats=request.repeats,
            read_cache=read_cache,
            shards=shards,
        )
        for model in plan.models
    ]
    return NewJob(
        kind="evaluation",
        name=request.name or f"{plan.version.name}: {', '.join(request.models)}",
        tags=request.tags,
        priority=request.priority,
        deadline_at=request.deadline_at,
        request=request_to_json(request),
        request_digest=body_digest,
        idempotency_key=idempotency_key,
        runs=runs,
    )


def request_to_json(request: JobRequest) -> dict[str, Any]:
    data = asdict(request)
    data["deadline_at"] = request.deadline_at.isoformat() if request.deadline_at else None
    return data


def _estimate_model(
    session: Session, plan: _Plan, model: Model, request: JobRequest
) -> ModelEstimate:
    n = len(plan.ordinals) * request.repeats
    if model.source == "recorded":
        return ModelEstimate(model.name, requests=0, cache_hits=0, seconds=0.0)
    hits = 0
    if model.revision is not None and request.read_cache is not False:
        rows = catalogue.samples_at(session, plan.version.id, plan.ordinals).values()
        hits = inferences.count_known(
            session,
            model.project_id,
            [
                inferences.inference_key(
                    revision=model.revision,
                    template=TEMPLATE_VERSION,
                    prompt_digest=row.prompt_digest,
                    sampling=request.sampling.over(plan.tasks[row.task].sampling),
                    repeat=repeat,
                )
                for row in rows
                for repeat in range(request.repeats)
            ],
        )
    rate = boards.last_throughput(session, model.id)
    return ModelEstimate(
        model=model.name,
        requests=n - hits,
        cache_hits=hits,
        seconds=(n - hits) / rate if rate else None,
    )
