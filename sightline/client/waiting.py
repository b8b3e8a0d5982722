"""Waiting for a job: its event stream where there is one, polling where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from sightline.client.errors import ApiError, ServiceUnreachable, WaitTimeout
from sightline.client.results import Job, JobProgress
from sightline.client.sse import events_of
from sightline.client.transport import pause_s

if TYPE_CHECKING:
    from sightline.client.client import Client

OnProgress = Callable[[JobProgress], None]
POLL_S = 1.0
# The events that say how far the whole job is; the others tell of single steps.
PROGRESS_EVENTS = frozenset({"progress", "end"})


class Waiter:
    """Follows one job to its end; survives a service that is away for ``patience_s`` seconds."""

    def __init__(
        self,
        client: Client,
        job_id: str,
        on_progress: OnProgress | None,
        timeout_s: float | None,
        patience_s: float,
    ) -> None:
        self._client = client
        self._job_id = job_id
        self._on_progress = on_progress
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._patience_s = patience_s
        self._last_id = ""
        self._streams = True
        self._heard_at = time.monotonic()
        self._failures = 0

    def run(self) -> Job:
        """The job once it has ended. Raises WaitTimeout, ServiceUnreachable, ApiError."""
        while True:
            try:
                job = self._client.job(self._job_id)
                self._heard(job)
                if job.ended:
                    return job
                self._check_time()
                if not (self._streams and self._follow()):
                    time.sleep(POLL_S)
            except (ServiceUnreachable, ApiError) as error:
                self._bear(error)

    def _follow(self) -> bool:
        """Listen until the job ends (True), or the stream does (False)."""
        path = f"/v1/jobs/{quote(self._job_id, safe='')}/events"
        resume = {"Last-Event-ID": self._last_id} if self._last_id else {}
        left_s = None if self._deadline is None else max(0.1, self._deadline - time.monotonic())
        with self._client.transport.stream(path, resume, left_s) as response:
            if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                self._streams = False
                return False
            for event in events_of(self._in_time(response.iter_bytes())):
                self._last_id = event.id or self._last_id
                if event.kind in PROGRESS_EVENTS:
                    progress = JobProgress.model_validate_json(event.data)
                    self._heard(progress)
                    if progress.ended:
                        return True
        return False

    def _in_time(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks, until the time is over: also where only keep-alive comments come."""
        for chunk in chunks:
            yield chunk
            self._check_time()

    def _heard(self, progress: JobProgress) -> None:
        self._heard_at, self._failures = time.monotonic(), 0
        if self._on_progress is not None:
            self._on_progress(progress)

    def _bear(self, error: ServiceUnreachable | ApiError) -> None:
        """Pause and go on, unless the error is an answer, or the service is away for too long."""
        if isinstance(error, ApiError) and error.status < 500:
            raise error
        if time.monotonic() - self._heard_at > self._patience_s:
            raise error
        self._check_time()
        time.sleep(pause_s(self._failures))
        self._failures += 1

    def _check_time(self) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise WaitTimeout(f"job {self._job_id} has not ended in the time given; it goes on")
