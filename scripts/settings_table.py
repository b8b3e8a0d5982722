"""Prints docs/settings.md out of the settings class: ``make settings-table`` writes it."""

from __future__ import annotations

import sys

from pydantic import SecretStr

from sightline.settings import Settings

HEAD = """\
# Settings

All of Sightline is set by environment variables, the embedded stack and production alike. The
embedded stack gives its parts what it decides itself (data directory, addresses, ports,
passwords); everything else is handed on to them. This page is written by `make settings-table`
from `sightline/settings.py`, and a test fails where the two differ.

| variable | default | meaning |
|---|---|---|
"""


def shown(value: object) -> str:
    """A default as one would write it into the environment."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value}`" if str(value) else "(empty)"


def page() -> str:
    rows = [
        f"| `SIGHTLINE_{name.upper()}` | {shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
