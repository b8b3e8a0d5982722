"""A job's story as server-sent events: the one asynchronous route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import structlog
from fastapi import APIRouter, Header
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.dependencies import Db, JobId, Project
from api.presenting import job_out
from api.routes.documented import problems
from api.schemas.events import ProgressEvent
from api.schemas.jobs import MAX_INT, JobOut
from sightline.errors import Malformed, NotFound, Unavailable
from sightline.store import events, jobs
from sightline.store.database import Database
from sightline.store.tables import JobEvent

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
log = structlog.get_logger(__name__)

PAUSE_S = 1.0
PING_S = 15

EXAMPLE = """id: 1
event: job.accepted
data: {"at": "2026-11-20T22:14:07+00:00", "runs": 1}

event: end
data: {"job": "job_01989d3f2a0fd1c2a7e4", "status": "finished", "progress": {}, "runs": []}

"""

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="Where to go on: the last id that was received."),
]


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Stored events with their ids, and progress; ends after the job did.",
            "content": {"text/event-stream": {"example": EXAMPLE}},
        },
        **problems(404),
    },
)
async def get_job_events(
    job_id: JobId, database: Db, project: Project, last_event_id: LastEventId = None
) -> EventSourceResponse:
    """What happens to a job, live.

    Stored events (`job.accepted`, `run.finished`, ...) carry ids and can be taken up again with
    `Last-Event-ID`; `progress` comes about once a second while it changes; `end` is the last.
    """
    last_id = _checked(last_event_id)
    # Before the response begins, so that an unknown job is a 404 and not an empty stream.
    await run_in_threadpool(_look, database, project, job_id, last_id)
    return EventSourceResponse(_story(database, project, job_id, last_id), ping=PING_S)


def _checked(last_event_id: str | None) -> int:
    if not last_event_id:
        return 0
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 10:
        raise Malformed("Last-Event-ID", "is not an id of this stream", "leave it out to begin")
    return min(int(last_event_id), MAX_INT)


def _look(
    database: Database, project: str, job_id: str, last_id: int
) -> tuple[JobOut, Sequence[JobEvent]]:
    with database.reading() as session:
        # The state first: whoever sees the end of a job then also sees its last event.
        job = job_out(session, jobs.get_job(session, project, job_id))
        return job, events.events_after(session, job_id, last_id)


async def _story(
    database: Database, project: str, job_id: str, last_id: int
) -> AsyncIterator[ServerSentEvent]:
    told = ""
    while True:
        try:
            job, found = await run_in_threadpool(_look, database, project, job_id, last_id)
        except Unavailable as error:
            log.warning("events wait for the database", job=job_id, error=str(error))
            await asyncio.sleep(PAUSE_S)
            continue
        except NotFound:
            yield ServerSentEvent(json.dumps({"job": job_id}), event="deleted")
            return
        for event in found:
            last_id = event.id
            yield _stored(event)
        progress = _progress(job)
        if progress != told or job.status.ended:
            told = progress
            yield ServerSentEvent(progress, event="end" if job.status.ended else "progress")
        if job.status.ended:
            return
        await asyncio.sleep(PAUSE_S)


def _stored(event: JobEvent) -> ServerSentEvent:
    data = {"at": event.created_at.isoformat(), **event.data}
    return ServerSentEvent(json.dumps(data), event=event.kind, id=str(event.id))


def _progress(job: JobOut) -> str:
    snapshot = ProgressEvent(job=job.id, status=job.status, progress=job.progress, runs=job.runs)
    return snapshot.model_dump_json()
