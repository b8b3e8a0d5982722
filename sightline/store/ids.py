"""Identifiers: prefixed, sortable by time, not guessable."""

import secrets
import time
from datetime import UTC, datetime


def new_id(prefix: str) -> str:
    """``prefix`` and 48 bits of milliseconds, then 80 random bits, in hex: sorts by creation."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def utc_now() -> datetime:
    return datetime.now(UTC)
