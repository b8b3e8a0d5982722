"""Runs: their figures, and their samples one by one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from api.dependencies import Cursor, Db, Limit, Project, RunId, Word
from api.pagination import decode_cursor, encode_cursor
from api.presenting import run_out, sample_out
from api.routes.documented import problems
from api.schemas.common import Page
from api.schemas.runs import RunOut
from api.schemas.samples import RunSampleOut
from sightline.errors import InvalidInput, Malformed
from sightline.status import FailureKind
from sightline.store import listing, runs
from sightline.store.listing import Position, SampleFilter, SortBy

router = APIRouter(prefix="/v1/runs", tags=["runs"])

# The order, which way round, and where the page ended: a cursor of another order is refused.
POSITION: TypeAdapter[tuple[str, Position]] = TypeAdapter(tuple[str, Position])
Metric = Annotated[
    Word, Query(description="Which metric `min_score`, `max_score` and `sort=score` mean.")
]
Score = Annotated[float | None, Query(allow_inf_nan=False, description="Of `metric`.")]


class Sort(StrEnum):
    """The order of a run's samples; a minus turns it round."""

    ORDINAL = "ordinal"
    ORDINAL_DOWN = "-ordinal"
    SCORE = "score"
    SCORE_DOWN = "-score"
    LATENCY = "latency"
    LATENCY_DOWN = "-latency"
    OUTPUT_TOKENS = "output_tokens"
    OUTPUT_TOKENS_DOWN = "-output_tokens"

    @property
    def by(self) -> SortBy:
        by: dict[str, SortBy] = {
            "ordinal": "ordinal",
            "score": "score",
            "latency": "latency",
            "output_tokens": "output_tokens",
        }
        return by[self.removeprefix("-")]


@router.get("/{run_id}", responses=problems(404))
def get_run(run_id: RunId, database: Db, project: Project) -> RunOut:
    """A run: its state, its protocol, and its figures once it has ended."""
    with database.reading() as session:
        return run_out(session, runs.get_run(session, project, run_id))


@router.get("/{run_id}/samples", responses=problems(404))
def list_samples(
    *,
    run_id: RunId,
    database: Db,
    project: Project,
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: Annotated[Sort, Query(description="What has no value comes last.")] = Sort.ORDINAL,
    task: Annotated[Word, Query(description="Only of this task.")] = None,
    category: Annotated[Word, Query(description="Only of this category.")] = None,
    failure: Annotated[
        FailureKind | Literal["any", "none"] | None,
        Query(description="Only with this kind of failure, with any, or with none."),
    ] = None,
    metric: Metric = None,
    min_score: Score = None,
    max_score: Score = None,
    q: Annotated[Word, Query(description="Found in the answer or in the sample's key.")] = None,
) -> Page[RunSampleOut]:
    """Samples that have ended, with prompts, answers, references, scores and failures."""
    by_score = sort.by == "score" or min_score is not None or max_score is not None
    if by_score and metric is None:
        raise InvalidInput("metric", "is needed to filter or sort by score", "metric=exact_match")
    after = _position(cursor, sort)
    wanted = SampleFilter(
        task=task,
        category=category,
        failure=failure,
        metric=metric,
        min_score=min_score,
        max_score=max_score,
        text=q,
    )
    with database.reading() as session:
        page = listing.list_samples(
            session,
            runs.get_run(session, project, run_id),
            wanted,
            sort=sort.by,
            descending=sort.startswith("-"),
            limit=limit,
            after=after,
        )
        items = [sample_out(item) for item in page.items]
    position = page.next_position
    return Page(items=items, next_cursor=encode_cursor([sort, position]) if position else None)


def _position(cursor: str | None, sort: Sort) -> Position | None:
    if cursor is None:
        return None
    order, position = decode_cursor(cursor, POSITION)
    if order != sort:
        raise Malformed("cursor", "belongs to another order", f"sort={order}")
    return position
