"""Count, mean and squared deviations of a stream, mergeable and stable."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moments:
    """``n`` values with their ``mean`` and ``squares``, the sum of squared deviations from it.

    Welford's update, and the merge of Chan, Golub and LeVeque (1979): no cancellation, whatever
    the values' size. An empty one has mean 0.0, which says nothing.
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def with_value(self, value: float) -> Moments:
        n = self.n + 1
        distance = value - self.mean
        mean = self.mean + distance / n
        return Moments(n, mean, self.squares + distance * (value - mean))

    def merged(self, other: Moments) -> Moments:
        n = self.n + other.n
        if n == 0:
            return self
        distance = other.mean - self.mean
        return Moments(
            n,
            self.mean + distance * other.n / n,
            self.squares + other.squares + distance * distance * self.n * other.n / n,
        )

    def squares_about(self, centre: float) -> float:
        """The sum of squared distances from ``centre`` instead of from the own mean."""
        return self.squares + self.n * (self.mean - centre) ** 2

    @property
    def deviation(self) -> float | None:
        """The sample's standard deviation (n - 1), None below two values."""
        return math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else None
