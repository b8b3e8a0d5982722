"""What the service answers, typed. Fields that a newer service adds are kept, not refused."""

from sightline.client.results.base import Page, Result
from sightline.client.results.boards import (
    BoardRow,
    ExcludedRun,
    Figure,
    Leaderboard,
    ProtocolChoice,
    PublishedRow,
    Similarity,
)
from sightline.client.results.catalogue import (
    Benchmark,
    Metric,
    Model,
    PartState,
    Readiness,
    RefusedLine,
    Task,
    Upload,
)
from sightline.client.results.jobs import (
    Estimate,
    Job,
    JobProgress,
    ModelEstimate,
    Progress,
    Retry,
    RunSummary,
)
from sightline.client.results.runs import Aggregate, Message, Parsed, Part, Run, Sample, Score

__all__ = [
    "Aggregate",
    "Benchmark",
    "BoardRow",
    "Estimate",
    "ExcludedRun",
    "Figure",
    "Job",
    "JobProgress",
    "Leaderboard",
    "Message",
    "Metric",
    "Model",
    "ModelEstimate",
    "Page",
    "Parsed",
    "Part",
    "PartState",
    "Progress",
    "ProtocolChoice",
    "PublishedRow",
    "Readiness",
    "RefusedLine",
    "Result",
    "Retry",
    "Run",
    "RunSummary",
    "Sample",
    "Score",
    "Similarity",
    "Task",
    "Upload",
]
