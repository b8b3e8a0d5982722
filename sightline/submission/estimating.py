"""What a job would do and cost, without doing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sightline.batches import batches
from sightline.inference.prompts import TEMPLATE_VERSION
from sightline.settings import get_settings
from sightline.store import boards, catalogue, inferences
from sightline.store.database import Database
from sightline.store.tables import Model
from sightline.submission.planning import Plan, make_plan
from sightline.submission.request import JobRequest


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


def estimate(database: Database, project_id: str, request: JobRequest) -> Estimate:
    """What the job would do: samples, requests, cache hits, time by each model's last run."""
    with database.reading() as session:
        plan = make_plan(session, project_id, request)
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


def _estimate_model(
    session: Session, plan: Plan, model: Model, request: JobRequest
) -> ModelEstimate:
    if model.source == "recorded":
        return ModelEstimate(model.name, requests=0, cache_hits=0, seconds=0.0)
    reads = get_settings().read_cache if request.read_cache is None else request.read_cache
    hits = 0
    if reads and model.revision is not None:
        hits = sum(
            inferences.count_known(session, model.project_id, keys)
            for keys in batches(_keys(session, plan, model.revision, request), 500)
        )
    asked = len(plan.ordinals) * request.repeats - hits
    rate = boards.last_throughput(session, model.id)
    return ModelEstimate(model.name, asked, hits, asked / rate if rate else None)


def _keys(session: Session, plan: Plan, revision: str, request: JobRequest) -> Iterator[str]:
    """The cache keys of everything the plan would ask a model of this revision."""
    chosen = set(plan.ordinals)
    for row in catalogue.iterate_samples(session, plan.version.id, request.tasks):
        for repeat in range(request.repeats if row.ordinal in chosen else 0):
            yield inferences.inference_key(
                revision=revision,
                template=TEMPLATE_VERSION,
                prompt_digest=row.prompt_digest,
                sampling=request.sampling.over(plan.tasks[row.task].sampling),
                repeat=repeat,
            )
