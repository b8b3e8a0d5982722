"""The same questions in two jobs, over two worker processes: each is inferred once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
from running_house import House
from tritonclient.grpc import InferenceServerClient

from sightline.stack.embedded import EmbeddedStack

MODEL = "pixtral_mini"
WINDOW = 16


def inferences(stack: EmbeddedStack) -> int:
    """Triton's own count of the model's inferences."""
    with InferenceServerClient(stack.triton_url) as client:
        statistics = client.get_inference_statistics(MODEL, as_json=True)
    return int(statistics["model_stats"][0].get("inference_count", 0))


@contextmanager
def second_worker(stack: EmbeddedStack) -> Iterator[subprocess.Popen[bytes]]:
    """Another worker process on the model's queue, as on another machine."""
    argv = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--pool", "prefork"]
    argv += ["-Q", f"generate.{MODEL}", "-n", "second@%h", "--concurrency", "1"]
    log = (stack.data_dir / "logs" / "second.log").open("wb")
    environment = os.environ | dict(stack.environment)
    process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: b"ready." in (stack.data_dir / "logs" / "second.log").read_bytes())
        yield process
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
        log.close()


def wait_for(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize("dies", [False, True])
def test_two_jobs_two_workers_one_inference_for_each_question(house: House, dies: bool) -> None:
    """A seed of its own draws questions that no earlier test has asked."""
    options = {"models": [MODEL], "limit": 120, "seed": 71 + dies, "tasks": []}
    options["sampling"] = {"max_tokens": 40 + dies}
    with second_worker(house.stack):
        before = inferences(house.stack)
        first = house.submit(read_cache=True, **options)
        second = house.submit(read_cache=True, **options)
        if dies:
            house.wait_until(first, 0.2)
            house.stack.kill(f"worker.generate.{MODEL}", signal.SIGKILL, tree=True)
        ended = house.wait(first), house.wait(second)
        made = inferences(house.stack) - before
    assert house.texts(ended[0]) == house.texts(ended[1])
    house.assert_same_board(*ended)
    assert [house.answers(job) for job in ended] == [120, 120]
    if dies:
        # What had reached Triton when the worker died has to be asked again: what was in flight,
        # and the answers of the last moment, which were not in SQL yet.
        assert 120 <= made <= 120 + 2 * WINDOW
    else:
        assert made == 120
    house.stack.wait_ready()
