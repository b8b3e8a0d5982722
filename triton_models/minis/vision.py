"""From pixels to the embeddings that the language model reads.

transformers' own forward puts all pictures of a Pixtral batch into one sequence under a block
mask, whose cost is the square of all patches together. Pictures of one grid need no mask: they
go through the very same modules as a plain batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from transformers import PreTrainedModel, Qwen2VLForConditionalGeneration

from triton_models.minis.processing import Grid, Prepared


def image_features(
    model: PreTrainedModel, pixel_values: Sequence[torch.Tensor], grids: Sequence[Grid]
) -> list[torch.Tensor]:
    """Per picture, in the order given: (image tokens, width of the language model)."""
    by_grid: dict[Grid, list[int]] = defaultdict(list)
    for index, grid in enumerate(grids):
        by_grid[grid].append(index)
    features: dict[int, torch.Tensor] = {}
    encode = _qwen2_vl if isinstance(model, Qwen2VLForConditionalGeneration) else _pixtral
    for grid, members in by_grid.items():
        batch = torch.stack([pixel_values[index] for index in members])
        features.update(zip(members, encode(model, batch, grid), strict=True))
    return [features[index] for index in range(len(grids))]


def embed(
    model: PreTrainedModel, image_token_id: int, prepared: Sequence[Prepared]
) -> list[torch.Tensor]:
    """Per prompt: token embeddings with the image features in place, (tokens, width)."""
    pixels = [each for one in prepared for each in one.pixel_values]
    grids = [each for one in prepared for each in one.grids]
    features = iter(image_features(model, pixels, grids) if pixels else [])
    embedded = []
    for one in prepared:
        tokens = model.get_input_embeddings()(one.input_ids)
        if one.pixel_values:
            seen = torch.cat([next(features) for _ in one.pixel_values]).to(tokens.dtype)
            mask = (one.input_ids == image_token_id).unsqueeze(-1)
            tokens = tokens.masked_scatter(mask, seen)
        embedded.append(tokens)
    return embedded


def _pixtral(model: PreTrainedModel, pixels: torch.Tensor, grid: Grid) -> torch.Tensor:
    tower = model.model.vision_tower
    patches = tower.ln_pre(tower.patch_conv(pixels).flatten(2).transpose(1, 2))
    rows, columns = torch.meshgrid(*(torch.arange(side) for side in grid), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()], dim=-1)
    rotary = tower.patch_positional_embedding(patches, places)
    seen = tower.transformer(patches, attention_mask=None, position_embeddings=rotary)
    return model.model.multi_modal_projector(seen.last_hidden_state)


def _qwen2_vl(model: PreTrainedModel, pixels: torch.Tensor, grid: Grid) -> torch.Tensor:
    grid_thw = torch.tensor([[1, *grid]] * len(pixels))
    seen = model.model.visual(pixels.flatten(0, 1), grid_thw=grid_thw, return_dict=True)
    return seen.pooler_output.unflatten(0, (len(pixels), -1))
