"""Leaderboards: which model is better, by how much, out of how many."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.catalogue import PublishedOut
from api.schemas.common import Schema


class IntervalOut(Schema):
    """A figure with its n and its 95% interval."""

    value: float | None = Field(description="Null where it cannot be had.", examples=[0.87])
    low: float | None = Field(description="Null where n is too small.", examples=[0.79])
    high: float | None = Field(description="Null where n is too small.", examples=[0.92])
    n: int = Field(description="Items it is made of.", examples=[100])
    method: str = Field(description="How the interval was made.", examples=["wilson"])


class BoardRow(Schema):
    """One model on the board: its newest finished run under the board's protocol."""

    rank: int = Field(description="By the board's metric; equal values share one.", examples=[1])
    model: str = Field(description="The model.", examples=["pixtral_mini"])
    run: str = Field(description="The run.", examples=["run_01989d3f2a10c3a9b6a7e4f0d1c2"])
    model_revision: str | None = Field(
        description="Digest of what answered.", examples=["2c26b46b68ffc68f" * 4]
    )
    metric: IntervalOut = Field(description="The board's metric.")
    accuracy: IntervalOut | None = Field(
        description="Share of right answers, where answers are right or wrong."
    )
    win_rates: dict[str, float] | None = Field(
        description="Share of items above a threshold, where similarity is the metric.",
        examples=[{"0.8": 0.62}],
    )
    top_k: dict[str, float] | None = Field(
        description="Mean of the k best items; an extremum: shown, never ranked by.",
        examples=[{"1": 0.99, "5": 0.98, "10": 0.97}],
    )
    coverage: float | None = Field(
        description="Share of items that could be scored.", examples=[0.995]
    )
    failures: dict[str, int] = Field(
        description="Items without a right answer, by kind.", examples=[{"truncated": 2}]
    )
    latency_p50_s: float | None = Field(description="Median seconds.", examples=[0.41])
    latency_p95_s: float | None = Field(description="95th percentile.", examples=[0.93])
    samples_per_s: float | None = Field(description="Pace of the run.", examples=[21.4])
    samples_per_hour: float | None = Field(description="Pace of the run.", examples=[77040.0])
    input_tokens: int | None = Field(description="In all.", examples=[24400])
    output_tokens: int | None = Field(description="In all.", examples=[2100])
    finished_at: datetime | None = Field(
        description="When the run ended.", examples=["2026-11-20T22:16:40Z"]
    )


class ExcludedRun(Schema):
    """A run that does not stand on the board, and why."""

    run: str = Field(description="The run.", examples=["run_01989d3f2a10c3a9b6a7e4f0d1c2"])
    model: str = Field(description="The model.", examples=["qwen2_vl_mini"])
    reason: str = Field(
        description="Why.", examples=["coverage 0.71 is below the benchmark's floor of 0.98"]
    )


class ProtocolOut(Schema):
    """A protocol under which there are finished runs: another board."""

    digest: str = Field(description="Give it as `protocol`.", examples=["fcde2b2edba56bf4" * 4])
    runs: int = Field(description="Finished runs under it.", examples=[2])
    protocol: dict[str, Any] = Field(
        description="Its parts.", examples=[{"samples": 400, "repeats": 1}]
    )


class LeaderboardOut(Schema):
    """The board of a benchmark under one protocol."""

    benchmark: str = Field(description="The benchmark.", examples=["scenes"])
    title: str = Field(description="For people.", examples=["Scenes"])
    metric: str = Field(description="What it ranks by.", examples=["accuracy"])
    slice: str = Field(
        description='"" for the whole benchmark, "task=..." or "category=...".', examples=[""]
    )
    protocol: str | None = Field(
        description="Digest of the protocol compared within; null where nothing has run.",
        examples=["fcde2b2edba56bf4" * 4],
    )
    rows: list[BoardRow] = Field(description="Best first.")
    published: list[PublishedOut] = Field(description="Figures of others, never ranked.")
    other_protocols: list[ProtocolOut] = Field(description="Where else there are runs.")
    excluded: list[ExcludedRun] = Field(description="Runs that do not stand here.")
    notes: list[str] = Field(description="What a reader should know.", examples=[[]])
