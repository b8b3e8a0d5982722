"""The command line: ``sightline``. Each noun has its file; ``main`` is the program."""

from __future__ import annotations

import typer

import sightline
from sightline.cli import catalogue, jobs, leaderboard, samples, submit
from sightline.stack import commands as stack

app = typer.Typer(
    name="sightline",
    help="Which vision-language model is better, by how much, and is it real?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sightline {sightline.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say the version and end."
    ),
) -> None:
    """Which vision-language model is better, by how much, and is it real?"""


stack.register(app)
for command in (
    submit.submit,
    jobs.watch,
    jobs.jobs,
    jobs.show,
    samples.samples,
    jobs.cancel,
    jobs.retry,
    jobs.delete,
    leaderboard.leaderboard,
    catalogue.models,
    catalogue.benchmarks,
    catalogue.metrics,
):
    app.command()(command)
app.add_typer(catalogue.answers, name="answers")


def main() -> None:
    """Run the program; exits with 0, 1 (failed), 2 (wrong input) or 3 (nobody answers)."""
    app()
