"""The whole stack as a user would start it, once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_house import MINIS, SAMPLES, House

from sightline.client import Client, Job
from sightline.stack.embedded import EmbeddedStack
from sightline.store.database import Database


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data_dir: Path = tmp_path_factory.mktemp("stack")
    with EmbeddedStack(data_dir=data_dir, models=MINIS) as stack:
        database = Database(stack.database_url)
        with Client(stack.api_url) as client:
            yield House(stack, client, database)
        database.dispose()


@pytest.fixture(scope="session")
def undisturbed(house: House) -> Job:
    """A job that nothing happened to."""
    job = house.wait(house.submit())
    assert house.answers(job) == 2 * SAMPLES
    return job
