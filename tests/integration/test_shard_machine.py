"""Claims, expiries, writes and cancels in any order: the book is never doubled, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from books import World, world
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from sightline.errors import LeaseLost
from sightline.status import RunStatus, ShardState, Stage
from sightline.store import answers, runs, shards
from sightline.store.answers import Outcome
from sightline.store.database import Database
from sightline.store.migrate import migrate
from sightline.store.projects import ensure_default_project
from sightline.store.shards import Claim
from sightline.store.tables import Answer, Run, Shard
from sightline.values import Generated

SAMPLES = 6
SETTINGS = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    report_multiple_bugs=False,
    # A step is a transaction on a disk: slow is no sign of anything here.
    suppress_health_check=list(HealthCheck),
)


class Machine(RuleBasedStateMachine):
    """Several holders of a run's shards; the model is what each claim may still write."""

    database: Database
    world: World

    def __init__(self) -> None:
        super().__init__()
        with self.database.transaction() as session:
            session.query(Run).update({"status": RunStatus.CANCELLED})
        self.run = self.world.job(SAMPLES, shard_size=2)
        self.held: list[Claim] = []
        self.valid: set[int] = set()
        self.written: dict[int, str] = {}
        self.cancelled = False

    @rule()
    def claim(self) -> None:
        with self.database.transaction() as session:
            held = shards.claim(session, Stage.GENERATE, queue="talker", holder="w", lease_s=60)
        if held is not None:
            assert not self.cancelled
            self.valid.add(len(self.held))
            self.held.append(held)

    @precondition(lambda self: self.held)
    @rule(pick=st.randoms(use_true_random=False), offset=st.integers(0, 1))
    def write(self, pick: object, offset: int) -> None:
        number = pick.randrange(len(self.held))  # type: ignore[attr-defined]
        held = self.held[number]
        ordinal = held.ordinals[offset % len(held.ordinals)]
        outcome = Outcome(ordinal, generated=Generated(f"by {number}", "stop"))
        try:
            with self.database.transaction() as session:
                answers.record(session, held, [outcome], [], lease_s=60)
        except LeaseLost:
            assert number not in self.valid
        else:
            assert number in self.valid
            self.written.setdefault(ordinal, f"by {number}")

    @precondition(lambda self: self.valid)
    @rule(pick=st.randoms(use_true_random=False))
    def expire(self, pick: object) -> None:
        number = pick.choice(sorted(self.valid))  # type: ignore[attr-defined]
        held = self.held[number]
        with self.database.transaction() as session:
            session.query(Shard).filter_by(run_id=held.run_id, number=held.number).update(
                {"lease_until": 0.0}
            )
            assert shards.expire_leases(session) == 1
        self.valid.discard(number)

    @precondition(lambda self: self.valid)
    @rule(pick=st.randoms(use_true_random=False))
    def finish(self, pick: object) -> None:
        number = pick.choice(sorted(self.valid))  # type: ignore[attr-defined]
        with self.database.transaction() as session:
            shards.finish_stage(session, self.held[number])
        self.valid.discard(number)

    @precondition(lambda self: not self.cancelled and len(self.held) > 3)
    @rule()
    def cancel(self) -> None:
        with self.database.transaction() as session:
            runs.cancel(session, runs.lock_run(session, self.run.id))
        self.cancelled = True
        self.valid.clear()

    @invariant()
    def the_book_holds_what_was_accepted(self) -> None:
        with self.database.reading() as session:
            found = dict(
                session.execute(
                    select(Answer.ordinal, Answer.text).where(Answer.run_id == self.run.id)
                ).all()
            )
            rows = session.scalars(select(Shard).where(Shard.run_id == self.run.id)).all()
        assert found == self.written
        for shard in rows:
            assert shard.n_answered == sum(o in self.written for o in shard.ordinals)
            if shard.stage == Stage.SCORE and shard.state != ShardState.CANCELLED:
                assert shard.n_answered == shard.n_items


@contextmanager
def machine(database_url: str) -> Iterator[type[Machine]]:
    database = Database(database_url)
    with database.transaction() as session:
        ensure_default_project(session)

    class Here(Machine):
        pass

    Here.database, Here.world = database, world(database, SAMPLES)
    yield Here
    database.dispose()


def test_any_order_of_events(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'machine.db'}"
    migrate(url)
    with machine(url) as here:
        case = here.TestCase
        case.settings = SETTINGS
        case().runTest()


def test_the_machine_notices_a_missing_fence(tmp_path: Path) -> None:
    """Canary: with the fence switched off the very same machine must fail."""
    url = f"sqlite:///{tmp_path / 'canary.db'}"
    migrate(url)
    source = Path(shards.__file__).read_text()
    unfenced = source.replace("            Shard.fence == claim.fence,\n", "")
    assert unfenced != source
    namespace: dict[str, object] = {"__name__": "sightline.store.shards"}
    exec(compile(unfenced, shards.__file__, "exec"), namespace)
    original = shards._write
    with machine(url) as here:
        case = here.TestCase
        # It is enough that it fails: the shortest way there takes a minute to find.
        case.settings = settings(SETTINGS, phases=[Phase.generate])
        shards._write = namespace["_write"]  # type: ignore[assignment]
        try:
            with pytest.raises(AssertionError):
                case().runTest()
        finally:
            shards._write = original
