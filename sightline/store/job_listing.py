"""Jobs, newest first, filtered by tag and by status in SQL, so that a page is a full page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from sightline.status import RunStatus
from sightline.store.tables import Job, Run

# Where a page ended: (created_at, id) of its last job.
Position = tuple[datetime, str]


def list_jobs(
    session: Session,
    project_id: str,
    *,
    limit: int,
    after: Position | None = None,
    tag: str | None = None,
    status: RunStatus | None = None,
) -> tuple[Sequence[Job], Position | None]:
    """A page of jobs and where it ended; None as the position says that it is the last."""
    statement = select(Job).where(Job.project_id == project_id)
    if after is not None:
        moment, job_id = after
        older = or_(Job.created_at < moment, and_(Job.created_at == moment, Job.id < job_id))
        statement = statement.where(older)
    if tag is not None:
        statement = statement.where(_has_tag(session, tag))
    if status is not None:
        statement = statement.where(_has_status(status))
    rows = session.scalars(
        statement.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit + 1)
    ).all()
    page = rows[:limit]
    return page, (page[-1].created_at, page[-1].id) if len(rows) > limit else None


def _has_tag(session: Session, tag: str) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        each = func.jsonb_array_elements_text(Job.tags).table_valued("value")
    else:
        each = func.json_each(Job.tags).table_valued("value")
    return exists(select(each.c.value).where(each.c.value == tag))


def _has_status(status: RunStatus) -> ColumnElement[bool]:
    """What ``status.job_status`` says of the runs, as a condition on the job."""

    def some(*states: RunStatus) -> ColumnElement[bool]:
        return exists().where(Run.job_id == Job.id, Run.status.in_(states))

    ended = (RunStatus.FINISHED, RunStatus.CANCELLED, RunStatus.FAILED)
    open_ = (RunStatus.QUEUED, RunStatus.RUNNING)
    match status:
        case RunStatus.QUEUED:
            return and_(some(status), ~some(RunStatus.RUNNING, *ended))
        case RunStatus.RUNNING:
            return or_(some(status), and_(some(RunStatus.QUEUED), some(*ended)))
        case RunStatus.FAILED:
            return and_(some(status), ~some(*open_))
        case RunStatus.CANCELLED:
            return and_(some(status), ~some(*open_, RunStatus.FAILED))
        case RunStatus.FINISHED:
            return and_(some(status), ~some(*open_, RunStatus.FAILED, RunStatus.CANCELLED))
