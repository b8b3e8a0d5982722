"""Whether the database can be worked with: reachable, and migrated as far as this code knows."""

from __future__ import annotations

from functools import lru_cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sightline.errors import Unavailable
from sightline.store.database import Database
from sightline.store.migrate import alembic_config


@lru_cache
def newest_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


def check_migrated(database: Database) -> None:
    """Raise Unavailable unless the database answers and has the newest migration."""
    with database.reading() as session:
        revision = MigrationContext.configure(session.connection()).get_current_revision()
    if revision != newest_revision():
        raise Unavailable(
            "database",
            f"its migration is {revision or 'none'}, this version needs {newest_revision()}: "
            "run python -m sightline.install",
        )
