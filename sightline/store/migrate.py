"""Bring a database to the newest migration: ``python -m sightline.store.migrate``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config

from sightline.settings import get_settings


def alembic_config(url: str) -> Config:
    # migrations/ stands beside the package in a checkout and inside it in a wheel's data.
    root = Path(str(files("sightline"))).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(root))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at ``url``; a database that is up to date is left alone."""
    command.upgrade(alembic_config(url), revision)


if __name__ == "__main__":
    migrate(get_settings().sqlalchemy_url)
