"""``sightline leaderboard``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from sightline.client import Client

WHOLE_DIGEST = 64


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
    part = f"task={task}" if task else f"category={category}" if category else None
    with service(url) as client:
        whole = _whole_digest(client, benchmark, protocol) if protocol else None
        board = client.leaderboard(benchmark, metric=metric, slice=part, protocol=whole)
    if as_json:
        print_json(board)
    else:
        console = output()
        console.print(*boards.leaderboard(board, console.width), sep="\n")


def _whole_digest(client: Client, benchmark: str, beginning: str) -> str:
    """The one protocol of this benchmark that begins so."""
    if len(beginning) == WHOLE_DIGEST:
        return beginning
    board = client.leaderboard(benchmark)
    known = [each.digest for each in board.other_protocols]
    found = [each for each in (board.protocol, *known) if each and each.startswith(beginning)]
    if len(found) != 1:
        problem = "no protocol begins" if not found else f"{len(found)} protocols begin"
        fail(EXIT_INVALID, f"--protocol: {problem} with {beginning}")
    return found[0]
