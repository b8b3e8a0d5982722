"""From a rendered prompt and its pictures to what the models take in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer

from triton_models.minis.architectures import FAMILIES, MERGE, PATCH, TEMPORAL, MiniName
from triton_models.minis.tokenizer import special_token_ids

LONGEST_SIDE = 96
"""Pixels; a larger picture is scaled down to it, keeping its aspect ratio."""

Grid = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One prompt, ready for the model.

    input_ids      (tokens,) with one image token per image feature
    pixel_values   per picture: Pixtral (3, height, width), Qwen2-VL (patches, 3 * 2 * 8 * 8)
    grids          per picture: patches high and wide
    position_ids   (axes, tokens): one axis for Pixtral; time, height and width for Qwen2-VL
    next_position  the position, on every axis, of the first token of the answer
    """

    input_ids: torch.Tensor
    pixel_values: tuple[torch.Tensor, ...]
    grids: tuple[Grid, ...]
    position_ids: torch.Tensor
    next_position: int


class Processor:
    """Tokens, pixels and positions of one of the two models.

    The special tokens inside the prompt text are read as such, as vLLM does with a rendered
    prompt.
    """

    def __init__(self, name: MiniName, tokenizer: Tokenizer) -> None:
        self.name = name
        self.tokenizer = tokenizer
        self._ids = special_token_ids(FAMILIES[name])
        self._pixtral = name == "pixtral_mini"
        self.image_token_id = self._ids["[IMG]" if self._pixtral else "<|image_pad|>"]

    @property
    def eos_ids(self) -> frozenset[int]:
        """Tokens that end an answer."""
        if self._pixtral:
            return frozenset({self._ids["</s>"]})
        return frozenset({self._ids["<|im_end|>"], self._ids["<|endoftext|>"]})

    @property
    def end_id(self) -> int:
        """The token that the model learns to write at the end of an answer."""
        return self._ids["</s>" if self._pixtral else "<|im_end|>"]

    def __call__(self, prompt: str, images: Sequence[Image.Image]) -> Prepared:
        """Tokens and pixels of a rendered prompt with one placeholder per picture.

        Raises ValueError where placeholders and pictures differ in number.
        """
        encoded = self.tokenizer.encode(prompt).ids
        if self._pixtral and encoded[:1] != [self._ids["<s>"]]:
            encoded = [self._ids["<s>"], *encoded]
        placeholders = encoded.count(self.image_token_id)
        if placeholders != len(images):
            raise ValueError(
                f"the prompt has {placeholders} image placeholders, but {len(images)} images came"
            )
        sized = [resize(self.name, image.convert("RGB")) for image in images]
        grids = tuple((image.height // PATCH, image.width // PATCH) for image in sized)
        remaining = iter(grids)
        ids: list[int] = []
        for token in encoded:
            ids.extend(
                self._image_ids(next(remaining)) if token == self.image_token_id else [token]
            )
        positions, following = self._positions(ids, grids)
        pixels = tuple(self._pixels(image) for image in sized)
        return Prepared(torch.tensor(ids), pixels, grids, positions, following)

    def _image_ids(self, grid: Grid) -> list[int]:
        high, wide = grid
        if not self._pixtral:
            return [self.image_token_id] * (high * wide // MERGE**2)
        row = [self.image_token_id] * wide + [self._ids["[IMG_BREAK]"]]
        return row * (high - 1) + row[:-1] + [self._ids["[IMG_END]"]]

    def _pixels(self, image: Image.Image) -> torch.Tensor:
        array = np.asarray(image, dtype=np.float32) / 127.5 - 1.0
        tensor = torch.from_numpy(array).permute(2, 0, 1).contiguous()
        return tensor if self._pixtral else _merged_patches(tensor)

    def _positions(self, ids: Sequence[int], grids: Sequence[Grid]) -> tuple[torch.Tensor, int]:
        if self._pixtral:
            return torch.arange(len(ids)).unsqueeze(0), len(ids)
        return mrope_positions(ids, grids, self.image_token_id)


def image_tokens(name: MiniName, width: int, height: int) -> int:
    """Tokens that a picture of this size takes in the prompt.

    Pixtral: (columns + 1) * rows, for the break that ends each row. Qwen2-VL: one per merged
    square of patches; its two markers are part of the prompt text.
    """
    wide, high = (side // PATCH for side in sized(name, width, height))
    return (wide + 1) * high if name == "pixtral_mini" else wide * high // MERGE**2


def sized(name: MiniName, width: int, height: int) -> tuple[int, int]:
    """Width and height in pixels that the model sees: whole patches, at most 96 a side.

    Pixtral rounds up to whole patches, Qwen2-VL to the nearest multiple of a merged square.
    """
    scale = max(1.0, max(width, height) / LONGEST_SIDE)
    width, height = max(1, round(width / scale)), max(1, round(height / scale))
    if name == "pixtral_mini":
        return -(-width // PATCH) * PATCH, -(-height // PATCH) * PATCH
    step = PATCH * MERGE
    return max(step, round(width / step) * step), max(step, round(height / step) * step)


def resize(name: MiniName, image: Image.Image) -> Image.Image:
    """The picture at the size that the model sees."""
    size = sized(name, image.width, image.height)
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def _merged_patches(image: torch.Tensor) -> torch.Tensor:
    """Qwen2-VL's order: patches that are merged lie next to each other; a still is two frames."""
    _, height, width = image.shape
    high, wide = height // (PATCH * MERGE), width // (PATCH * MERGE)
    blocks = image.reshape(3, high, MERGE, PATCH, wide, MERGE, PATCH)
    patches = blocks.permute(1, 4, 2, 5, 0, 3, 6).reshape(-1, 3, 1, PATCH, PATCH)
    return patches.expand(-1, -1, TEMPORAL, -1, -1).reshape(-1, 3 * TEMPORAL * PATCH**2)


def mrope_positions(
    ids: Sequence[int], grids: Sequence[Grid], image_token_id: int
) -> tuple[torch.Tensor, int]:
    """Qwen2-VL's positions in time, height and width, (3, tokens), and the one that follows.

    Text advances all three together; a picture stands at one time, and text after it goes on
    behind its longer side. Source: Wang et al. 2024, arXiv:2409.12191, section 2.1.
    """
    remaining = iter(grids)
    columns: list[torch.Tensor] = []
    position = index = 0
    while index < len(ids):
        if ids[index] == image_token_id:
            high, wide = (side // MERGE for side in next(remaining))
            row, column = torch.meshgrid(torch.arange(high), torch.arange(wide), indexing="ij")
            area = torch.stack([torch.zeros_like(row), row, column]).reshape(3, -1)
            columns.append(area + position)
            position += max(high, wide)
            index += high * wide
        else:
            columns.append(torch.full((3, 1), position))
            position += 1
            index += 1
    return torch.cat(columns, dim=1), position
