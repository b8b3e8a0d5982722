"""Migrations: up, down, up again, and no drift from the tables; on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from sightline.store.database import make_engine
from sightline.store.migrate import alembic_config, migrate
from sightline.store.tables import Base


def tables(url: str) -> set[str]:
    engine = make_engine(url)
    names = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return names


def test_the_migrations_make_exactly_the_tables(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        drift = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert drift == []


def test_down_and_up_again(database_url: str) -> None:
    assert tables(database_url) == set(Base.metadata.tables)
    command.downgrade(alembic_config(database_url), "base")
    assert tables(database_url) == set()
    migrate(database_url)
    assert tables(database_url) == set(Base.metadata.tables)


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    assert tables(database_url) == set(Base.metadata.tables)


def test_every_row_belongs_to_a_project() -> None:
    for table in Base.metadata.sorted_tables:
        if table.name != "projects":
            assert not table.c.project_id.nullable, table.name


@pytest.mark.parametrize("name", ["answers", "attempts", "scores", "parsed_answers", "shards"])
def test_what_grows_with_samples_is_keyed_by_its_run_first(name: str) -> None:
    assert next(iter(Base.metadata.tables[name].primary_key.columns)).name == "run_id"
