"""Leaderboards: the latest finished run of each model under one protocol, with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from sightline.errors import InvalidInput, NotFound
from sightline.store import boards, catalogue
from sightline.store.tables import Aggregate, BenchmarkVersion, Run

SIMILARITY = "cosine_similarity"
ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean with its n and its 95% interval; the interval is None where n is too small."""

    value: float | None
    n: int
    low: float | None
    high: float | None
    method: str


@dataclass(frozen=True, slots=True)
class Similarity:
    """Derived from per-sample similarities: win rate by threshold, mean of the k highest."""

    win_rate: Mapping[str, float]
    top_k: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One model's place on a board. ``rank`` 1 is best; equal values share a rank.

    ``failures`` (ours, excluded) and ``model_failures`` (scored as wrong) are those of the
    samples that the figure is about; coverage, speed and tokens are the whole run's.
    """

    rank: int
    model: str
    run: str
    model_revision: str | None
    finished_at: str | None
    figure: Figure
    accuracy: Figure | None
    similarity: Similarity | None
    coverage: float
    n_items: int
    failures: Mapping[str, int]
    model_failures: Mapping[str, int]
    without_model_failures: float | None
    latency_p50_s: float | None
    latency_p95_s: float | None
    samples_per_s: float | None
    samples_per_hour: float | None
    input_tokens: int
    output_tokens: int
    cached: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """A run that does not stand on the board, and why."""

    model: str
    run: str
    coverage: float
    reason: str


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """A protocol under which runs exist; only one is shown at a time."""

    digest: str
    samples: int
    subset: str
    tasks: tuple[str, ...]
    version: str
    models: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard; ``published`` are figures of others, never ranked."""

    benchmark: str
    title: str
    version: str | None
    metric: str
    slice: str
    protocol: str | None
    coverage_floor: float
    rows: tuple[Row, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    published: tuple[Mapping[str, Any], ...] = ()
    protocols: tuple[ProtocolChoice, ...] = ()
    metrics: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def leaderboard(
    session: Session,
    project_id: str,
    benchmark: str,
    *,
    metric: str | None = None,
    task: str | None = None,
    category: str | None = None,
    protocol: str | None = None,
) -> Board:
    """The board of a benchmark; without ``protocol`` the one with most samples, then the newest.

    Raises NotFound for a benchmark or protocol that is not there, InvalidInput for a metric or
    slice that no run on the board has.
    """
    current = catalogue.get_benchmark(session, project_id, benchmark)
    found = boards.finished_runs(session, project_id, benchmark)
    slice_name = _slice_name(task, category)
    metric = metric or str(current.card["primary_metric"])
    shown = _choose_protocol(found, protocol)
    entries = [(run, version) for run, version in found if run.protocol_digest == shown]
    version = entries[0][1] if entries else current
    aggregates = boards.aggregates_of(session, [run.id for run, _ in entries], slice_name)
    metrics = sorted({aggregate.metric for aggregate in aggregates})
    if entries:
        _check_metric(metric, metrics, slice_name)
    floor = float(version.card["coverage_floor"])
    rows, excluded = _rows([run for run, _ in entries], aggregates, metric, floor)
    return Board(
        benchmark=benchmark,
        title=version.title,
        version=version.digest,
        metric=metric,
        slice=slice_name,
        protocol=shown,
        coverage_floor=floor,
        rows=tuple(rows),
        excluded=tuple(excluded),
        published=_published(version, metric, slice_name),
        protocols=_protocols(found, shown),
        metrics=tuple(metrics),
    )


def _check_metric(metric: str, metrics: Sequence[str], slice_name: str) -> None:
    if metric not in metrics:
        raise InvalidInput(
            "metric" if metrics else "task",
            f"no run on this board has {metric!r}" + (f" for {slice_name}" if slice_name else ""),
            f"metrics: {', '.join(metrics) or 'none for this slice'}",
        )


def _slice_name(task: str | None, category: str | None) -> str:
    if task is not None and category is not None:
        raise InvalidInput("category", "cannot be combined with task", "name one of them")
    if task is not None:
        return f"task={task}"
    return f"category={category}" if category is not None else ""


def _choose_protocol(
    found: Sequence[tuple[Run, BenchmarkVersion]], wanted: str | None
) -> str | None:
    if wanted is not None:
        matches = {
            run.protocol_digest for run, _ in found if run.protocol_digest.startswith(wanted)
        }
        if len(matches) != 1:
            raise NotFound("protocol", wanted)
        return matches.pop()
    # ``found`` is newest first, and max keeps the first of equals.
    best = max(found, key=lambda pair: pair[0].n_items, default=None)
    return best[0].protocol_digest if best else None


def _rows(
    runs: Sequence[Run], aggregates: Sequence[Aggregate], metric: str, floor: float
) -> tuple[list[Row], list[Excluded]]:
    by_run: dict[str, dict[str, Aggregate]] = {run.id: {} for run in runs}
    for aggregate in aggregates:
        by_run[aggregate.run_id][aggregate.metric] = aggregate
    standing: list[tuple[Run, dict[str, Aggregate]]] = []
    excluded: list[Excluded] = []
    for run in runs:
        coverage = float((run.totals or {})["coverage"])
        reason = None
        if coverage < floor:
            reason = f"coverage {coverage:.1%} is below the benchmark's floor of {floor:.0%}"
        elif metric not in by_run[run.id] or by_run[run.id][metric].mean is None:
            reason = f"has no {metric} here"
        if reason is None:
            standing.append((run, by_run[run.id]))
        else:
            excluded.append(Excluded(run.model, run.id, coverage, reason))
    standing.sort(key=lambda pair: (-_mean(pair[1][metric]), pair[0].model))
    means = [_mean(of[metric]) for _, of in standing]
    rows = [_row(run, of, metric, 1 + means.index(_mean(of[metric]))) for run, of in standing]
    return rows, excluded


def _mean(aggregate: Aggregate) -> float:
    assert aggregate.mean is not None
    return aggregate.mean


def figure_of(aggregate: Aggregate) -> Figure:
    return Figure(aggregate.mean, aggregate.n, aggregate.low, aggregate.high, aggregate.method)


def _row(run: Run, of: Mapping[str, Aggregate], metric: str, rank: int) -> Row:
    totals = run.totals or {}
    rate = totals["samples_per_s"]
    return Row(
        rank=rank,
        model=run.model,
        run=run.id,
        model_revision=run.model_revision,
        finished_at=run.finished_at.isoformat() if run.finished_at else None,
        figure=figure_of(of[metric]),
        accuracy=figure_of(of[ACCURACY]) if ACCURACY in of else None,
        similarity=_similarity(of.get(SIMILARITY)),
        coverage=totals["coverage"],
        n_items=totals["items"],
        failures=of[metric].statistics["excluded"],
        model_failures=of[metric].statistics["failures"],
        without_model_failures=of[metric].statistics.get("mean_without_model_failures"),
        latency_p50_s=totals["latency_p50_s"],
        latency_p95_s=totals["latency_p95_s"],
        samples_per_s=rate,
        samples_per_hour=rate * 3600 if rate else None,
        input_tokens=totals["input_tokens"],
        output_tokens=totals["output_tokens"],
        cached=totals["cached"],
    )


def _similarity(aggregate: Aggregate | None) -> Similarity | None:
    if aggregate is None:
        return None
    return Similarity(aggregate.statistics["win_rate"], aggregate.statistics["top_k"])


def _published(
    version: BenchmarkVersion, metric: str, slice_name: str
) -> tuple[Mapping[str, Any], ...]:
    if slice_name:
        return ()
    return tuple(row for row in version.card["published"] if row["metric"] == metric)


def _protocols(
    found: Sequence[tuple[Run, BenchmarkVersion]], shown: str | None
) -> tuple[ProtocolChoice, ...]:
    by_digest: dict[str, list[Run]] = {}
    for run, _ in found:
        by_digest.setdefault(run.protocol_digest, []).append(run)
    return tuple(
        ProtocolChoice(
            digest=digest,
            samples=runs[0].protocol["samples"],
            subset=runs[0].protocol["subset"],
            tasks=tuple(runs[0].protocol["tasks"]),
            version=runs[0].protocol["version"],
            models=len(runs),
            shown=digest == shown,
        )
        for digest, runs in by_digest.items()
    )
