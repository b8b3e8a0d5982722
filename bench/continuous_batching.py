"""Tokens per second of one mini by the number of requests in flight, and who overtakes whom.

    python bench/continuous_batching.py [--model pixtral_mini] [--url HOST:PORT] [--tokens 64]

Without ``--url`` a Triton server is started on the project's model repository. Every request asks
for exactly ``--tokens`` tokens (``ignore_eos``) about one picture, without a stream. The second
part starts one long request and, once it has begun to answer, eight short ones beside it: with
continuous batching the short ones end first, although they came later.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.grpc.aio as triton
from tritonclient.grpc import InferInput

from sightline.benchmarks.scenes import train_samples
from sightline.inference.prompts import render
from sightline.stack.triton import serve_triton
from sightline.values import images_of

REPOSITORY = Path(__file__).resolve().parents[1] / "triton_models"
FAMILIES = {"pixtral_mini": "pixtral", "qwen2_vl_mini": "qwen2_vl"}
CONCURRENCIES = (1, 2, 4, 8, 16, 32)
REQUESTS_AT_LEAST = 16
ROUNDS = 4  # requests per place in flight, so that the ramp at both ends weighs little
LONG, SHORT = 400, 8  # tokens


def bytes_input(name: str, values: list[bytes]) -> InferInput:
    tensor = InferInput(name, [len(values)], "BYTES")
    tensor.set_data_from_numpy(np.array(values, dtype=object))
    return tensor


def flag_input(name: str) -> InferInput:
    tensor = InferInput(name, [1], "BOOL")
    tensor.set_data_from_numpy(np.array([True]))
    return tensor


def questions(model: str, count: int) -> list[list[InferInput]]:
    """Prompt and picture of ``count`` different scenes."""
    made = []
    for one in islice(train_samples(7, ("caption",)), count):
        prompt = one.sample.prompt
        pictures = [base64.b64encode(one.images[part.digest]) for part in images_of(prompt)]
        text = render(FAMILIES[model], prompt).encode()
        made.append([bytes_input("text_input", [text]), bytes_input("image", pictures)])
    return made


async def answer(
    client: triton.InferenceServerClient,
    model: str,
    question: list[InferInput],
    tokens: int,
    begun: asyncio.Event | None = None,
) -> int:
    """Ask for exactly ``tokens`` tokens; the number that came. ``begun`` is set at the first."""
    sampling = json.dumps({"max_tokens": tokens, "temperature": 0, "ignore_eos": True})
    inputs = [
        *question,
        bytes_input("sampling_parameters", [sampling.encode()]),
        flag_input("exclude_input_in_output"),
        flag_input("return_num_output_tokens"),
    ]
    if begun is not None:
        inputs.append(flag_input("stream"))

    async def request() -> AsyncIterator[dict[str, Any]]:
        yield {"model_name": model, "inputs": inputs}

    count = 0
    async for result, error in client.stream_infer(request()):
        if error is not None:
            raise error
        count += int(result.as_numpy("num_output_tokens").ravel()[0])
        if begun is not None:
            begun.set()
    return count


async def tokens_per_second(
    client: triton.InferenceServerClient, model: str, concurrency: int, tokens: int
) -> float:
    waiting = iter(questions(model, max(REQUESTS_AT_LEAST, ROUNDS * concurrency)))

    async def ask_on() -> int:
        return sum([await answer(client, model, each, tokens) for each in waiting])

    began = time.perf_counter()
    counts = await asyncio.gather(*(ask_on() for _ in range(concurrency)))
    return sum(counts) / (time.perf_counter() - began)


async def overtaking(client: triton.InferenceServerClient, model: str) -> list[str]:
    """Names in the order in which the answers were complete."""
    order: list[str] = []
    begun = asyncio.Event()
    first, *rest = questions(model, 9)

    async def ask(name: str, question: list[InferInput], tokens: int, event: Any = None) -> None:
        await answer(client, model, question, tokens, event)
        order.append(name)

    long_one = asyncio.create_task(ask(f"long ({LONG})", first, LONG, begun))
    await begun.wait()
    await asyncio.gather(*(ask(f"short ({SHORT})", each, SHORT) for each in rest))
    await long_one
    return order


async def measure(url: str, model: str, tokens: int) -> None:
    client = triton.InferenceServerClient(url)
    try:
        await tokens_per_second(client, model, 4, tokens)  # warm
        alone = None
        print(f"{model}, {tokens} tokens each\n in flight   tokens/s   times one")
        for concurrency in CONCURRENCIES:
            rate = await tokens_per_second(client, model, concurrency, tokens)
            alone = alone or rate
            print(f"{concurrency:10d} {rate:10.0f} {rate / alone:11.2f}")
        print("complete in this order:", ", ".join(await overtaking(client, model)))
    finally:
        await client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=sorted(FAMILIES), default="pixtral_mini")
    parser.add_argument("--url", help="host:port of a running server's gRPC endpoint")
    parser.add_argument("--tokens", type=int, default=64)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        url = chosen.url
        if url is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            served = serve_triton(directory, REPOSITORY, [chosen.model])
            url = stack.enter_context(served).grpc
        asyncio.run(measure(url, chosen.model, chosen.tokens))


if __name__ == "__main__":
    main()
