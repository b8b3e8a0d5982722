"""``sightline submit``: ask for an evaluation, or what one would take."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli import formats
from sightline.cli.common import JsonOption, UrlOption, output, print_json, service
from sightline.cli.layout import Column, table
from sightline.cli.watching import watch_to_the_end

if TYPE_CHECKING:
    from sightline.client import Estimate, Job, JobOptions

Many = list[str] | None
MOMENTS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]


def submit(
    benchmark: Annotated[str, typer.Argument(help="What to ask; see `sightline benchmarks`.")],
    models: Annotated[
        list[str],
        typer.Option("--model", "-m", help="A model to evaluate; repeatable. See `models`."),
    ],
    *,
    tasks: Annotated[Many, typer.Option("--task", "-t", help="Only this task; repeatable.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many samples.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draws the samples for --limit.")] = None,
    repeats: Annotated[int | None, typer.Option(help="How often each sample is asked.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest answer, in tokens.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 is greedy and repeatable.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Nucleus sampling's share.")] = None,
    sampling_seed: Annotated[int | None, typer.Option(help="Seed of the model's dice.")] = None,
    stop: Annotated[Many, typer.Option(help="A text that ends an answer; repeatable.")] = None,
    metrics: Annotated[
        Many, typer.Option("--metric", help="Besides the benchmark's own; repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the job.")] = None,
    tags: Annotated[Many, typer.Option("--tag", help="To find it by; repeatable.")] = None,
    priority: Annotated[int | None, typer.Option(help="Higher is sooner.")] = None,
    deadline: Annotated[
        datetime | None,
        typer.Option(
            help="Cancelled if not done by then; local time unless an offset is given.",
            formats=MOMENTS,
            metavar="MOMENT",
        ),
    ] = None,
    cache: Annotated[
        bool | None,
        typer.Option("--cache/--no-cache", help="Use answers that are known already, or do not."),
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Submitting twice with one key gives one job.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would take; nothing is stored.")
    ] = False,
    follow: Annotated[bool, typer.Option("--watch", "-w", help="Watch it to its end.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Evaluate models on a benchmark: `sightline submit scenes -m pixtral_mini -w`."""
    sampling = {
        "max_tokens": max_tokens,
        "temperature": temperature,
        "top_p": top_p,
        "seed": sampling_seed,
        "stop": stop or None,
    }
    said = {
        "tasks": tasks or None,
        "limit": limit,
        "seed": seed,
        "repeats": repeats,
        "sampling": {key: value for key, value in sampling.items() if value is not None} or None,
        "metrics": metrics or None,
        "name": name,
        "tags": tags or None,
        "priority": priority,
        "deadline": deadline.astimezone() if deadline else None,
        "read_cache": cache,
    }
    options: JobOptions = {  # type: ignore[assignment]
        key: value for key, value in said.items() if value is not None
    }
    with service(url) as client:
        if dry_run:
            _show_estimate(client.estimate(benchmark, models, **options), as_json)
            return
        job = client.submit(benchmark, models, idempotency_key=idempotency_key, **options)
        if follow:
            watch_to_the_end(client, job.id, as_json)
        elif as_json:
            print_json(job)
        else:
            _say_accepted(job)


def _say_accepted(job: Job) -> None:
    console = output()
    console.print(f"{job.id}  {job.name}: {formats.count(job.progress.items)} items", markup=False)
    console.print(f"Watch it with: sightline watch {job.id}", style="dim", markup=False)


def _show_estimate(estimate: Estimate, as_json: bool) -> None:
    if as_json:
        print_json(estimate)
        return
    console = output()
    each = [*estimate.per_model]
    requests = [formats.count(model.requests) for model in each]
    known = [formats.count(model.cache_hits) for model in each]
    times = [formats.duration(model.seconds) for model in each]
    columns = [
        Column("model", [*(model.model for model in each), "all"], "left"),
        Column("requests", [*requests, formats.count(estimate.requests)]),
        Column("known already", [*known, formats.count(estimate.cache_hits)]),
        Column("about", [*times, formats.duration(estimate.seconds)]),
    ]
    console.print(f"{formats.count(estimate.samples)} samples. Nothing was stored.\n")
    console.print(table(columns, console.width))
    if estimate.seconds is None:
        console.print("\nNo time is given for a model that has not run yet.", style="dim")
