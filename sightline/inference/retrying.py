"""One sample's requests: until there is an answer, or no hope of one.

How many samples are asked at a time is the caller's affair (``sightline.evaluation``).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.errors import InferenceError
from sightline.inference.breaker import Breaker, Passage
from sightline.status import FailureKind
from sightline.values import Generated

ANSWERED = "answered"

# These say that the server is away or full; anything else is an answer of a server that is there.
_SERVER_AWAY = frozenset({FailureKind.TRANSPORT, FailureKind.OVERLOADED})

# How often a request that waits at an open breaker looks at it.
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One request that was made: ``outcome`` is "answered" or a FailureKind; times in UTC."""

    number: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard an answer is tried for.

    attempts           requests for one sample
    open_breaker_s     longest wait, in seconds, for a model's server that is away
    first_backoff_s    longest pause before the second request; doubles with each further one
    longest_backoff_s  where doubling ends
    """

    attempts: int = 4
    open_breaker_s: float = 10.0
    first_backoff_s: float = 0.5
    longest_backoff_s: float = 8.0

    def pause_s(self, failed: int) -> float:
        """A pause after the ``failed``-th failure, by full jitter: anything up to the backoff.

        Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
        """
        longest = min(self.longest_backoff_s, self.first_backoff_s * 2.0 ** (failed - 1))
        return random.uniform(0, longest)  # noqa: S311 - spreads load, keeps no secret


async def ask_until_answered(
    request: Callable[[], Awaitable[Generated]],
    breaker: Breaker,
    patience: Patience,
    on_attempt: Callable[[AttemptRecord], None],
) -> Generated:
    """Make the request again while its failure is transient and attempts are left.

    Neither waiting at an open breaker nor its probes use up attempts: an outage is not the
    sample's fault. Every request is reported to ``on_attempt``, whatever became of it.
    Raises the last InferenceError, or one of kind "transport" when the wait for the server was
    longer than ``patience`` allows; then the sample may be asked again later.
    """
    number = used = 0
    while True:
        passage = await _enter(breaker, patience.open_breaker_s)
        number += 1
        try:
            return await _attempt(request, breaker, passage, number, on_attempt)
        except InferenceError as error:
            used += passage is Passage.NORMAL
            away_for_s = breaker.open_for_s
            probed_in_vain = passage is Passage.PROBE and away_for_s >= patience.open_breaker_s
            if not error.transient or used >= patience.attempts or probed_in_vain:
                raise
        await asyncio.sleep(patience.pause_s(max(1, used)))


async def _enter(breaker: Breaker, longest_s: float) -> Passage:
    # Measured from here, not from the breaker's opening: after a long outage those who come
    # together must wait for the one of them that probes.
    give_up_at = time.monotonic() + longest_s
    while (passage := breaker.enter()) is None:
        if time.monotonic() >= give_up_at:
            raise InferenceError(
                FailureKind.TRANSPORT,
                f"the model's server has been away for {breaker.open_for_s:.0f} s",
                transient=True,
            )
        await asyncio.sleep(_LOOK_S)
    return passage


async def _attempt(
    request: Callable[[], Awaitable[Generated]],
    breaker: Breaker,
    passage: Passage,
    number: int,
    on_attempt: Callable[[AttemptRecord], None],
) -> Generated:
    started_at = datetime.now(UTC)

    def report(outcome: str, detail: str = "") -> None:
        on_attempt(AttemptRecord(number, started_at, datetime.now(UTC), outcome, detail))

    try:
        said = await request()
    except InferenceError as error:
        if error.kind in _SERVER_AWAY:
            breaker.failed(passage)
        elif error.kind == FailureKind.TIMEOUT:
            # A slow answer does not tell whether the server is there.
            breaker.abandoned(passage)
        else:
            breaker.succeeded()
        report(error.kind, str(error))
        raise
    except asyncio.CancelledError:
        breaker.abandoned(passage)
        report(FailureKind.CANCELLED)
        raise
    breaker.succeeded()
    report(ANSWERED)
    return said
