"""What a worker process keeps from task to task: made at first use, after the fork."""

from __future__ import annotations

import asyncio
import threading
from functools import lru_cache

from sightline.embedding import Embedder
from sightline.evaluation.house import House
from sightline.evaluation.scoring import ScoringHouse
from sightline.images import ImageStore
from sightline.inference.retrying import Patience
from sightline.inference.triton import TritonSource
from sightline.settings import get_settings
from sightline.store.database import Database, get_database


@lru_cache
def loop() -> asyncio.AbstractEventLoop:
    """The process's one event loop: Triton's client lives on it."""
    return asyncio.new_event_loop()


def database() -> Database:
    return get_database()


@lru_cache
def generating() -> House:
    settings = get_settings()
    return House(
        database=database(),
        source=TritonSource(
            settings.triton_url,
            deadline_s=settings.request_timeout_s,
            patience=Patience(attempts=settings.request_attempts),
        ),
        images=ImageStore(settings.images_url),
        settings=settings,
    )


@lru_cache
def _scoring() -> ScoringHouse:
    settings = get_settings()
    return ScoringHouse(database(), Embedder(settings.embedder_folder), settings)


_making = threading.Lock()


def scoring() -> ScoringHouse:
    # The thread that loads the embedder ahead and the first task may come together.
    with _making:
        return _scoring()


def load_embedder() -> None:
    """Load the embedder before the first shard asks for it."""
    scoring().embedder.load()


def forget() -> None:
    """After a fork: what the parent made is not ours."""
    for made in (get_database, loop, generating, _scoring):
        made.cache_clear()


def close() -> None:
    """Before the process ends: close the channel to Triton in good order."""
    if generating.cache_info().currsize:
        loop().run_until_complete(generating().source.close())
    if loop.cache_info().currsize:
        loop().close()
