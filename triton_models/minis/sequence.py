"""One question on its way: what was asked, what has been answered so far."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import torch
from PIL import Image

from triton_models.minis.detokenizer import Detokenizer
from triton_models.minis.loading import LoadedMini
from triton_models.minis.processing import Prepared
from triton_models.minis.sampling import (
    MAX_LOGPROBS,
    SamplingParameters,
    TokenLogprob,
    choose,
    token_logprobs,
)

FinishReason = Literal["stop", "length"]
# What datasets hold. Pillow reads many more, some with the help of other programs.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_MAX_PIXELS = 64 * 2**20  # a picture is decoded whole before it is scaled down to 96 a side


@dataclass(frozen=True, slots=True)
class Question:
    """As a request brings it: ``images`` base64 of encoded image files, ``sampling`` JSON."""

    prompt: str
    images: tuple[str, ...]
    sampling: str


@dataclass(frozen=True, slots=True)
class Limits:
    """context: tokens of prompt and answer together; images: per prompt."""

    context: int
    images: int


@dataclass(slots=True)
class Running:
    """A sequence that is being answered; one more token at each ``advance``."""

    prepared: Prepared
    parameters: SamplingParameters
    detokenizer: Detokenizer
    eos_ids: frozenset[int]
    most_tokens: int
    generator: torch.Generator
    tokens: list[int] = field(default_factory=list)
    counts: Counter[int] = field(default_factory=Counter)
    logprobs: list[list[TokenLogprob]] = field(default_factory=list)
    cumulative_logprob: float = 0.0
    finish_reason: FinishReason | None = None

    @property
    def prompt_tokens(self) -> int:
        return len(self.prepared.input_ids)

    @property
    def text(self) -> str:
        """The answer as far as it may be shown."""
        return self.detokenizer.text

    @property
    def known(self) -> int:
        """Positions whose keys and values are in the cache: all but the last token's."""
        return self.prompt_tokens + len(self.tokens) - 1

    @property
    def next_position(self) -> int:
        """The position of the last token, on every axis."""
        return self.prepared.next_position + len(self.tokens) - 1

    def advance(self, logits: torch.Tensor, likeliest: int) -> None:
        """Choose the next token by (vocabulary,) logits, whose argmax is ``likeliest``."""
        parameters = self.parameters
        raw = logits
        must_go_on = len(self.tokens) < parameters.min_tokens
        if must_go_on:
            logits = logits.clone()
            logits[list(self.eos_ids)] = float("-inf")
        if parameters.is_plain_greedy and not must_go_on:
            token = likeliest
        else:
            token = choose(
                logits,
                parameters,
                prompt=frozenset(self.prepared.input_ids.tolist()),
                answer=self.counts,
                generator=self.generator,
            )
        if parameters.logprobs is not None:
            self.logprobs.append(token_logprobs(raw, token, parameters.logprobs))
            self.cumulative_logprob += self.logprobs[-1][0].logprob
        self._append(token, must_go_on=must_go_on)

    def _append(self, token: int, *, must_go_on: bool) -> None:
        self.tokens.append(token)
        self.counts[token] += 1
        ends = token in self.eos_ids and not self.parameters.ignore_eos
        if ends or self.detokenizer.add(token, may_stop=not must_go_on):
            self.finish_reason = "stop"
        elif len(self.tokens) >= self.most_tokens:
            self.finish_reason = "length"
        if self.finish_reason is not None:
            self.detokenizer.finish()


def begin(mini: LoadedMini, limits: Limits, question: Question) -> Running:
    """Read a question; raises ValueError, with vLLM's words where it has some.

    A broken image raises what Pillow's decoder for it stumbles over, which can be anything.
    """
    parameters = _parameters(question.sampling)
    images = _decoded(question.images, limits.images)
    _check_size(mini, limits, question.prompt)
    prepared = mini.processor(question.prompt, images)
    length = len(prepared.input_ids)
    if length == 0:
        raise ValueError("The decoder prompt cannot be empty")
    if length > limits.context:
        raise ValueError(
            f"The decoder prompt (length {length}) is longer than the maximum model length of "
            f"{limits.context}."
        )
    if length == limits.context:
        raise ValueError(
            f"The decoder prompt (length {length}) plus the number of requested output tokens "
            f"(at least 1) is longer than the maximum model length of {limits.context}."
        )
    room = limits.context - length
    generator = torch.Generator()
    if parameters.seed is None:
        generator.seed()
    else:
        generator.manual_seed(parameters.seed)
    return Running(
        prepared=prepared,
        parameters=parameters,
        detokenizer=Detokenizer(mini.tokenizer, parameters),
        eos_ids=mini.eos_ids,
        most_tokens=min(room, parameters.max_tokens or room),
        generator=generator,
    )


def _check_size(mini: LoadedMini, limits: Limits, prompt: str) -> None:
    """A prompt that is too long however it is cut need not be cut: that would hold up the rest."""
    if len(prompt) <= limits.context:
        return
    longest_token = max(map(len, mini.tokenizer.get_vocab()))
    at_least = len(prompt) // longest_token
    if at_least > limits.context:
        raise ValueError(
            f"The decoder prompt (length at least {at_least}) is longer than the maximum model "
            f"length of {limits.context}."
        )


def _parameters(text: str) -> SamplingParameters:
    try:
        parameters = SamplingParameters.from_json(text)
    except (ValueError, TypeError) as problem:
        # The vLLM backend loses the reason here (TritonSamplingParams.from_dict logs it and
        # returns None); its words first, as clients may know them, then the reason.
        raise ValueError(f"'NoneType' object has no attribute 'lora_name' ({problem})") from problem
    if parameters.logprobs is not None and parameters.logprobs > MAX_LOGPROBS:
        raise ValueError(
            f"Requested sample logprobs of {parameters.logprobs}, which is greater than max "
            f"allowed: {MAX_LOGPROBS}"
        )
    return parameters


def _decoded(encoded: Iterable[str], most: int) -> list[Image.Image]:
    images = []
    for each in encoded:
        image = Image.open(io.BytesIO(base64.b64decode(each)), formats=_FORMATS)
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError(f"an image of {image.width}x{image.height} pixels is too large")
        images.append(image.convert("RGB"))
    if len(images) > most:
        raise ValueError(f"At most {most} image(s) may be provided in one prompt.")
    return images
