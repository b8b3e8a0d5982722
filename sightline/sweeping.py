"""The sweep: finds what was left lying, by SQL alone, and wakes whoever can take it up."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from sightline import queue
from sightline.store import runs, shards
from sightline.store.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: leases ended, runs past their deadline, queues woken."""

    leases_expired: int
    deadlines_passed: int
    woken: tuple[str, ...]


def sweep(database: Database) -> Swept:
    """One sweep; any number may run at once, on any number of machines."""
    with database.transaction() as session:
        expired = shards.expire_leases(session)
        late = runs.expire_deadlines(session)
    with database.reading() as session:
        waiting = shards.queues_with_work(session)
        scoring = shards.scoring_waits(session) or bool(runs.runs_to_finish(session))
    woken = [name for name in waiting if queue.wake_generate(name)]
    if scoring and queue.wake_score():
        woken.append(queue.SCORE_QUEUE)
    if expired or late:
        log.info("swept", leases_expired=expired, deadlines_passed=late)
    return Swept(expired, late, tuple(woken))
