"""The databases that every query of the product runs on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

DIALECTS = ("sqlite", "postgresql")


class NewDatabase(Protocol):
    """Makes a migrated database of a dialect and yields its URL; gone at the end."""

    def __call__(self, dialect: str) -> AbstractContextManager[str]: ...
