"""One part of the stack: what to run, when, and how to see that it works."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from sightline.stack.probes import Probe


class Tier(IntEnum):
    """The order in which a stack ends: highest first, so that nobody loses what it still uses."""

    STORE = 0
    MODELS = 1
    WORKERS = 2
    DOORS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the stack.

    depends_on     names of the parts that must be ready before this one is started
    once           it runs to its end (exit code 0) instead of staying
    start_limit_s  seconds from its start to its first answer
    grace_s        seconds from ``stop_signal`` until it is killed
    """

    name: str
    argv: tuple[str, ...]
    tier: Tier
    probe: Probe = field(default_factory=Probe)
    env: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    port: int | None = None
    once: bool = False
    start_limit_s: float = 60.0
    grace_s: float = 10.0
    stop_signal: int = signal.SIGTERM
