"""The tables. Every row belongs to a project; what grows with samples is keyed by its run first.

Writes and reads live in one module per noun beside this file. Nothing is loaded lazily.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# None is SQL's NULL, never JSON's null: "not there yet" is one thing.
JsonType = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always in UTC with its zone; SQLite keeps none and gets it back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JsonType,
        list[Any]: JsonType,
        float: Double(),
        str: Text(),
    }


Digest = String(64)
Name = String(200)
Id = String(40)


class Project(Base):
    """Who owns things. Everything else hangs on one of these."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    created_at: Mapped[datetime]


class Model(Base):
    """A model under test and where it is served; ``spec`` is the JSON of a ``ModelSpec``."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Name)
    source: Mapped[str] = mapped_column(String(20))
    queue: Mapped[str] = mapped_column(Name)
    spec: Mapped[dict[str, Any]]
    # what the server last said of itself; a run keeps its own
    revision: Mapped[str | None] = mapped_column(Digest)
    created_at: Mapped[datetime]


class BenchmarkVersion(Base):
    """A benchmark as it was imported: the digest is over everything its samples say."""

    __tablename__ = "benchmark_versions"
    __table_args__ = (UniqueConstraint("project_id", "name", "digest"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Name)
    digest: Mapped[str] = mapped_column(Digest)
    title: Mapped[str]
    # description, licence, source, tasks, primary metric, coverage floor, published rows
    card: Mapped[dict[str, Any]]
    n_samples: Mapped[int]
    complete: Mapped[bool]
    created_at: Mapped[datetime]


class SampleRow(Base):
    """One question of a benchmark version."""

    __tablename__ = "samples"

    benchmark_version_id: Mapped[int] = mapped_column(
        ForeignKey("benchmark_versions.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    key: Mapped[str] = mapped_column(Name)
    task: Mapped[str] = mapped_column(Name)
    category: Mapped[str] = mapped_column(Name)
    cluster: Mapped[str | None] = mapped_column(Name)
    prompt: Mapped[list[Any]]
    references: Mapped[list[Any]]
    choices: Mapped[dict[str, Any]]
    prompt_digest: Mapped[str] = mapped_column(Digest)


Index("uq_samples_key", SampleRow.benchmark_version_id, SampleRow.key, unique=True)


class Image(Base):
    """A project owns this picture; the bytes lie once in the image store, by digest."""

    __tablename__ = "images"

    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    created_at: Mapped[datetime]


class RecordedAnswer(Base):
    """An answer somebody recorded elsewhere: a model source like any other."""

    __tablename__ = "recorded_answers"

    model_id: Mapped[int] = mapped_column(
        ForeignKey("models.id", ondelete="CASCADE"), primary_key=True
    )
    benchmark: Mapped[str] = mapped_column(Name, primary_key=True)
    sample_key: Mapped[str] = mapped_column(Name, primary_key=True)
    repeat: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    text: Mapped[str]
    finish_reason: Mapped[str] = mapped_column(String(20))


class Job(Base):
    """What was asked. ``kind`` leaves room for captioning jobs; ``request`` is the body."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("project_id", "idempotency_key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]
    tags: Mapped[list[Any]]
    priority: Mapped[int]
    deadline_at: Mapped[datetime | None]
    request: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    request_digest: Mapped[str] = mapped_column(Digest)
    created_at: Mapped[datetime]


Index("ix_jobs_page", Job.project_id, Job.created_at, Job.id)


class Run(Base):
    """One model on one benchmark version under one protocol."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    benchmark_version_id: Mapped[int] = mapped_column(ForeignKey("benchmark_versions.id"))
    benchmark: Mapped[str] = mapped_column(Name)
    model: Mapped[str] = mapped_column(Name)
    queue: Mapped[str] = mapped_column(Name)
    status: Mapped[str] = mapped_column(String(20))
    error: Mapped[str | None]
    # what makes two runs comparable, and its parts in plain JSON
    protocol_digest: Mapped[str] = mapped_column(Digest)
    protocol: Mapped[dict[str, Any]]
    model_revision: Mapped[str | None] = mapped_column(Digest)
    metrics: Mapped[list[Any]]
    repeats: Mapped[int]
    read_cache: Mapped[bool]
    priority: Mapped[int]
    n_items: Mapped[int]
    # for fair claims: runs take turns
    last_claim_at: Mapped[float | None]
    totals: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


Index("ix_runs_job", Run.job_id)
Index("ix_runs_board", Run.project_id, Run.benchmark, Run.status)
Index("ix_runs_queue", Run.queue, Run.status)


class Shard(Base):
    """A slice of a run: the unit of a task, and its outbox (``status.ShardState``).

    The lease is in seconds of the database's clock; ``fence`` grows with each claim and
    every write of a worker names the fence it claimed with.
    """

    __tablename__ = "shards"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    repeat: Mapped[int]
    ordinals: Mapped[list[Any]]
    n_items: Mapped[int]
    n_answered: Mapped[int]
    n_failed: Mapped[int]
    n_scored: Mapped[int]
    stage: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    fence: Mapped[int] = mapped_column(BigInteger)
    # claims since the last recorded progress: bounds a poisonous shard
    attempts: Mapped[int]
    # the one sample in flight while a shard that lost its workers is worked off carefully
    suspect: Mapped[int | None]
    lease_until: Mapped[float | None]
    holder: Mapped[str | None]
    not_before: Mapped[float]


Index("ix_shards_state", Shard.state, Shard.stage, Shard.lease_until)


class Answer(Base):
    """The book: at most one per (run, sample, repeat). Either text, or the failure that ended it.

    ``failure`` here is one of ours (transport, timeout, ...): a model's own failures are found
    when the answer is parsed.
    """

    __tablename__ = "answers"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    repeat: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    text: Mapped[str | None]
    failure: Mapped[str | None] = mapped_column(String(40))
    failure_detail: Mapped[str | None]
    finish_reason: Mapped[str | None] = mapped_column(String(20))
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    latency_s: Mapped[float | None]
    cached: Mapped[bool]
    recorded_at: Mapped[datetime]


class Attempt(Base):
    """One request made for a sample, whatever came of it."""

    __tablename__ = "attempts"
    __table_args__ = (
        ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        Index("ix_attempts_sample", "run_id", "ordinal", "repeat"),
    )

    run_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    ordinal: Mapped[int]
    repeat: Mapped[int]
    number: Mapped[int]
    fence: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str]


class ParsedAnswer(Base):
    """What a version of a parser read in an answer."""

    __tablename__ = "parsed_answers"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    repeat: Mapped[int] = mapped_column(Integer, primary_key=True)
    parser: Mapped[str] = mapped_column(String(60), primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    value: Mapped[str | None]
    failure: Mapped[str | None] = mapped_column(String(40))


class Score(Base):
    """One metric version on one parsed answer. ``value`` None has its ``reason``."""

    __tablename__ = "scores"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    repeat: Mapped[int] = mapped_column(Integer, primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    # metric version, embedder where there is one, and the parser: what made this number
    version: Mapped[str] = mapped_column(String(160), primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    value: Mapped[float | None]
    reason: Mapped[str | None] = mapped_column(String(40))


class Aggregate(Base):
    """A metric over a slice of a run, with the sufficient statistics it came from.

    ``slice`` is "" for the whole run, "task=..." or "category=...".
    """

    __tablename__ = "aggregates"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    slice: Mapped[str] = mapped_column(Name, primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[str] = mapped_column(String(160), primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    n: Mapped[int]
    mean: Mapped[float | None]
    se: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    method: Mapped[str] = mapped_column(String(60))
    # sums, clusters, win rates by threshold, top-k
    statistics: Mapped[dict[str, Any]]


class Inference(Base):
    """The content cache and its single flight: one row per question, model revision and sampling.

    A row without text is being inferred by ``holder`` until ``lease_until``.
    """

    __tablename__ = "inferences"

    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Digest, primary_key=True)
    holder: Mapped[str | None]
    lease_until: Mapped[float | None]
    text: Mapped[str | None]
    finish_reason: Mapped[str | None] = mapped_column(String(20))
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    created_at: Mapped[datetime]


Index("ix_inferences_holder", Inference.holder)


class Embedding(Base):
    """A reference's embedding, computed once: float32, little endian, normalised."""

    __tablename__ = "embeddings"

    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"), primary_key=True)
    embedder: Mapped[str] = mapped_column(String(120), primary_key=True)
    text_digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class JobEvent(Base):
    """What happened to a job, in order: replayed to whoever reconnects to its stream."""

    __tablename__ = "job_events"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
