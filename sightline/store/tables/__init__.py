"""The tables. Every row belongs to a project; what grows with samples is keyed by its run first.

Writes and reads live in one module per noun of ``sightline.store``. Nothing is loaded lazily: no
table has a relationship.
"""

from sightline.store.tables.base import Base
from sightline.store.tables.catalogue import (
    BenchmarkVersion,
    Image,
    Model,
    Project,
    RecordedAnswer,
    SampleRow,
)
from sightline.store.tables.results import (
    Aggregate,
    Answer,
    Attempt,
    Embedding,
    ParsedAnswer,
    Score,
)
from sightline.store.tables.work import Inference, Job, JobEvent, Run, Shard

__all__ = [
    "Aggregate",
    "Answer",
    "Attempt",
    "Base",
    "BenchmarkVersion",
    "Embedding",
    "Image",
    "Inference",
    "Job",
    "JobEvent",
    "Model",
    "ParsedAnswer",
    "Project",
    "RecordedAnswer",
    "Run",
    "SampleRow",
    "Score",
    "Shard",
]
