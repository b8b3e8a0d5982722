"""Answers and attempts: what models said, recorded once, and every request that was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, delete, exists, select
from sqlalchemy.orm import Session

from sightline.status import FailureKind
from sightline.store import shards
from sightline.store.database import insert_new
from sightline.store.ids import new_id, utc_now
from sightline.store.shards import Claim
from sightline.store.tables import Answer, Attempt, ParsedAnswer, SampleRow, Score
from sightline.values import Generated, Sample, prompt_from_json


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one sample of a shard ended: an answer, or a failure of ours."""

    ordinal: int
    generated: Generated | None = None
    cached: bool = False
    failure: FailureKind | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.generated is None) == (self.failure is None):
            raise ValueError("an outcome is either an answer or a failure")


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """One request for one sample: ``outcome`` is "answered" or a FailureKind."""

    ordinal: int
    number: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    detail: str = ""
    id: str = field(default_factory=lambda: new_id("att"))


def record(
    session: Session,
    claim: Claim,
    outcomes: Sequence[Outcome],
    attempts: Sequence[AttemptMade],
    *,
    lease_s: float,
) -> None:
    """Write outcomes of a held shard into the book; raises LeaseLost and writes nothing."""
    now = utc_now()
    added = {
        ours: insert_new(
            session,
            Answer,
            [_answer_row(claim, one, now) for one in outcomes if (one.failure is not None) == ours],
        )
        for ours in (False, True)
    }
    if attempts:
        insert_new(session, Attempt, [_attempt_row(claim, attempt) for attempt in attempts])
    # Counted by what was really new: a commit whose reply was lost may come a second time.
    # A lost lease is noticed here and takes back everything above.
    shards.progress(session, claim, answered=added[False], failed=added[True], lease_s=lease_s)


def _answer_row(claim: Claim, outcome: Outcome, now: datetime) -> dict[str, object]:
    said = outcome.generated
    return {
        "run_id": claim.run_id,
        "ordinal": outcome.ordinal,
        "repeat": claim.repeat,
        "project_id": claim.project_id,
        "text": said.text if said else None,
        "failure": outcome.failure,
        "failure_detail": outcome.detail or None,
        "finish_reason": said.finish_reason if said else None,
        "input_tokens": said.input_tokens if said else None,
        "output_tokens": said.output_tokens if said else None,
        # An answer from the cache counts in no latency figure.
        "latency_s": said.latency_s if said and not outcome.cached else None,
        "cached": outcome.cached,
        "recorded_at": now,
    }


def _attempt_row(claim: Claim, attempt: AttemptMade) -> dict[str, object]:
    return {
        "run_id": claim.run_id,
        "id": attempt.id,
        "project_id": claim.project_id,
        "ordinal": attempt.ordinal,
        "repeat": claim.repeat,
        "number": attempt.number,
        "fence": claim.fence,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome,
        "detail": attempt.detail[:2000],
    }


@dataclass(frozen=True, slots=True)
class Item:
    """A sample of a shard with its place in the run."""

    ordinal: int
    sample: Sample
    prompt_digest: str


def sample_of(row: SampleRow) -> Sample:
    return Sample(
        key=row.key,
        task=row.task,
        prompt=prompt_from_json(row.prompt),
        references=tuple(row.references),
        category=row.category,
        cluster=row.cluster,
        choices=row.choices,
    )


def unanswered(session: Session, claim: Claim, benchmark_version_id: int) -> list[Item]:
    """The samples of a held shard that are not in the book yet, in the shard's order."""
    answered = set(
        session.scalars(
            select(Answer.ordinal).where(
                Answer.run_id == claim.run_id,
                Answer.repeat == claim.repeat,
                Answer.ordinal.in_(claim.ordinals),
            )
        )
    )
    wanted = [ordinal for ordinal in claim.ordinals if ordinal not in answered]
    rows = session.scalars(
        select(SampleRow).where(
            SampleRow.benchmark_version_id == benchmark_version_id, SampleRow.ordinal.in_(wanted)
        )
    )
    found = {row.ordinal: Item(row.ordinal, sample_of(row), row.prompt_digest) for row in rows}
    return [found[ordinal] for ordinal in wanted]


def forget_failures(session: Session, run_id: str) -> None:
    """Take our own failures out of the book so that they can be tried again; attempts stay.

    What scoring noted of them (no value, and why) goes as well: it would stand in the way of the
    score to come.
    """
    failed = and_(Answer.run_id == run_id, Answer.failure.is_not(None))
    for table in (Score, ParsedAnswer):
        of_failed = exists(
            select(Answer.ordinal).where(
                failed, Answer.ordinal == table.ordinal, Answer.repeat == table.repeat
            )
        )
        session.execute(
            delete(table).where(table.run_id == run_id, of_failed),
            execution_options={"synchronize_session": False},
        )
    session.execute(delete(Answer).where(failed))
