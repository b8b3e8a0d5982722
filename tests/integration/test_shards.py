"""Claims, leases and fences, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from books import World, world
from sqlalchemy import func, select

from sightline.embedding import Embedder
from sightline.errors import Conflict, LeaseLost
from sightline.evaluation import scoring
from sightline.settings import Settings
from sightline.status import FailureKind, RunStatus, ShardState, Stage
from sightline.store import answers, runs, shards
from sightline.store.answers import Outcome
from sightline.store.database import Database
from sightline.store.shards import Claim
from sightline.store.tables import Answer, Run, Score, Shard
from sightline.values import Generated


def claim(database: Database, holder: str = "one", lease_s: float = 20.0) -> Claim | None:
    with database.transaction() as session:
        return shards.claim(session, Stage.GENERATE, queue="talker", holder=holder, lease_s=lease_s)


def must_claim(database: Database, holder: str = "one", lease_s: float = 20.0) -> Claim:
    held = claim(database, holder, lease_s)
    assert held is not None
    return held


def record(database: Database, held: Claim, *ordinals: int) -> None:
    outcomes = [Outcome(i, generated=Generated(str(i), "stop")) for i in ordinals]
    with database.transaction() as session:
        answers.record(session, held, outcomes, [], lease_s=20.0)


def finish_stage(database: Database, held: Claim) -> None:
    with database.transaction() as session:
        shards.finish_stage(session, held)


def expire(database: Database) -> int:
    with database.transaction() as session:
        return shards.expire_leases(session)


def count_answers(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Answer)) or 0


@pytest.fixture
def a_world(database: Database) -> World:
    return world(database)


def test_a_claim_is_exclusive(a_world: World) -> None:
    a_world.job(8)
    first, second = must_claim(a_world.database), must_claim(a_world.database)
    assert {first.number, second.number} == {0, 1}
    assert claim(a_world.database) is None


def test_many_claim_at_once_and_none_gets_the_same(a_world: World) -> None:
    a_world.job(12, shard_size=1)
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda i: claim(a_world.database, f"w{i}"), range(16)))
    numbers = [one.number for one in held if one is not None]
    assert sorted(numbers) == list(range(12))


def test_a_late_worker_is_refused_after_its_lease_expired(a_world: World) -> None:
    a_world.job(4)
    late = must_claim(a_world.database, lease_s=0.05)
    time.sleep(0.1)
    assert expire(a_world.database) == 1
    with pytest.raises(LeaseLost):
        record(a_world.database, late, 0)
    assert count_answers(a_world.database) == 0
    now = must_claim(a_world.database, "two")
    assert now.fence > late.fence
    record(a_world.database, now, 0, 1)
    with pytest.raises(LeaseLost):
        record(a_world.database, late, 2)
    assert count_answers(a_world.database) == 2


def test_a_repeated_record_counts_once(a_world: World) -> None:
    """A connection cut at COMMIT: the same outcomes come a second time."""
    run = a_world.job(4)
    held = must_claim(a_world.database)
    record(a_world.database, held, 0, 1)
    record(a_world.database, held, 0, 1, 2)
    with a_world.database.reading() as session:
        assert runs.progress_of(session, [run.id])[run.id].answered == 3


def test_only_unanswered_samples_are_left_for_the_next_holder(a_world: World) -> None:
    a_world.job(4)
    record(a_world.database, must_claim(a_world.database, lease_s=0.01), 1, 3)
    with a_world.database.transaction() as session:
        session.query(Shard).update({"lease_until": 0.0})
    expire(a_world.database)
    held = must_claim(a_world.database, "two")
    with a_world.database.reading() as session:
        left = answers.unanswered(session, held, a_world.version_id)
    assert [item.ordinal for item in left] == [0, 2]


def test_a_small_job_does_not_wait_for_a_large_one(a_world: World) -> None:
    large = a_world.job(12, shard_size=1)
    must_claim(a_world.database)
    small = a_world.job(2, shard_size=1)
    claimed = [must_claim(a_world.database).run_id for _ in range(4)]
    assert claimed.count(small.id) == 2
    assert claimed.count(large.id) == 2


def test_priority_goes_first(a_world: World) -> None:
    a_world.job(2, shard_size=1)
    urgent = a_world.job(2, shard_size=1, priority=5)
    assert [must_claim(a_world.database).run_id for _ in range(2)] == [urgent.id] * 2


def test_cancel_refuses_the_holder_and_keeps_what_was_recorded(a_world: World) -> None:
    run = a_world.job(8)
    held = must_claim(a_world.database)
    record(a_world.database, held, 0)
    with a_world.database.transaction() as session:
        assert runs.cancel(session, runs.lock_run(session, run.id))
    with pytest.raises(LeaseLost):
        record(a_world.database, held, 1)
    assert claim(a_world.database) is None
    assert count_answers(a_world.database) == 1


def test_retry_asks_only_what_failed(a_world: World) -> None:
    run = a_world.job(4)
    held = must_claim(a_world.database)
    outcomes = [
        Outcome(0, generated=Generated("0", "stop")),
        *(Outcome(i, failure=FailureKind.TIMEOUT, detail="late") for i in (1, 2, 3)),
    ]
    with a_world.database.transaction() as session:
        answers.record(session, held, outcomes, [], lease_s=20.0)
        shards.finish_stage(session, held)
    with (
        a_world.database.transaction() as session,
        pytest.raises(Conflict, match="when it has ended"),
    ):
        runs.retry_failed(session, runs.lock_run(session, run.id))
    with a_world.database.transaction() as session:
        locked = runs.lock_run(session, run.id)
        session.query(Shard).update({"state": ShardState.DONE})
        runs.move(session, locked, RunStatus.FINISHED)
        assert runs.retry_failed(session, locked) == 3
    again = must_claim(a_world.database)
    with a_world.database.reading() as session:
        left = answers.unanswered(session, again, a_world.version_id)
        progress = runs.progress_of(session, [run.id])[run.id]
    assert [item.ordinal for item in left] == [1, 2, 3]
    assert (progress.answered, progress.failed) == (1, 0)


def test_a_retried_sample_gets_its_score(a_world: World) -> None:
    """The first time round scoring notes that there is no value; that must not be the last word."""
    a_world.job(4)
    held = must_claim(a_world.database)
    late = [Outcome(i, failure=FailureKind.TIMEOUT) for i in range(4)]
    with a_world.database.transaction() as session:
        answers.record(session, held, late, [], lease_s=20.0)
        shards.finish_stage(session, held)
    score(a_world.database)
    with a_world.database.transaction() as session:
        run = runs.lock_run(session, held.run_id)
        assert run.totals is not None
        assert run.totals["failures"] == {"timeout": 4}
        runs.retry_failed(session, run)
    again = must_claim(a_world.database)
    record(a_world.database, again, 0, 1, 2, 3)
    finish_stage(a_world.database, again)
    score(a_world.database)
    with a_world.database.reading() as session:
        values = session.scalars(select(Score.value).where(Score.run_id == held.run_id)).all()
        ended = session.get(Run, held.run_id)
        assert ended is not None
        assert ended.totals is not None
        assert (list(values), ended.totals["coverage"]) == ([1.0] * 4, 1.0)


def score(database: Database) -> None:
    scoring.work(scoring.ScoringHouse(database, Embedder(), Settings()))


def test_a_shard_given_back_waits_and_is_not_charged(a_world: World) -> None:
    a_world.job(4)
    held = must_claim(a_world.database)
    with a_world.database.transaction() as session:
        shards.give_back(session, held, delay_s=0.3)
    assert claim(a_world.database) is None
    time.sleep(0.35)
    again = must_claim(a_world.database)
    assert again.attempts == held.attempts


def test_a_shard_that_kills_its_workers_is_worked_off_carefully(a_world: World) -> None:
    a_world.job(4)
    for _ in range(2):
        assert not must_claim(a_world.database, lease_s=0.01).careful
        time.sleep(0.03)
        expire(a_world.database)
    held = must_claim(a_world.database, lease_s=0.01)
    assert held.careful
    with a_world.database.transaction() as session:
        shards.name_suspect(session, held, 2, lease_s=0.01)
    time.sleep(0.03)
    expire(a_world.database)
    assert must_claim(a_world.database).suspect == 2


def test_stages_follow_each_other(a_world: World) -> None:
    run = a_world.job(4)
    held = must_claim(a_world.database)
    record(a_world.database, held, 0, 1, 2, 3)
    finish_stage(a_world.database, held)
    with a_world.database.reading() as session:
        assert shards.scoring_waits(session)
        assert shards.queues_with_work(session) == []
    with a_world.database.transaction() as session:
        scoring = shards.claim(session, Stage.SCORE, queue=None, holder="s", lease_s=5)
    assert scoring is not None
    finish_stage(a_world.database, scoring)
    with a_world.database.reading() as session:
        assert list(runs.runs_to_finish(session)) == [run.id]


def test_a_shard_with_an_open_sample_does_not_pass(a_world: World) -> None:
    a_world.job(4)
    held = must_claim(a_world.database)
    record(a_world.database, held, 0, 1, 3)
    finish_stage(a_world.database, held)
    again = must_claim(a_world.database, "two")
    with a_world.database.reading() as session:
        left = answers.unanswered(session, again, a_world.version_id)
    assert [item.ordinal for item in left] == [2]


def test_the_sweep_sees_queues_with_work(a_world: World) -> None:
    a_world.job(4)
    with a_world.database.reading() as session:
        assert list(shards.queues_with_work(session)) == ["talker"]
    must_claim(a_world.database)
    with a_world.database.reading() as session:
        assert list(shards.queues_with_work(session)) == []


def test_canary_without_the_fence_a_late_write_would_pass(a_world: World) -> None:
    """What the fence is for: the same write with the present fence is accepted."""
    a_world.job(4)
    late = must_claim(a_world.database, lease_s=0.01)
    time.sleep(0.03)
    expire(a_world.database)
    now = must_claim(a_world.database, "two")
    forged = Claim(**{**{f: getattr(late, f) for f in Claim.__slots__}, "fence": now.fence})
    record(a_world.database, forged, 0)
    assert count_answers(a_world.database) == 1


def test_status_of_a_run_follows_its_first_claim(a_world: World) -> None:
    run = a_world.job(4)
    must_claim(a_world.database)
    with a_world.database.reading() as session:
        row = session.get(Run, run.id)
        assert row is not None
        assert row.status == RunStatus.RUNNING
        assert row.started_at is not None
