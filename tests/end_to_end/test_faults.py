"""Faults in the middle of a job: same board as undisturbed, no sample doubled or lost.

Each fault strikes when at least 20% of the answers are recorded and at least 30% still to come.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
import redis
from running_house import SAMPLES, House

from sightline.client import Job

STRUCK = "pixtral_mini"


def worker_tree_killed(house: House) -> None:
    house.stack.kill(f"worker.generate.{STRUCK}", signal.SIGKILL, tree=True)


def redis_emptied(house: House) -> None:
    with redis.Redis.from_url(house.stack.redis_url) as client:
        client.flushall()


def redis_killed(house: House) -> None:
    house.stack.kill("redis", signal.SIGKILL)


def triton_stopped_and_started(house: House) -> None:
    house.stack.stop("triton")
    house.stack.start("triton")


def scorer_killed(house: House) -> None:
    house.stack.kill("worker.score", signal.SIGKILL, tree=True)


@pytest.mark.parametrize(
    "strike",
    [
        worker_tree_killed,
        redis_emptied,
        redis_killed,
        triton_stopped_and_started,
        scorer_killed,
    ],
)
def test_a_fault_in_mid_job_changes_nothing(
    house: House,
    undisturbed: Job,
    strike: Callable[[House], None],
    record_property: Callable[[str, object], None],
) -> None:
    job = house.submit()
    house.wait_until(job, 0.2)
    before = house.recorded(job)
    assert before <= 0.7, "too fast to be disturbed: ask more samples"
    strike(house)
    struck = time.monotonic()
    at_strike = house.recorded(job, STRUCK)
    house.poll(lambda: house.recorded(job, STRUCK), lambda now: now > at_strike)
    recovery_s = time.monotonic() - struck
    record_property("recovery_s", round(recovery_s, 1))
    print(f"{strike.__name__}: recorded again after {recovery_s:.1f} s")
    ended = house.wait(job)
    assert house.answers(ended) == 2 * SAMPLES
    assert house.texts(ended) == house.texts(undisturbed)
    house.assert_same_board(ended, undisturbed)
    house.stack.wait_ready()


def test_cancel_takes_effect_within_seconds_and_keeps_what_was_scored(house: House) -> None:
    job = house.submit()
    house.wait_until(job, 0.2)
    house.client.cancel(job.id)
    cancelled = house.client.wait(job.id, timeout_s=30)
    assert cancelled.status == "cancelled"
    time.sleep(3)
    recorded = house.answers(job)
    time.sleep(3)
    assert house.answers(job) == recorded
    assert 0 < recorded < 2 * SAMPLES
    again = house.client.retry(job.id)
    assert again.reopened == 2 * SAMPLES - recorded
    ended = house.wait(job)
    assert house.answers(ended) == 2 * SAMPLES
