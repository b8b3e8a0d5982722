"""What happened to a job, numbered, so that a stream can be taken up where it broke off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sightline.store.ids import utc_now
from sightline.store.tables import Job, JobEvent


def add_event(session: Session, job_id: str, kind: str, data: Mapping[str, Any]) -> None:
    """Append an event to a job's story; its number is the next one of that job."""
    # The lock on the job makes the next number ours.
    project_id = session.scalar(select(Job.project_id).where(Job.id == job_id).with_for_update())
    if project_id is None:
        return  # deleted meanwhile: there is nobody left to tell
    last = session.scalar(select(func.max(JobEvent.id)).where(JobEvent.job_id == job_id))
    session.add(
        JobEvent(
            job_id=job_id,
            id=(last or 0) + 1,
            project_id=project_id,
            kind=kind,
            data=dict(data),
            created_at=utc_now(),
        )
    )
    session.flush()


def events_after(session: Session, job_id: str, last_id: int) -> Sequence[JobEvent]:
    """The events a listener that saw ``last_id`` has missed, in order."""
    return session.scalars(
        select(JobEvent)
        .where(JobEvent.job_id == job_id, JobEvent.id > last_id)
        .order_by(JobEvent.id)
    ).all()
