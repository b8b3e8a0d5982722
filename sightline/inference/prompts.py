"""Messages of ordered parts, rendered as each model family was trained to read them.

Pixtral: the Hugging Face conversion's template ([INST] turns, one [IMG] per image).
Qwen2-VL: ChatML with one vision block per image and Qwen's default system message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from sightline.values import ImagePart, Message, Part, Prompt

# Part of every protocol and cache key: raise it when a rendering changes.
TEMPLATE_VERSION = "render/1"

QWEN_DEFAULT_SYSTEM = "You are a helpful assistant."

# What would be read as structure if a question or a data file contained it.
_CONTROL = re.compile(
    r"\[(?:/?INST|IMG|IMG_BREAK|IMG_END|/?SYSTEM_PROMPT|/?AVAILABLE_TOOLS|TOOL_CALLS|/?TOOL_RESULTS)\]"
    r"|</?s>|<unk>|<pad>|<\|[a-z_]+\|>"
)
_BREAK = "\u200b"


def harmless(text: str) -> str:
    """Text in which no control token is left: a zero-width space breaks each one up.

    The reader sees the same words; the tokenizer sees text, not structure.
    """
    return _CONTROL.sub(lambda match: match[0][0] + _BREAK + match[0][1:], text)


def render(family: str, prompt: Prompt) -> str:
    """The prompt text of a family, with one image placeholder where each image stands."""
    return FAMILIES[family](prompt)


def _join(parts: Sequence[Part], image: str, between: str) -> str:
    return between.join(
        image if isinstance(part, ImagePart) else harmless(part.text) for part in parts
    )


def _pixtral(prompt: Prompt) -> str:
    system = [message for message in prompt if message.role == "system"]
    turns = [message for message in prompt if message.role != "system"]
    last_user = max((i for i, turn in enumerate(turns) if turn.role == "user"), default=-1)
    text = "<s>"
    for i, turn in enumerate(turns):
        said = _join(turn.parts, "[IMG]", "\n")
        if turn.role == "assistant":
            text += f"{said}</s>"
            continue
        if i == last_user and system:
            said = "\n".join(_join(one.parts, "[IMG]", "\n") for one in system) + f"\n\n{said}"
        text += f"[INST]{said}[/INST]"
    return text


def _qwen2_vl(prompt: Prompt) -> str:
    text = ""
    if not any(message.role == "system" for message in prompt):
        text += _chatml("system", QWEN_DEFAULT_SYSTEM)
    for message in prompt:
        text += _chatml(message.role, _qwen_content(message))
    return text + "<|im_start|>assistant\n"


def _qwen_content(message: Message) -> str:
    return _join(message.parts, "<|vision_start|><|image_pad|><|vision_end|>", "")


def _chatml(role: str, content: str) -> str:
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


FAMILIES: Mapping[str, Callable[[Prompt], str]] = {"pixtral": _pixtral, "qwen2_vl": _qwen2_vl}
