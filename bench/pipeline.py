"""Samples per second of the whole pipeline against ``perf_analyzer`` on the same model.

    python bench/pipeline.py [--model pixtral_mini] [--concurrency 16] [--jobs 4]

Both ask the same Triton for captions of ``scenes``, one after the other, with the same number of
requests in flight. The pipeline does what it does in production: shards claimed from SQL, images
read, answers and attempts recorded, scores computed beside it (jobs are accepted over HTTP, and
the cache is not read). Also prints the peak memory of the worker, the scorer and the API.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parent))
from perf_analyzer import measure

from sightline.client import Client, Job
from sightline.stack.embedded import EmbeddedStack
from sightline.store.database import Database
from sightline.store.tables import Attempt

MAX_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Requests answered, and seconds from the first request to the end of the last."""

    answered: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


def run_jobs(stack: EmbeddedStack, model: str, jobs: int) -> Pipeline:
    with Client(stack.api_url) as client:
        submitted = [_submit(client, model) for _ in range(jobs)]
        for job in submitted:
            client.wait(job.id)
    runs = [run.id for job in submitted for run in job.runs]
    database = Database(stack.database_url)
    with database.reading() as session:
        count, first, last = session.execute(
            select(func.count(), func.min(Attempt.started_at), func.max(Attempt.ended_at)).where(
                Attempt.run_id.in_(runs)
            )
        ).one()
    database.dispose()
    return Pipeline(count, (last - first).total_seconds())


def _submit(client: Client, model: str) -> Job:
    return client.submit(
        "scenes",
        [model],
        tasks=["caption"],
        sampling={"max_tokens": MAX_TOKENS},
        read_cache=False,
    )


def peak_memory_mb(stack: EmbeddedStack, part: str) -> float:
    """The largest resident size so far over a part's process and its children, MiB each at most."""
    process = psutil.Process(stack.part(part).pid)
    family = [process, *process.children(recursive=True)]
    return max(_high_water_mb(one.pid) for one in family)


def _high_water_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="pixtral_mini")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=4, help="of 100 captions each")
    options = parser.parse_args()
    environment = {"SIGHTLINE_WINDOW": str(options.concurrency)}
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedStack(Path(directory), models=[options.model], env=environment) as stack,
    ):
        run_jobs(stack, options.model, 1)  # everything is loaded and warm
        pipeline = run_jobs(stack, options.model, options.jobs)
        bare = measure(
            stack.triton_url,
            options.model,
            concurrency=options.concurrency,
            requests=pipeline.answered,
            max_tokens=MAX_TOKENS,
        )
        worker = f"worker.generate.{options.model}"
        memory = {part: peak_memory_mb(stack, part) for part in (worker, "worker.score", "api")}
    print(f"{options.model}, {options.concurrency} in flight, {pipeline.answered} captions")
    print(f"perf_analyzer  {bare.per_second:7.1f} requests/s")
    print(f"pipeline       {pipeline.per_second:7.1f} samples/s")
    print(f"ratio          {pipeline.per_second / bare.per_second:7.2f}")
    for part, mb in memory.items():
        print(f"peak memory    {mb:7.0f} MiB  {part} (largest process)")


if __name__ == "__main__":
    main()
