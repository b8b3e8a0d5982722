"""``python -m sightline.stack up|down|status``: what ``sightline up --detach`` runs."""

from __future__ import annotations

import typer

from sightline.stack.commands import register

app = typer.Typer(no_args_is_help=True, add_completion=False)
register(app)

if __name__ == "__main__":
    app()
