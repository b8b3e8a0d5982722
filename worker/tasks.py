"""The tasks. Each only calls the domain; what is to be done stands in SQL, not in the message."""

from __future__ import annotations

from sightline import queue, sweeping
from sightline.evaluation import generating, scoring
from worker import resources
from worker.app import app


@app.task(name=queue.GENERATE)
def generate(name: str) -> None:
    """Answer what waits on a model's queue, for a bounded time."""
    resources.loop().run_until_complete(generating.work(name, resources.generating()))


@app.task(name=queue.SCORE)
def score() -> None:
    """Score what is answered and finish runs, for a bounded time."""
    scoring.work(resources.scoring())


@app.task(name=queue.SWEEP)
def sweep() -> None:
    """Find what was left lying."""
    sweeping.sweep(resources.database())
