"""What Sightline knows of a model under test. Pure data: docs/adding-a-model.md explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

RECORDED_QUEUE = "recorded"
"""One queue for all recorded models: no server stands behind them that could hang."""

Source = Literal["triton", "recorded"]


@dataclass(frozen=True, slots=True)
class ImageTokens:
    """How a family counts an image (``sightline.inference.tokens``); sides in pixels.

    patch         side of one patch
    merge         patches a side that become one token (Pixtral: 1)
    longest_side  larger images are scaled down to it first, None: they are not
    min_pixels    area an image is scaled up to (Qwen2-VL)
    max_pixels    area an image is scaled down to, None: no limit (Qwen2-VL)
    """

    patch: int
    merge: int = 1
    longest_side: int | None = None
    min_pixels: int = 0
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """What a client has to know of a served model.

    family      its prompts' form (``sightline.inference.prompts``)
    model       its name at the server
    context     tokens of prompt, images and answer together
    max_images  images in one prompt
    tokenizer   "tekken", "qwen", or "bytes": every UTF-8 byte counted as one token, which a
                byte-level tokenizer never exceeds
    """

    family: str
    model: str
    context: int
    max_images: int
    images: ImageTokens
    tokenizer: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model under test; ``serving`` is None where its answers were recorded elsewhere.

    ``queue`` is its own for a served model, so that one that hangs starves no other.
    """

    name: str
    title: str
    source: Source
    queue: str
    serving: Serving | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.source == "recorded") != (self.serving is None):
            raise ValueError(f"{self.name}: a recorded model is not served, any other is")

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "tags": list(self.tags)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ModelSpec:
        serving = data["serving"]
        if serving is not None:
            serving = Serving(**{**serving, "images": ImageTokens(**serving["images"])})
        return ModelSpec(**{**data, "serving": serving, "tags": tuple(data["tags"])})


def recorded_spec(name: str, title: str, tags: tuple[str, ...] = ()) -> ModelSpec:
    """A model whose answers were recorded elsewhere and uploaded."""
    return ModelSpec(name, title, "recorded", RECORDED_QUEUE, tags=tags)


def triton_spec(title: str, serving: Serving, tags: tuple[str, ...] = ()) -> ModelSpec:
    """A model at Triton, known here by its name there."""
    return ModelSpec(serving.model, title, "triton", serving.model, serving, tags)


# Contexts and image limits are those of triton_models/*/1/model.json; a test compares them.
_BUILT_IN = (
    triton_spec(
        "Pixtral 12B",
        Serving(
            family="pixtral",
            model="pixtral_12b",
            context=32768,
            max_images=8,
            images=ImageTokens(patch=16, longest_side=1024),
            tokenizer="tekken",
        ),
        ("production", "gpu"),
    ),
    triton_spec(
        "Qwen2-VL 72B Instruct",
        Serving(
            family="qwen2_vl",
            model="qwen2_vl_72b",
            context=32768,
            max_images=8,
            images=ImageTokens(patch=14, merge=2, min_pixels=784, max_pixels=1003520),
            tokenizer="qwen",
        ),
        ("production", "gpu"),
    ),
    triton_spec(
        "Pixtral mini",
        Serving(
            family="pixtral",
            model="pixtral_mini",
            context=1024,
            max_images=4,
            images=ImageTokens(patch=8, longest_side=96),
            tokenizer="bytes",
        ),
        ("mini", "cpu"),
    ),
    triton_spec(
        "Qwen2-VL mini",
        Serving(
            family="qwen2_vl",
            model="qwen2_vl_mini",
            context=1024,
            max_images=4,
            images=ImageTokens(patch=8, merge=2, longest_side=96),
            tokenizer="bytes",
        ),
        ("mini", "cpu"),
    ),
)

BUILT_IN_MODELS: Mapping[str, ModelSpec] = {spec.name: spec for spec in _BUILT_IN}
