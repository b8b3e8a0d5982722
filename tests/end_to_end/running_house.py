"""A running stack as tests see it: its client, its database, and what they wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from sightline.client import Client, Job
from sightline.stack.embedded import EmbeddedStack
from sightline.store.database import Database
from sightline.store.tables import Answer

MINIS = ("pixtral_mini", "qwen2_vl_mini")
SAMPLES = 150


@dataclass(frozen=True)
class House:
    """A running stack, its client and its database."""

    stack: EmbeddedStack
    client: Client
    database: Database

    def submit(self, *, read_cache: bool = False, **options: object) -> Job:
        """Both minis on the same questions; without the cache, so that each job infers anew."""
        options.setdefault("limit", SAMPLES)
        options.setdefault("models", MINIS)
        return self.client.submit("scenes", read_cache=read_cache, **options)

    def wait(self, job: Job, timeout_s: float = 240.0) -> Job:
        ended = self.client.wait(job.id, timeout_s=timeout_s)
        assert ended.status == "finished", [run.error for run in ended.runs]
        return ended

    def wait_until(self, job: Job, share: float) -> float:
        """Wait until that share of the answers is recorded; returns the share that is."""
        return self.poll(lambda: self.recorded(job), lambda now: now >= share)

    def recorded(self, job: Job, model: str | None = None) -> float:
        """The share of a job's answers, or of one of its models', that is recorded."""
        now = self.client.job(job.id)
        [of] = [run.progress for run in now.runs if run.model == model] or [now.progress]
        return of.settled / of.items

    def poll(self, look: Callable[[], float], enough: Callable[[float], bool]) -> float:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if enough(now := look()):
                return now
            time.sleep(0.05)
        raise AssertionError("waited for two minutes")

    def board(self, job: Job) -> dict[tuple[str, str, str, str], object]:
        """All figures of a job's runs by model, slice, metric and name; without times and ids."""
        figures: dict[tuple[str, str, str, str], object] = {}
        for run in job.runs:
            found = self.client.run(run.id)
            assert found.totals is not None
            for one in found.aggregates:
                for name in ("n", "mean", "low", "high"):
                    figures[run.model, one.slice, one.metric, name] = getattr(one, name)
            for name in ("items", "scored", "coverage", "failures", "model_failures"):
                figures[run.model, "", "", name] = found.totals[name]
        return figures

    def assert_same_board(self, job: Job, other: Job) -> None:
        """Means are equal to a millionth: an embedding's last bits depend on its batch."""
        found, expected = self.board(job), self.board(other)
        assert found.keys() == expected.keys()
        for key, value in found.items():
            same = pytest.approx(expected[key], rel=1e-6) if value is not None else None
            assert value == same, key

    def answers(self, job: Job) -> int:
        with self.database.reading() as session:
            runs = [run.id for run in job.runs]
            statement = select(func.count()).select_from(Answer).where(Answer.run_id.in_(runs))
            return session.scalar(statement) or 0

    def texts(self, job: Job) -> dict[tuple[str, int], str | None]:
        """Every answer by model and sample."""
        models = {run.id: run.model for run in job.runs}
        with self.database.reading() as session:
            rows = session.execute(
                select(Answer.run_id, Answer.ordinal, Answer.text).where(Answer.run_id.in_(models))
            )
            return {(models[run_id], ordinal): text for run_id, ordinal, text in rows}
