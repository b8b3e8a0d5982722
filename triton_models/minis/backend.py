"""A mini as a model of Triton's Python backend, with the request contract of its vLLM backend.

The contract is that of triton-inference-server/vllm_backend, ``src/model.py`` and
``src/utils/request.py``; ``tests/contract`` holds both to it.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import triton_python_backend_utils as pb_utils

from triton_models.minis.engine import BacklogFull, Engine
from triton_models.minis.loading import load
from triton_models.minis.metrics import Metrics
from triton_models.minis.replies import Outbox, Reply, Wanted
from triton_models.minis.seal import weights_sha256
from triton_models.minis.sequence import Limits, Question

_EXTRAS = (
    "finish_reason",
    "cumulative_logprob",
    "logprobs",
    "num_input_tokens",
    "num_output_tokens",
)


class MiniModel:
    """What the stub calls; ``execute`` only enqueues, the engine answers."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights that the configuration names; raises where they are others."""
        # One thread each: two models and the workers share the machine's cores.
        torch.set_num_threads(1)
        parameters = json.loads(args["model_config"])["parameters"]
        setting = {name: value["string_value"] for name, value in parameters.items()}
        directory = Path(args["model_repository"]) / args["model_version"]
        found = weights_sha256(directory)
        if found != setting["weights_sha256"]:
            raise pb_utils.TritonModelException(
                f"{args['model_name']}: the weights have sha256 {found}, the configuration names "
                f"{setting['weights_sha256']}; after training run python -m "
                "triton_models.minis.seal"
            )
        mini = load(directory)
        self._decode = lambda tokens: mini.tokenizer.decode(tokens, skip_special_tokens=False)
        self._outbox = Outbox(Metrics(args["model_name"], args["model_version"]))
        self._engine = Engine(
            mini,
            Limits(context=int(setting["max_model_len"]), images=int(setting["max_images"])),
            slots=int(setting["max_num_seqs"]),
            backlog=int(setting["max_backlog"]),
        )

    def execute(self, requests: Sequence[Any]) -> None:
        """Decoupled: responses go by each request's own sender, so nothing is returned."""
        for request in requests:
            self._take(request)

    def _take(self, request: Any) -> None:
        sender = request.get_response_sender()
        prompt = _text(request, "text_input") or ""
        stream = _flag(request, "stream", default=False)
        # Without a stream the prompt comes first unless it is excluded; a stream never has it.
        exclude = _flag(request, "exclude_input_in_output", default=stream)
        extras = frozenset(n for n in _EXTRAS if _flag(request, f"return_{n}", default=False))
        wanted = Wanted(stream, "" if exclude else prompt, extras)
        reply = Reply(sender, wanted, self._outbox, self._decode)
        self._outbox.put(reply, None, 0)
        if stream and not exclude:
            reply.failed(
                ValueError("When streaming, `exclude_input_in_output` = False is not allowed.")
            )
            return
        question = Question(
            prompt=prompt,
            images=_texts(request, "image"),
            sampling=_text(request, "sampling_parameters") or request.parameters() or "{}",
        )
        try:
            self._engine.submit(question, reply)
        except BacklogFull as full:
            reply.refuse(str(full), pb_utils.TritonError.UNAVAILABLE)

    def finalize(self) -> None:
        """Answer what was taken; Triton takes no new requests by now."""
        self._engine.close()
        self._outbox.close()
        # The interpreter ends next. Searching all of torch's objects for garbage would take it
        # seconds, which the server waits for.
        gc.freeze()
        gc.disable()


def _texts(request: Any, name: str) -> tuple[str, ...]:
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    if tensor is None:
        return ()
    # Not UTF-8 can only be no base64 or no JSON, which is found out where it is read.
    return tuple(each.decode("utf-8", "replace") for each in tensor.as_numpy().ravel())


def _text(request: Any, name: str) -> str | None:
    return next(iter(_texts(request, name)), None)


def _flag(request: Any, name: str, *, default: bool) -> bool:
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return default if tensor is None else bool(tensor.as_numpy().ravel()[0])
