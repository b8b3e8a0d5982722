"""Leaderboards."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.conditional import conditional
from api.dependencies import BenchmarkName, Db, Project, Word
from api.routes.documented import problems
from api.schemas.boards import LeaderboardOut
from sightline.digests import digest_bytes
from sightline.leaderboards import leaderboard

router = APIRouter(prefix="/v1/leaderboards", tags=["leaderboards"])


@router.get(
    "/{name}",
    response_model=LeaderboardOut,
    responses={304: {"description": "The caller has it already."}, **problems(404)},
)
def get_leaderboard(
    *,
    name: BenchmarkName,
    request: Request,
    database: Db,
    project: Project,
    metric: Annotated[Word, Query(description="Rank by it; else the benchmark's own.")] = None,
    task: Annotated[Word, Query(description="Only this task.")] = None,
    category: Annotated[Word, Query(description="Only this category.")] = None,
    protocol: Annotated[Word, Query(description="Digest, or its unique beginning.")] = None,
) -> Response:
    """The latest finished run of each model under one protocol, best first."""
    with database.reading() as session:
        board = leaderboard(
            session,
            project,
            name,
            metric=metric,
            task=task,
            category=category,
            protocol=protocol,
        )
    body = LeaderboardOut.model_validate(asdict(board)).model_dump_json().encode()
    headers = {"Cache-Control": "private, no-cache"}
    response = Response(body, media_type="application/json", headers=headers)
    return conditional(request, digest_bytes(body)[:32], response)
