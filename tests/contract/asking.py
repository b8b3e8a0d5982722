"""One request to a Triton server, said plainly, and everything that came back.

Knows the wire and nothing of the project's own client, so that the contract is tested and not the
client's idea of it.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tritonclient.grpc.aio as triton
from PIL import Image, ImageDraw
from tritonclient.grpc import InferInput
from tritonclient.utils import InferenceServerException

REPOSITORY = Path(__file__).resolve().parents[2] / "triton_models"
MINIS = ("pixtral_mini", "qwen2_vl_mini")
EXTRAS = (
    "finish_reason",
    "cumulative_logprob",
    "logprobs",
    "num_input_tokens",
    "num_output_tokens",
)
T = TypeVar("T")


@dataclass(frozen=True)
class Response:
    """One message of a stream: its outputs as lists, or the error; whether it was the last."""

    outputs: dict[str, list[Any]]
    error: InferenceServerException | None
    final: bool

    @property
    def text(self) -> str:
        [text] = self.outputs["text_output"]
        return text.decode()


def strings(name: str, values: Sequence[str]) -> InferInput:
    tensor = InferInput(name, [len(values)], "BYTES")
    tensor.set_data_from_numpy(np.array([value.encode() for value in values], dtype=object))
    return tensor


def flag(name: str, value: bool) -> InferInput:
    tensor = InferInput(name, [1], "BOOL")
    tensor.set_data_from_numpy(np.array([value]))
    return tensor


def request(
    model: str,
    prompt: str,
    *,
    images: Sequence[str] = (),
    stream: bool | None = None,
    exclude: bool | None = None,
    sampling: dict[str, object] | str | None = None,
    extras: Sequence[str] = (),
) -> dict[str, Any]:
    """What ``stream_infer`` takes; what is None is not sent."""
    inputs = [strings("text_input", [prompt])]
    if images:
        inputs.append(strings("image", images))
    if stream is not None:
        inputs.append(flag("stream", stream))
    if exclude is not None:
        inputs.append(flag("exclude_input_in_output", exclude))
    if sampling is not None:
        text = sampling if isinstance(sampling, str) else json.dumps(sampling)
        inputs.append(strings("sampling_parameters", [text]))
    inputs.extend(flag(f"return_{name}", True) for name in extras)
    return {"model_name": model, "inputs": inputs}


async def asked(
    client: triton.InferenceServerClient,
    wanted: dict[str, Any],
    *,
    on_response: Callable[[Response, Any], None] | None = None,
) -> list[Response]:
    """All responses to one request; ``on_response`` also gets the call, to cancel it."""

    async def one() -> AsyncIterator[dict[str, Any]]:
        yield wanted

    responses = []
    call = client.stream_infer(one(), headers={"triton_grpc_error": "false"})
    async for result, error in call:
        if error is not None:
            response = Response({}, error, final=True)
        else:
            message = result.get_response()
            outputs = {each.name: result.as_numpy(each.name) for each in message.outputs}
            response = Response(
                {name: array.ravel().tolist() for name, array in outputs.items()},
                None,
                message.parameters["triton_final_response"].bool_param,
            )
        responses.append(response)
        if on_response is not None:
            on_response(response, call)
    return responses


def with_client(
    url: str, work: Callable[[triton.InferenceServerClient], Coroutine[Any, Any, T]]
) -> T:
    """Run ``work`` with a client that is closed afterwards."""

    async def run() -> T:
        client = triton.InferenceServerClient(url)
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(run())


def ask(url: str, model: str, prompt: str, **given: Any) -> list[Response]:
    """All responses to one request, by a client of its own."""
    return with_client(url, lambda client: asked(client, request(model, prompt, **given)))


def picture(colour: str = "red", size: tuple[int, int] = (64, 64), form: str = "PNG") -> str:
    """Base64 of an encoded picture of a disc."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((10, 10, 50, 50), fill=colour)
    file = io.BytesIO()
    image.save(file, form)
    return base64.b64encode(file.getvalue()).decode()


PROMPTS = {
    "pixtral": ("<s>[INST]", "[IMG]", "[/INST]"),
    "qwen2_vl": (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n",
        "<|vision_start|><|image_pad|><|vision_end|>",
        "<|im_end|>\n<|im_start|>assistant\n",
    ),
}


def prompt_for(model: str, question: str = "Describe the picture.", images: int = 1) -> str:
    """A prompt in the form of the model's family, which its name begins with."""
    family = "pixtral" if model.startswith("pixtral") else "qwen2_vl"
    begin, placeholder, end = PROMPTS[family]
    return begin + placeholder * images + question + end
