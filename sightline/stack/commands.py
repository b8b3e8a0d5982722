"""``sightline up``, ``down`` and ``status``."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sightline.errors import StackError
from sightline.settings import Settings
from sightline.stack.state import PartRecord, PartStatus

if TYPE_CHECKING:
    from sightline.stack.embedded import EmbeddedStack

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where everything is kept (default: SIGHTLINE_DATA_DIR, var)."),
]

console = Console()
errors = Console(stderr=True)


def register(app: typer.Typer) -> None:
    """Add the stack's commands to ``app``."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    *,
    data_dir: DataDir = None,
    models: Annotated[
        str | None,
        typer.Option(help="Models to serve, by commas (default: SIGHTLINE_MODELS, both minis)."),
    ] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Embedded PostgreSQL instead of SQLite.")
    ] = False,
    host: Annotated[
        str | None, typer.Option(help="Address of the API (default: SIGHTLINE_API_HOST).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the API; 0 finds a free one.", min=0, max=65535)
    ] = None,
    parts: Annotated[
        str | None, typer.Option(help="Only these parts, by commas, as status names them.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when it is ready; see status and down.")
    ] = False,
) -> None:
    """Start the embedded stack: Redis, database, Triton, workers, beat and the API."""
    if detach:
        chosen = {"--data-dir": data_dir, "--models": models, "--host": host, "--port": port}
        chosen["--parts"] = parts
        arguments = [f"{name}={value}" for name, value in chosen.items() if value is not None]
        _up_detached(arguments + ["--postgres"] * postgres, _directory(data_dir))
        return
    from sightline.stack.control import run_foreground
    from sightline.stack.embedded import EmbeddedStack

    settings = Settings()
    asked_for = port is not None or "api_port" in settings.model_fields_set
    api_port = settings.api_port if port is None else port
    stack = EmbeddedStack(
        _directory(data_dir),
        models=None if models is None else _names(models),
        postgres=postgres,
        parts=None if parts is None else _names(parts),
        api_host=host or settings.api_host,
        api_port=api_port,
        exact_port=asked_for and api_port != 0,
    )
    progress = _Progress()
    try:
        run_foreground(stack, progress.show, _say_where)
    except StackError as error:
        _fail(error)
    console.print("Sightline has ended.")


def down(data_dir: DataDir = None) -> None:
    """End the stack that runs on the data directory, and whatever a killed one has left."""
    from sightline.stack.control import bring_down

    directory = _directory(data_dir)
    ended = bring_down(directory)
    console.print("Sightline has ended." if ended else f"Nothing runs on {directory}.")


def status(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show every part of the running stack; exit code 1 if one is not healthy, 3 if none runs."""
    from sightline.stack.control import look

    directory = _directory(data_dir)
    health = look(directory)
    if health is None:
        if as_json:
            sys.stdout.write("null\n")
        else:
            console.print(f"Nothing runs on {directory}. Start it with: sightline up")
        raise typer.Exit(3)
    rows = [(part.record, part.healthy) for part in health.parts]
    if as_json:
        listed = [_public(record) | {"healthy": healthy} for record, healthy in rows]
        document = {"pid": health.record.pid, "api": health.record.urls.get("api"), "parts": listed}
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        api_url = health.record.urls.get("api")
        where = f"API at {api_url}, data in {directory}, logs in {directory / 'logs'}"
        console.print(where, soft_wrap=True)
        console.print(_table(rows))
    if not health.healthy:
        raise typer.Exit(1)


class _Progress:
    """Says once of every part that it works, and each time that it has to be started again."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._said: set[tuple[str, PartStatus, int]] = set()

    def show(self, records: tuple[PartRecord, ...]) -> None:
        for record in records:
            event = (record.name, record.status, record.restarts)
            if event in self._said:
                continue
            self._said.add(event)
            after = f"[dim]{time.monotonic() - self._began:5.1f} s[/dim]"
            if record.status in (PartStatus.READY, PartStatus.DONE):
                console.print(f"{after}  [green]{record.status:8}[/green] {record.name}")
            elif record.status is PartStatus.BACKOFF:
                console.print(f"{after}  [red]ended[/red]    {record.name}: see {record.log}")


def _up_detached(arguments: list[str], directory: Path) -> None:
    from sightline.stack.control import run_detached

    try:
        with console.status("Starting Sightline"):
            record = run_detached(arguments, directory)
    except StackError as error:
        _fail(error)
    _say_urls(record.urls.get("api", ""), directory)
    console.print("It runs in the background: sightline status, sightline down")


def _say_where(stack: EmbeddedStack) -> None:
    _say_urls(stack.api_url, stack.data_dir)
    console.print("Ctrl-C ends it.")


def _say_urls(api_url: str, directory: Path) -> None:
    console.print(f"Sightline listens on [bold]{api_url}[/bold], logs in {directory / 'logs'}")


def _fail(error: StackError) -> NoReturn:
    errors.print(str(error), style="red", markup=False, highlight=False)
    raise typer.Exit(1) from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _directory(data_dir: Path | None) -> Path:
    return (data_dir or Settings().data_dir).resolve()


def _public(record: PartRecord) -> dict[str, object]:
    """A part without its probe, whose URL may hold a password."""
    public = asdict(record)
    del public["probe"]
    return public


HEADINGS = ("part", "status", "health", "pid", "port", "uptime", "restarts", "log")


def _table(rows: list[tuple[PartRecord, bool]]) -> Table:
    cells = [_cells(record, healthy) for record, healthy in rows]
    table = Table(box=None)
    for heading, column in zip(HEADINGS, zip(*cells, strict=True), strict=True):
        # On a narrow terminal only the log's name is cut, which follows from the part's.
        widest = max(cell_len(Text.from_markup(cell).plain) for cell in (heading, *column))
        table.add_column(heading, no_wrap=True, min_width=None if heading == "log" else widest)
    for row in cells:
        table.add_row(*row)
    return table


def _cells(record: PartRecord, healthy: bool) -> tuple[str, ...]:
    return (
        record.name,
        str(record.status),
        "[green]ok[/green]" if healthy else "[red]no answer[/red]",
        str(record.pid or ""),
        str(record.port or ""),
        _duration(time.time() - record.since) if record.since else "",
        str(record.restarts),
        Path(record.log).name,
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
