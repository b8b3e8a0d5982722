"""What is asked of an evaluation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sightline.values import Sampling


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


def request_to_json(request: JobRequest) -> dict[str, Any]:
    data = asdict(request)
    data["deadline_at"] = request.deadline_at.isoformat() if request.deadline_at else None
    return data
