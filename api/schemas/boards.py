"""Leaderboards: which model is better, by how much, out of how many."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schemas.catalogue import PublishedOut
from api.schemas.common import Schema


class FigureOut(Schema):
    """A mean with its n and its 95% interval."""

    value: float | None = Field(description="Null where it cannot be had.", examples=[0.87])
    n: int = Field(description="Items it is made of.", examples=[100])
    low: float | None = Field(description="Null where n is too small.", examples=[0.79])
    high: float | None = Field(description="Null where n is too small.", examples=[0.92])
    method: str = Field(description="How the interval was made.", examples=["wilson"])


class SimilarityOut(Schema):
    """Derived from the samples' similarities: shown, never ranked by."""

    win_rate: dict[str, float] = Field(
        description="Share of samples at or above a threshold.", examples=[{"0.8": 0.62}]
    )
    top_k: dict[str, float | None] = Field(
        description="Mean of the k highest; an extremum, it grows with n.",
        examples=[{"1": 0.99, "5": 0.98, "10": 0.97}],
    )


class BoardRow(Schema):
    """One model on the board: its newest finished run under the board's protocol."""

    rank: int = Field(description="1 is best; equal values share a rank.", examples=[1])
    model: str = Field(description="The model.", examples=["pixtral_mini"])
    run: str = Field(description="The run.", examples=["run_01989d3f2a10c3a9b6a7e4f0d1c2"])
    model_revision: str | None = Field(
        description="Digest of what answered.", examples=["2c26b46b68ffc68f" * 4]
    )
    finished_at: datetime | None = Field(
        description="When the run ended.", examples=["2026-11-20T22:16:40Z"]
    )
    figure: FigureOut = Field(description="The board's metric.")
    accuracy: FigureOut | None = Field(
        description="Share of right answers, where answers are right or wrong."
    )
    similarity: SimilarityOut | None = Field(description="Where similarity is a metric.")
    coverage: float = Field(
        description="Share of items that could be scored, 0 to 1.", examples=[0.995]
    )
    n_items: int = Field(description="Items of the run: samples times repeats.", examples=[400])
    failures: dict[str, int] = Field(
        description="Our failures by kind: excluded, they lower the coverage.",
        examples=[{"timeout": 2}],
    )
    model_failures: dict[str, int] = Field(
        description="The model's failures by kind: scored as wrong.", examples=[{"truncated": 3}]
    )
    without_model_failures: float | None = Field(
        description="What the figure would be without the model's failures.", examples=[0.88]
    )
    latency_p50_s: float | None = Field(description="Median seconds.", examples=[0.41])
    latency_p95_s: float | None = Field(description="95th percentile.", examples=[0.93])
    samples_per_s: float | None = Field(
        description="Pace; null where nothing was asked.", examples=[21.4]
    )
    samples_per_hour: float | None = Field(description="The same per hour.", examples=[77040.0])
    input_tokens: int = Field(description="Of what was asked, in all.", examples=[24400])
    output_tokens: int = Field(description="Of what was asked, in all.", examples=[2100])
    cached: int = Field(description="Items answered from the cache.", examples=[0])


class ExcludedRun(Schema):
    """A run that does not stand on the board, and why."""

    model: str = Field(description="The model.", examples=["qwen2_vl_mini"])
    run: str = Field(description="The run.", examples=["run_01989d3f2a10c3a9b6a7e4f0d1c2"])
    coverage: float = Field(description="Share of items that could be scored.", examples=[0.71])
    reason: str = Field(
        description="Why.", examples=["coverage 71.0% is below the benchmark's floor of 98%"]
    )


class ProtocolChoice(Schema):
    """A protocol under which there are finished runs; a board shows one."""

    digest: str = Field(description="Give it as `protocol`.", examples=["fcde2b2edba56bf4" * 4])
    samples: int = Field(description="Samples asked.", examples=[400])
    subset: str = Field(description='"all", or a digest of which.', examples=["all"])
    tasks: list[str] = Field(description="Its tasks.", examples=[["caption", "count"]])
    version: str = Field(description="The benchmark's version.", examples=["9f86d081884c7d65" * 4])
    models: int = Field(description="Models with a finished run.", examples=[2])
    shown: bool = Field(description="This board shows it.", examples=[True])


class LeaderboardOut(Schema):
    """The board of a benchmark under one protocol."""

    benchmark: str = Field(description="The benchmark.", examples=["scenes"])
    title: str = Field(description="For people.", examples=["Scenes"])
    version: str | None = Field(
        description="The benchmark's version.", examples=["9f86d081884c7d65" * 4]
    )
    metric: str = Field(description="What it ranks by.", examples=["accuracy"])
    slice: str = Field(
        description='"" for the whole benchmark, "task=..." or "category=...".', examples=[""]
    )
    protocol: str | None = Field(
        description="Digest of the protocol compared within; null where nothing has run.",
        examples=["fcde2b2edba56bf4" * 4],
    )
    coverage_floor: float = Field(
        description="Share of items that must be scored to stand here.", examples=[0.98]
    )
    rows: list[BoardRow] = Field(description="Best first.")
    excluded: list[ExcludedRun] = Field(description="Runs that do not stand here.")
    published: list[PublishedOut] = Field(description="Figures of others, never ranked.")
    protocols: list[ProtocolChoice] = Field(description="Where there are finished runs.")
    metrics: list[str] = Field(
        description="Metrics the board has.", examples=[["accuracy", "exact_match"]]
    )
    notes: list[str] = Field(description="What a reader should know.", examples=[[]])
