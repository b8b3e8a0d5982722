"""A circuit breaker: while a model's server is down, requests wait instead of failing."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum


class Passage(Enum):
    """How a request was let through: as any other, or to find out whether the server is back."""

    NORMAL = "normal"
    PROBE = "probe"


class Breaker:
    """Opens after ``threshold`` failures in a row; one probe at a time finds the server again.

    A probe goes out when the cooldown is over; each that fails doubles the cooldown, from
    ``first_cooldown_s`` up to ``longest_cooldown_s``. Any success closes the breaker. Whoever
    entered must say how it ended, by ``succeeded``, ``failed`` or ``abandoned``. Not for use from
    several threads.
    """

    def __init__(
        self,
        *,
        threshold: int = 3,
        first_cooldown_s: float = 0.5,
        longest_cooldown_s: float = 4.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._first_cooldown_s = first_cooldown_s
        self._longest_cooldown_s = longest_cooldown_s
        self._clock = clock
        self._failures = 0
        self._cooldown_s = first_cooldown_s
        self._opened_at: float | None = None
        self._probe_at = 0.0
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._opened_at is None

    @property
    def open_for_s(self) -> float:
        """Seconds since it opened; 0 while it is closed."""
        return 0.0 if self._opened_at is None else self._clock() - self._opened_at

    def enter(self) -> Passage | None:
        """Ask to send a request; None: not now."""
        if self._opened_at is None:
            return Passage.NORMAL
        if self._probing or self._clock() < self._probe_at:
            return None
        self._probing = True
        return Passage.PROBE

    def succeeded(self) -> None:
        """The server answered, be it with an error about this one request."""
        self._failures = 0
        self._opened_at = None
        self._probing = False
        self._cooldown_s = self._first_cooldown_s

    def failed(self, passage: Passage) -> None:
        """The server could not be reached, or took no request."""
        self._failures += 1
        if passage is Passage.PROBE:
            self._cooldown_s = min(self._longest_cooldown_s, 2 * self._cooldown_s)
            self._wait()
        elif self._opened_at is None and self._failures >= self._threshold:
            self._opened_at = self._clock()
            self._wait()

    def abandoned(self, passage: Passage) -> None:
        """It ended without telling anything of the server: it was cancelled or ran out of time."""
        if passage is Passage.PROBE:
            self._wait()

    def _wait(self) -> None:
        self._probing = False
        self._probe_at = self._clock() + self._cooldown_s
