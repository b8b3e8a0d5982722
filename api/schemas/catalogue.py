"""The catalogue: models, benchmarks, metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.common import Name, Schema, Slug, Tag


class ModelIn(Schema):
    """A model whose answers were recorded elsewhere. Served models are registered by the stack."""

    name: Slug = Field(description="A new name.", examples=["gpt-4-recorded"])
    source: Literal["recorded"] = Field(
        "recorded",
        description="Only recorded answers can be registered here.",
        examples=["recorded"],
    )
    title: Name = Field(
        description="For people: which model, and where its answers come from.",
        examples=["GPT-4, as published with VisIT-Bench"],
    )
    tags: list[Tag] = Field(
        default_factory=list, max_length=20, description="To find it by.", examples=[["recorded"]]
    )


class ModelOut(Schema):
    """A model under test."""

    name: str = Field(description="Its name.", examples=["pixtral_mini"])
    source: str = Field(description="Where its answers come from.", examples=["triton"])
    title: str = Field(description="For people.", examples=["Pixtral mini"])
    tags: list[str] = Field(description="To find it by.", examples=[["mini", "cpu"]])
    queue: str = Field(description="The queue of its workers.", examples=["pixtral_mini"])
    revision: str | None = Field(
        description="What its server last said of itself.", examples=["2c26b46b68ffc68f" * 4]
    )
    serving: dict[str, Any] | None = Field(
        description="Family, context and image limits; null where answers were recorded.",
        examples=[{"family": "pixtral", "model": "pixtral_mini", "context": 1024}],
    )
    recorded: dict[str, int] = Field(
        description="Recorded answers by benchmark.", examples=[{"mmmu": 900}]
    )
    created_at: datetime = Field(
        description="When it was registered.", examples=["2026-11-20T22:14:07Z"]
    )


class RefusedLine(Schema):
    """A line of an upload that was not taken."""

    line: int = Field(description="From 1.", examples=[17])
    problem: str = Field(
        description="What is wrong with it.", examples=["no sample 'validation_Art_99'"]
    )


class UploadOut(Schema):
    """What became of an upload of recorded answers."""

    accepted: int = Field(description="Stored now.", examples=[898])
    duplicates: int = Field(description="Were there already; what stands is kept.", examples=[1])
    refused: int = Field(description="Could not be taken.", examples=[1])
    refusals: list[RefusedLine] = Field(description="The first 100 of them.")


class TaskOut(Schema):
    """One kind of question of a benchmark."""

    name: str = Field(description="Its name.", examples=["count"])
    title: str = Field(description="For people.", examples=["Count the shapes"])
    parser: str = Field(description="Reads its answers.", examples=["number/1"])
    metrics: list[str] = Field(description="Computed by default.", examples=[["exact_match"]])
    correct_by: str | None = Field(
        description='The metric that "accuracy" means here.', examples=["exact_match"]
    )
    sampling: dict[str, Any] = Field(
        description="Where a job says nothing else.", examples=[{"max_tokens": 16}]
    )
    chance: float | None = Field(description="Accuracy of guessing.", examples=[None])


class PublishedOut(Schema):
    """A figure published by somebody else: shown beside ours, never ranked."""

    model: str = Field(description="The model.", examples=["LLaVA-1.5-13B"])
    metric: str = Field(description="The metric.", examples=["accuracy"])
    value: float = Field(description="In the metric's own range.", examples=[0.364])
    source: str = Field(description="Where it was published.", examples=["MMMU's repository"])
    note: str = Field(description="Why it can differ from ours.", examples=["guesses at random"])


class BenchmarkOut(Schema):
    """A benchmark: the newest version that was imported whole."""

    name: str = Field(description="Its name.", examples=["scenes"])
    title: str = Field(description="For people.", examples=["Scenes"])
    version: str = Field(
        description="Digest of everything its samples say.", examples=["9f86d081884c7d65" * 4]
    )
    samples: int = Field(description="How many it has.", examples=[400])
    description: str = Field(description="What it asks.", examples=["Rendered scenes."])
    licence: str = Field(description="Of its data.", examples=["Apache-2.0"])
    source: str = Field(description="Where it comes from.", examples=["generated"])
    primary_metric: str = Field(
        description="What its board ranks by by default.", examples=["accuracy"]
    )
    coverage_floor: float = Field(
        description="Share of samples that must be scored to stand on the board.", examples=[0.98]
    )
    recorded_only: bool = Field(
        description="Only models with recorded answers can be evaluated.", examples=[False]
    )
    tasks: list[TaskOut] = Field(description="Its kinds of questions.")
    published: list[PublishedOut] = Field(description="Figures published by others.")


class MetricOut(Schema):
    """A metric: a pure function with a name, a range and a source. Higher is better."""

    name: str = Field(description="Its name.", examples=["cosine_similarity"])
    version: str = Field(description="Another one when its values change.", examples=["1"])
    title: str = Field(description="For people.", examples=["Cosine similarity"])
    description: str = Field(
        description="What it means.", examples=["Similarity of the sentences' embeddings."]
    )
    source: str = Field(
        description="Where its definition comes from.", examples=["arXiv:1908.10084"]
    )
    low: float = Field(description="Lowest value.", examples=[-1.0])
    high: float = Field(description="Highest value.", examples=[1.0])
    binary: bool = Field(description="Values are 0 or 1.", examples=[False])
