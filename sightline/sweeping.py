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
    """What one sweep did: leases ended, runs cancelled past their deadline."""

    leases_expired: int
    deadlines_passed: int


def sweep(database: Database) -> Swept:
    """One sweep; any number may run at once, on any number of machines."""
    with database.transaction() as session:
        expired = shards.expire_leases(session)
        late = runs.expire_deadlines(session)
    with database.reading() as session:
        waiting = shards.queues_with_work(session)
        scoring = shards.scoring_waits(session) or bool(runs.runs_to_finish(session))
    # A broker that is away is not waited for queue by queue: the next sweep comes soon.
    if queue.wake_models(waiting) and scoring:
        queue.wake_score()
    if expired or late:
        log.info("swept", leases_expired=expired, deadlines_passed=late)
    return Swept(expired, late)
