"""The breaker, by a clock that the test moves."""

from sightline.inference.breaker import Breaker, Passage


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(threshold=3, first_cooldown_s=1.0, longest_cooldown_s=4.0, clock=clock)
    for _ in range(3):
        assert breaker.enter() is Passage.NORMAL
        breaker.failed(Passage.NORMAL)
    return breaker


def test_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(threshold=3, clock=Clock())
    for _ in range(5):
        breaker.failed(Passage.NORMAL)
        breaker.failed(Passage.NORMAL)
        breaker.succeeded()
    assert breaker.closed
    assert breaker.open_for_s == 0


def test_one_probe_at_a_time_after_the_cooldown() -> None:
    clock = Clock()
    breaker = opened(clock)
    assert breaker.enter() is None
    clock.now += 1.0
    assert breaker.enter() is Passage.PROBE
    assert breaker.enter() is None
    breaker.succeeded()
    assert breaker.closed
    assert breaker.enter() is Passage.NORMAL


def test_each_failed_probe_doubles_the_cooldown_up_to_a_bound() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1.0
    waits = []
    for _ in range(4):
        assert breaker.enter() is Passage.PROBE
        breaker.failed(Passage.PROBE)
        start = clock.now
        while breaker.enter() is None:
            clock.now += 0.5
        breaker.abandoned(Passage.PROBE)
        waits.append(clock.now - start)
        clock.now += 4.0
    assert waits == [2.0, 4.0, 4.0, 4.0]


def test_tells_how_long_it_has_been_open_over_failed_probes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1.0
    breaker.enter()
    breaker.failed(Passage.PROBE)
    clock.now += 6.5
    assert breaker.open_for_s == 7.5


def test_requests_that_were_under_way_neither_extend_nor_hide_an_outage() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 0.9
    breaker.failed(Passage.NORMAL)
    clock.now += 0.1
    assert breaker.enter() is Passage.PROBE
    breaker.failed(Passage.NORMAL)
    assert breaker.enter() is None, "the probe is still out"


def test_an_abandoned_probe_makes_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1.0
    breaker.enter()
    breaker.abandoned(Passage.PROBE)
    assert breaker.enter() is None
    clock.now += 1.0
    assert breaker.enter() is Passage.PROBE


def test_the_next_outage_starts_with_a_short_cooldown_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1.0
    breaker.enter()
    breaker.failed(Passage.PROBE)
    breaker.succeeded()
    for _ in range(3):
        breaker.failed(Passage.NORMAL)
    clock.now += 1.0
    assert breaker.enter() is Passage.PROBE
