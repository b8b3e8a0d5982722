"""Sampling parameters as vLLM names them, and the choice of one token by them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

MAX_LOGPROBS = 20
"""Most alternatives per token that may be asked for, vLLM's ``max_logprobs`` by default."""

_INTEGERS = {"max_tokens", "min_tokens", "top_k", "seed", "logprobs", "n"}
_FLOATS = {
    "temperature",
    "top_p",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
}
_FLAGS = {"ignore_eos", "include_stop_str_in_output", "skip_special_tokens"}


@dataclass(frozen=True, slots=True)
class SamplingParameters:
    """Defaults and ranges are vLLM's (``vllm/sampling_params.py``, ``SamplingParams``)."""

    max_tokens: int | None = 16
    min_tokens: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    ignore_eos: bool = False
    include_stop_str_in_output: bool = False
    skip_special_tokens: bool = True
    logprobs: int | None = None
    n: int = 1

    @classmethod
    def from_json(cls, text: str) -> SamplingParameters:
        """Raises ValueError for what is no JSON object, an unknown name or a bad value."""
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError("sampling_parameters must be a JSON object")  # noqa: TRY004
        values = {name: _converted(name, value) for name, value in given.items()}
        made = cls(**values)
        made._check()
        return made

    def _check(self) -> None:
        bounds: tuple[tuple[bool, str], ...] = (
            (self.n == 1, f"n must be 1 here, got {self.n}"),
            (
                self.max_tokens is None or self.max_tokens >= 1,
                f"max_tokens must be at least 1, got {self.max_tokens}",
            ),
            (
                0 <= self.min_tokens <= (self.max_tokens or self.min_tokens),
                f"min_tokens must be between 0 and max_tokens={self.max_tokens}, "
                f"got {self.min_tokens}",
            ),
            (self.temperature >= 0, f"temperature must be non-negative, got {self.temperature}"),
            (0 < self.top_p <= 1, f"top_p must be in (0, 1], got {self.top_p}"),
            (self.top_k >= -1, f"top_k must be 0 or -1 (all), or at least 1, got {self.top_k}"),
            (0 <= self.min_p <= 1, f"min_p must be in [0, 1], got {self.min_p}"),
            (
                -2 <= self.frequency_penalty <= 2,
                f"frequency_penalty must be in [-2, 2], got {self.frequency_penalty}",
            ),
            (
                -2 <= self.presence_penalty <= 2,
                f"presence_penalty must be in [-2, 2], got {self.presence_penalty}",
            ),
            (
                self.repetition_penalty > 0,
                f"repetition_penalty must be greater than zero, got {self.repetition_penalty}",
            ),
            (
                self.logprobs is None or self.logprobs >= 0,
                f"logprobs must be non-negative, got {self.logprobs}",
            ),
            (all(self.stop), "stop cannot contain an empty string"),
        )
        for holds, message in bounds:
            if not holds:
                raise ValueError(message)

    @property
    def penalises(self) -> bool:
        return bool(
            self.frequency_penalty or self.presence_penalty or self.repetition_penalty != 1.0
        )

    @property
    def is_plain_greedy(self) -> bool:
        """Whether the token is the argmax of the logits as they are."""
        return self.temperature == 0 and not self.penalises


def _converted(name: str, value: Any) -> Any:
    if value is None and name in ("max_tokens", "seed", "logprobs", "stop"):
        return () if name == "stop" else None
    if name in _INTEGERS:
        return int(value)
    if name in _FLOATS:
        return float(value)
    if name in _FLAGS:
        return bool(value)
    if name == "stop":
        return (value,) if isinstance(value, str) else tuple(str(each) for each in value)
    raise ValueError(f"Unexpected keyword argument '{name}'")


def choose(
    logits: torch.Tensor,
    parameters: SamplingParameters,
    *,
    prompt: frozenset[int],
    answer: Mapping[int, int],
    generator: torch.Generator,
) -> int:
    """One token from (vocabulary,) logits.

    ``prompt`` holds the prompt's tokens, ``answer`` counts those of the answer so far. The order
    is vLLM's: penalties, temperature, min_p, top_k, top_p.
    """
    if parameters.penalises:
        logits = _penalised(logits, parameters, prompt, Counter(answer))
    if parameters.temperature == 0:
        return int(logits.argmax())
    logits = logits / parameters.temperature
    if parameters.min_p > 0:
        probabilities = logits.softmax(-1)
        floor = probabilities.max() * parameters.min_p
        logits = logits.masked_fill(probabilities < floor, float("-inf"))
    ordered, tokens = logits.sort(descending=True, stable=True)
    if parameters.top_k > 0:
        ordered, tokens = ordered[: parameters.top_k], tokens[: parameters.top_k]
    probabilities = ordered.softmax(-1)
    # The smallest set whose mass reaches top_p: what comes before a token decides on it.
    probabilities[probabilities.cumsum(-1) - probabilities >= parameters.top_p] = 0.0
    return int(tokens[torch.multinomial(probabilities, 1, generator=generator)])


def _penalised(
    logits: torch.Tensor,
    parameters: SamplingParameters,
    prompt: frozenset[int],
    answer: Counter[int],
) -> torch.Tensor:
    logits = logits.clone()
    seen = torch.tensor(sorted(prompt | answer.keys()), dtype=torch.long)
    values = logits[seen]
    penalty = parameters.repetition_penalty
    logits[seen] = torch.where(values > 0, values / penalty, values * penalty)
    if answer:
        tokens = torch.tensor(list(answer), dtype=torch.long)
        counts = torch.tensor([answer[token] for token in answer], dtype=logits.dtype)
        logits[tokens] -= parameters.frequency_penalty * counts + parameters.presence_penalty
    return logits


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """Natural logarithm of a token's probability, its place among all (1 is the likeliest)."""

    token: int
    logprob: float
    rank: int


def token_logprobs(logits: torch.Tensor, chosen: int, alternatives: int) -> list[TokenLogprob]:
    """The chosen token first, then the likeliest others among the first ``alternatives``.

    From the logits before penalties and temperature, as vLLM's ``raw_logprobs``.
    """
    logprobs = logits.log_softmax(-1)
    rank = int((logprobs > logprobs[chosen]).sum()) + 1
    found = [TokenLogprob(chosen, float(logprobs[chosen]), rank)]
    best = logprobs.topk(min(alternatives, len(logprobs)))
    for place, (value, token) in enumerate(
        zip(best.values.tolist(), best.indices.tolist(), strict=True), start=1
    ):
        if token != chosen:
            found.append(TokenLogprob(token, value, place))
    return found
