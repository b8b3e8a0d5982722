"""``sightline leaderboard``."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline.cli import boards
from sightline.cli.common import (
    EXIT_INVALID,
    JsonOption,
    UrlOption,
    fail,
    output,
    print_json,
    service,
)


def leaderboard(
    benchmark: Annotated[str, typer.Argument(help="Which one; see `sightline benchmarks`.")],
    *,
    metric: Annotated[
        str | None, typer.Option(help="What to rank by [default: the benchmark's own].")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", "-t", help="Only this task.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="Digest, or its beginning, of another protocol to compare within."),
    ] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Show which model is better, by how much, and out of how many."""
    if task and category:
        fail(EXIT_INVALID, "--category: give either a task or a category")
    with service(url) as client:
        board = client.leaderboard(
            benchmark, metric=metric, task=task, category=category, protocol=protocol
        )
    if as_json:
        print_json(board)
    else:
        console = output()
        console.print(*boards.leaderboard(board, console.width), sep="\n")
