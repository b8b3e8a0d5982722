"""Messages as the text a model family was trained on.

Sources of the two forms: the chat template of ``mistral-community/pixtral-12b`` (the conversion
that Triton's vLLM backend can serve) with the line break that vLLM's vision example puts between
a question and its image, and the chat template of ``Qwen/Qwen2-VL-72B-Instruct``.

Text from outside can hold the families' control tokens ("[/INST]", "<|im_end|>"). The server reads
them as structure wherever they stand, so a question could end its own turn and speak for the
model. They are kept readable and made harmless by a zero-width space after the first character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from sightline.errors import InvalidInput
from sightline.values import ImagePart, Message, Part, Prompt, TextPart

TEMPLATE_VERSION = "1"
"""Goes up with every change of what ``render`` returns: answers are known by it."""

QWEN_DEFAULT_SYSTEM = "You are a helpful assistant."

_ZERO_WIDTH_SPACE = "\u200b"

_CONTROL_TOKENS: Mapping[str, re.Pattern[str]] = {
    # Tekken's control tokens (mistral-common, ``SpecialTokens``) and its numbered spare ones.
    "pixtral": re.compile(
        r"\[(?=(?:/?(?:INST|AVAILABLE_TOOLS|TOOL_RESULTS|SYSTEM_PROMPT|TOOL_CONTENT|THINK)"
        r"|TOOL_CALLS|IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX|ARGS|CALL_ID"
        r"|AUDIO|BEGIN_AUDIO|TRANSCRIBE)\])"
        r"|<(?=(?:/?s|unk|pad|SPECIAL_\d+)>)"
    ),
    # Everything Qwen's tokenizer adds to its base vocabulary has this shape.
    "qwen2_vl": re.compile(r"<(?=\|\w+\|>)"),
}


def render(family: str, prompt: Prompt) -> str:
    """The prompt text for ``family`` ("pixtral" or "qwen2_vl"), images as their placeholders.

    A prompt is an optional system message, then user and assistant in turns, the user last.
    Placeholders stand where their part stands, one per image; the k-th belongs to the k-th image
    of ``values.images_of``. Raises InvalidInput for another order of roles, an image outside a
    user's message, and an unknown family.
    """
    try:
        renderer = _RENDERERS[family]
    except KeyError:
        raise InvalidInput("family", f"{family!r} is unknown", ", ".join(_RENDERERS)) from None
    system, turns = _split(prompt)
    return renderer(system, turns)


def _split(prompt: Prompt) -> tuple[Message | None, tuple[Message, ...]]:
    has_system = bool(prompt) and prompt[0].role == "system"
    system, turns = (prompt[0], prompt[1:]) if has_system else (None, prompt)
    for number, message in enumerate(turns):
        if message.role != ("assistant" if number % 2 else "user"):
            raise InvalidInput(
                "prompt",
                f"message {number + has_system} is from {message.role!r}",
                "after an optional system message, user and assistant take turns",
            )
    if len(turns) % 2 == 0:
        raise InvalidInput("prompt", "does not end with a question", "end with a user message")
    for message in prompt:
        if message.role != "user" and any(isinstance(part, ImagePart) for part in message.parts):
            raise InvalidInput(
                "prompt", f"an image in a message from {message.role!r}", "only users show images"
            )
    return system, turns


def _pixtral(system: Message | None, turns: tuple[Message, ...]) -> str:
    pieces = ["<s>"]
    for number, message in enumerate(turns):
        if message.role == "assistant":
            pieces += [_text("pixtral", message), "</s>"]
            continue
        # The template puts the system message into the last user turn.
        last = number == len(turns) - 1
        told = f"{_text('pixtral', system)}\n\n" if system and last else ""
        pieces += ["[INST]", told, _pixtral_user(message), "[/INST]"]
    return "".join(pieces)


def _pixtral_user(message: Message) -> str:
    """One line break between text and image, unless the text brings its own white space."""
    body = ""
    for part in _merged("pixtral", message.parts):
        piece = "[IMG]" if isinstance(part, ImagePart) else part.text
        meets = body.endswith("[IMG]") != (piece == "[IMG]")
        if body and meets and not (body[-1].isspace() or piece[0].isspace()):
            body += "\n"
        body += piece
    return body


def _qwen2_vl(system: Message | None, turns: tuple[Message, ...]) -> str:
    told = _text("qwen2_vl", system) if system else QWEN_DEFAULT_SYSTEM
    pieces = [f"<|im_start|>system\n{told}<|im_end|>\n"]
    for message in turns:
        body = "".join(
            "<|vision_start|><|image_pad|><|vision_end|>"
            if isinstance(part, ImagePart)
            else part.text
            for part in _merged("qwen2_vl", message.parts)
        )
        pieces.append(f"<|im_start|>{message.role}\n{body}<|im_end|>\n")
    return "".join(pieces) + "<|im_start|>assistant\n"


def _text(family: str, message: Message) -> str:
    return "".join(
        part.text for part in _merged(family, message.parts) if isinstance(part, TextPart)
    )


def _merged(family: str, parts: tuple[Part, ...]) -> Iterator[Part]:
    """Neighbouring texts as one, harmless: a control token may not be put together from two."""
    for is_text, group in groupby(parts, key=lambda part: isinstance(part, TextPart)):
        if not is_text:
            yield from group
            continue
        joined = "".join(part.text for part in group if isinstance(part, TextPart))
        if joined:
            yield TextPart(disarm(family, joined))


def disarm(family: str, text: str) -> str:
    """``text`` with a zero-width space inside everything the family reads as a control token."""
    return _CONTROL_TOKENS[family].sub(lambda found: found[0] + _ZERO_WIDTH_SPACE, text)


_RENDERERS: Mapping[str, Callable[[Message | None, tuple[Message, ...]], str]] = {
    "pixtral": _pixtral,
    "qwen2_vl": _qwen2_vl,
}
