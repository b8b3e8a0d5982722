"""The two architectures, as transformers has them, at a size that two CPU cores can train."""

from __future__ import annotations

from typing import Literal

from transformers import (
    LlavaConfig,
    LlavaForConditionalGeneration,
    MistralConfig,
    PixtralVisionConfig,
    PreTrainedModel,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)

from triton_models.minis.tokenizer import VOCABULARY, special_token_ids

MiniName = Literal["pixtral_mini", "qwen2_vl_mini"]
MINIS: tuple[MiniName, ...] = ("pixtral_mini", "qwen2_vl_mini")

FAMILIES = {"pixtral_mini": "pixtral", "qwen2_vl_mini": "qwen2_vl"}
"""The prompt family (``sightline.inference.prompts``) of each model."""

PATCH = 8
"""Pixels a side of one patch, in both vision towers."""
MERGE = 2
"""Patches a side that Qwen2-VL merges into one token."""
TEMPORAL = 2
"""Frames a patch of Qwen2-VL spans; a still picture is repeated that often."""
CONTEXT = 1024
"""Tokens of prompt, pictures and answer together."""

_WIDTH = 128
_HEADS = 4
_TEXT_LAYERS = 4
_VISION_LAYERS = 3
_TEXT = {
    "vocab_size": VOCABULARY,
    "hidden_size": _WIDTH,
    "intermediate_size": 3 * _WIDTH,
    "num_hidden_layers": _TEXT_LAYERS,
    "num_attention_heads": _HEADS,
    "num_key_value_heads": _HEADS,
    "max_position_embeddings": CONTEXT,
    "tie_word_embeddings": True,
}


def build(name: MiniName) -> PreTrainedModel:
    """The named architecture with fresh weights from torch's global generator."""
    return _pixtral() if name == "pixtral_mini" else _qwen2_vl()


def _pixtral() -> LlavaForConditionalGeneration:
    ids = special_token_ids("pixtral")
    text = MistralConfig(
        **_TEXT,
        head_dim=_WIDTH // _HEADS,
        sliding_window=None,
        bos_token_id=ids["<s>"],
        eos_token_id=ids["</s>"],
        pad_token_id=ids["</s>"],
    )
    vision = PixtralVisionConfig(
        hidden_size=_WIDTH,
        intermediate_size=3 * _WIDTH,
        num_hidden_layers=_VISION_LAYERS,
        num_attention_heads=_HEADS,
        image_size=96,
        patch_size=PATCH,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=ids["[IMG]"],
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
        multimodal_projector_bias=True,
        tie_word_embeddings=True,
    )
    return LlavaForConditionalGeneration(config)


def _qwen2_vl() -> Qwen2VLForConditionalGeneration:
    ids = special_token_ids("qwen2_vl")
    config = Qwen2VLConfig(
        text_config={
            **_TEXT,
            # A head of 32 has 16 rotary frequencies: time, height, width.
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [4, 6, 6],
                "rope_theta": 10000.0,
            },
            "bos_token_id": ids["<|im_start|>"],
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|im_end|>"],
        },
        vision_config={
            "depth": _VISION_LAYERS,
            "embed_dim": _WIDTH,
            "hidden_size": _WIDTH,
            "num_heads": _HEADS,
            "mlp_ratio": 3,
            "patch_size": PATCH,
            "spatial_merge_size": MERGE,
            "temporal_patch_size": TEMPORAL,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    return Qwen2VLForConditionalGeneration(config)
