"""What `GET /v1/jobs/{id}/events` sends, beside the stored events."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import Schema
from api.schemas.jobs import Progress, RunSummary
from sightline.status import RunStatus


class ProgressEvent(Schema):
    """`event: progress` (about once a second while it changes) and `event: end` (the last one).

    They carry no id: a stream that is taken up again begins with one.
    """

    job: str = Field(description="The job.", examples=["job_01989d3f2a0fd1c2a7e4f0c3a9b6"])
    status: RunStatus = Field(description="How far it is.", examples=["running"])
    progress: Progress = Field(description="Sums over its runs.")
    runs: list[RunSummary] = Field(description="One for each model.")
