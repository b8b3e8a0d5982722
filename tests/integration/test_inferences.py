"""The content cache and its single flight, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from sightline.store import inferences
from sightline.store.database import Database
from sightline.store.inferences import Boarding, inference_key
from sightline.store.projects import DEFAULT_PROJECT
from sightline.values import Generated, Sampling

SAID = Generated("yes", "stop", 3, 1)


def board(database: Database, holder: str, *keys: str, lease_s: float = 20.0) -> Boarding:
    with database.transaction() as session:
        return inferences.board(session, DEFAULT_PROJECT, keys, holder=holder, lease_s=lease_s)


def land(database: Database, key: str, said: Generated) -> None:
    with database.transaction() as session:
        inferences.land(session, DEFAULT_PROJECT, {key: said})


def test_the_first_infers_and_the_second_waits_then_knows(database: Database) -> None:
    assert board(database, "a", "k1", "k2").ours == {"k1", "k2"}
    second = board(database, "b", "k1", "k3")
    assert (second.others, second.ours) == ({"k1"}, {"k3"})
    land(database, "k1", SAID)
    assert board(database, "b", "k1").known == {"k1": SAID}


def test_a_dead_holders_flight_is_taken_over(database: Database) -> None:
    board(database, "dead", "k", lease_s=0.05)
    assert board(database, "b", "k").others == {"k"}
    time.sleep(0.1)
    assert board(database, "b", "k").ours == {"k"}


def test_renewed_flights_are_not_taken(database: Database) -> None:
    board(database, "slow", "k", lease_s=0.05)
    with database.transaction() as session:
        inferences.renew(session, "slow", 20.0)
    time.sleep(0.1)
    assert board(database, "b", "k").others == {"k"}


def test_an_abandoned_flight_is_free_at_once(database: Database) -> None:
    board(database, "a", "k1", "k2")
    with database.transaction() as session:
        inferences.abandon_all(session, DEFAULT_PROJECT, "a")
    assert board(database, "b", "k1", "k2").ours == {"k1", "k2"}


def test_the_first_answer_to_a_key_stays(database: Database) -> None:
    land(database, "k", SAID)
    land(database, "k", Generated("no", "stop"))
    assert board(database, "b", "k").known == {"k": SAID}


def test_many_board_the_same_keys_and_each_key_has_one_holder(database: Database) -> None:
    keys = [f"k{i}" for i in range(40)]
    with ThreadPoolExecutor(6) as pool:
        boardings = list(
            pool.map(lambda i: board(database, f"w{i}", *sorted(keys, key=hash)), range(6))
        )
    held = [key for boarding in boardings for key in boarding.ours]
    assert sorted(held) == sorted(keys)


def test_what_makes_two_requests_the_same_question() -> None:
    base = {
        "revision": "r",
        "template": "1",
        "prompt_digest": "p",
        "sampling": Sampling(),
        "repeat": 0,
    }
    key = inference_key(**base)
    assert inference_key(**{**base, "repeat": 1}) == key
    warm = {**base, "sampling": Sampling(temperature=0.7)}
    assert inference_key(**warm) != inference_key(**{**warm, "repeat": 1})
    for change in ({"revision": "s"}, {"template": "2"}, {"prompt_digest": "q"}):
        assert inference_key(**{**base, **change}) != key
