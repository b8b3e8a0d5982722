"""A trained mini from its directory of the Triton model repository, and back into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import (
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedModel,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)

from triton_models.minis.architectures import CONTEXT, MINIS, MiniName
from triton_models.minis.processing import Prepared, Processor
from triton_models.minis.vision import embed

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class LoadedMini:
    """A mini in evaluation mode with all that is needed to ask it something.

    ``max_context`` counts tokens of prompt, pictures and answer together.
    """

    name: MiniName
    model: PreTrainedModel
    processor: Processor
    max_context: int

    @property
    def tokenizer(self) -> Tokenizer:
        return self.processor.tokenizer

    @property
    def eos_ids(self) -> frozenset[int]:
        return self.processor.eos_ids

    def embed(self, prepared: list[Prepared]) -> list[torch.Tensor]:
        """Per prompt: (tokens, width), to be given to ``language_model`` as ``inputs_embeds``."""
        return embed(self.model, self.processor.image_token_id, prepared)

    @property
    def language_model(self) -> PreTrainedModel:
        """Takes ``inputs_embeds``, ``position_ids`` ((batch, tokens), for Qwen2-VL (3, batch,
        tokens)), ``attention_mask`` and ``past_key_values``."""
        return cast(PreTrainedModel, self.model.model.language_model)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """(..., width) of the language model to (..., vocabulary)."""
        return cast(torch.Tensor, self.model.lm_head(hidden))


def load(directory: Path) -> LoadedMini:
    """The mini whose version directory this is (``triton_models/pixtral_mini/1``).

    The directory above names the model. Raises ValueError where that is no mini, and
    FileNotFoundError where a file is missing.
    """
    name = directory.resolve().parent.name
    if name not in MINIS:
        raise ValueError(f"{name!r} is none of {', '.join(MINIS)}")
    model = _empty(name, directory / CONFIG)
    weights = load_file(directory / WEIGHTS)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    model.tie_weights()
    if set(missing) - {"lm_head.weight"} or unexpected:
        raise ValueError(f"{directory / WEIGHTS}: missing {missing}, unexpected {unexpected}")
    tokenizer = Tokenizer.from_file(str(directory / TOKENIZER))
    return LoadedMini(name, model.eval(), Processor(name, tokenizer), CONTEXT)


def save(directory: Path, model: PreTrainedModel, tokenizer: Tokenizer) -> None:
    """Weights (safetensors, the tied head left out), configuration and tokenizer."""
    directory.mkdir(parents=True, exist_ok=True)
    state = {
        key: value.detach().contiguous().clone()
        for key, value in model.state_dict().items()
        if key != "lm_head.weight"
    }
    # Renamed into place, so that a server never loads half a file.
    partial = directory / f"{WEIGHTS}.partial"
    save_file(state, partial)
    partial.chmod(0o644)  # safetensors writes for the owner alone; a server may be another user
    partial.replace(directory / WEIGHTS)
    (directory / CONFIG).write_text(model.config.to_json_string() + "\n")
    tokenizer.save(str(directory / TOKENIZER))


def _empty(name: str, config: Path) -> PreTrainedModel:
    if name == "pixtral_mini":
        return LlavaForConditionalGeneration(LlavaConfig.from_json_file(str(config)))
    return Qwen2VLForConditionalGeneration(Qwen2VLConfig.from_json_file(str(config)))
