"""Watching a job: bars on a terminal, a line now and then elsewhere, always on standard error."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sightline.cli import formats
from sightline.cli.common import EXIT_FAILED, errors, output, print_json
from sightline.cli.jobs_view import job_view

if TYPE_CHECKING:
    from sightline.client import Client, Job, JobProgress, RunSummary

# Without a terminal: a line when a run has come so much further, or after so many seconds.
STEP = 0.1
QUIET_S = 10.0
NARROW = 90


class RateColumn(ProgressColumn):
    """Items per second over the last half minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{formats.rate(speed)}/s" if speed else "", style="dim", justify="right")


class ProgressBars:
    """A bar for each run of a job, with its rate and the time that is left."""

    def __init__(self, console: Console) -> None:
        columns: list[ProgressColumn] = [
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20 if console.width < NARROW else 40),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
        ]
        self._progress = Progress(*columns, console=console, speed_estimate_period=30.0)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, job: JobProgress) -> None:
        for run in job.runs:
            if run.id not in self._tasks:
                name = f"{run.benchmark}  {run.model}"
                self._tasks[run.id] = self._progress.add_task(name, total=None, note="")
            self._progress.update(
                self._tasks[run.id],
                total=run.progress.items,
                completed=run.progress.settled,
                note=note_on(run),
            )


class ProgressLines:
    """A plain line whenever a run has come a step further; for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, tuple[str, float, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def show(self, job: JobProgress) -> None:
        now = time.monotonic()
        for run in job.runs:
            share = run.progress.settled / run.progress.items if run.progress.items else 0.0
            status, before, at = self._shown.get(run.id, ("", -1.0, 0.0))
            later = now - at > QUIET_S and share > before
            if run.status == status and share - before < STEP and not later:
                continue
            self._shown[run.id] = (run.status, share, now)
            counts = f"{run.progress.settled}/{run.progress.items}"
            note = note_on(run) or run.status
            line = f"{run.benchmark}  {run.model}  {counts}  {note}"
            self._console.print(line, markup=False, soft_wrap=True)


def note_on(run: RunSummary) -> str:
    """What a count does not say: waiting, scoring, failures of ours, the end."""
    failed = f"{run.progress.failed} failed" if run.progress.failed else ""
    if run.error:
        state = f"{run.status}: {run.error}"
    elif run.status == "running":
        done = run.progress.settled == run.progress.items
        state = "scoring" if done else ""
    else:
        state = run.status
    return ", ".join(each for each in (state, failed) if each)


def watching(console: Console) -> ProgressBars | ProgressLines:
    """The display that suits where the console writes to."""
    return ProgressBars(console) if console.is_terminal else ProgressLines(console)


def watch_to_the_end(client: Client, job_id: str, as_json: bool) -> None:
    """Show progress on standard error, then the job; exit code 1 unless it finished."""
    job = follow(client, job_id)
    if as_json:
        print_json(job)
    else:
        console = output()
        console.print(*job_view(job, console.width), sep="\n")
    if job.status != "finished":
        raise typer.Exit(EXIT_FAILED)


def follow(client: Client, job_id: str) -> Job:
    """The job once it has ended. Ctrl-C stops watching; the job goes on."""
    console = errors()
    try:
        with watching(console) as display:
            return client.wait(job_id, display.show)
    except KeyboardInterrupt:
        console.print(
            f"Stopped watching; the job goes on. Stop it with: sightline cancel {job_id}",
            markup=False,
        )
        raise typer.Exit(130) from None
