"""Alembic's environment. Takes its URL from sightline.store.migrate, or from the settings."""

from alembic import context
from sqlalchemy import text

from sightline.settings import get_settings
from sightline.store.database import make_engine
from sightline.store.tables import Base

# Two processes that start together must not both migrate: any number, the same for all.
ADVISORY_LOCK = 7_316_402


def run() -> None:
    url = context.config.attributes.get("url") or get_settings().sqlalchemy_url
    engine = make_engine(url)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        context.run_migrations()
    engine.dispose()


run()
